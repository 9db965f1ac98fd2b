"""Kube: the only code that speaks to the API server."""
