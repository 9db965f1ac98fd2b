"""Addresses in time: who held which address when, and whose a transfer of bytes therefore is."""
