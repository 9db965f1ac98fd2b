"""Many of Hubble's export lines in one call, in C, and the one door to it."""
