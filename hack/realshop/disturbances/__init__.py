"""What goes wrong in a real cluster, done on purpose, and what Shorthaul is expected to do then."""
