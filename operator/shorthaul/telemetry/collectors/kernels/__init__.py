"""Reading many datagrams in one call, in C, and the one door to it."""
