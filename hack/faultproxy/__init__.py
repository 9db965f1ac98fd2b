"""A proxy between a client and a real API server that breaks things at chosen requests."""
