"""Kernels: the search's inner loops in C over flat arrays, and what builds these; pure."""
