"""The collector: sockets in, records out to a sink, with counts of all that came and was lost."""
