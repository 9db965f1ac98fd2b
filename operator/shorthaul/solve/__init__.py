"""Solve: from a problem to an assignment of pods to nodes; pure."""
