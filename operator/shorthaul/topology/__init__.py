"""Topology: how far apart two nodes are, and what a byte between them costs; pure."""
