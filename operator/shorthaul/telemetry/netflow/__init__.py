"""NetFlow v5, v9 and IPFIX: bytes and what an exporter said before become exact records. Pure."""
