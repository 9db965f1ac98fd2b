"""A shop of real pods under load on the real cluster, and what Shorthaul makes of it."""
