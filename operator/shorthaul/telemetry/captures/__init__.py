"""Files of NetFlow and IPFIX messages, as captures of packets or as they are, read back."""
