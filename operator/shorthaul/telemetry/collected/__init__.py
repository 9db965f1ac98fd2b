"""Reads what collectors spooled: their closed windows, billed with a live address book."""
