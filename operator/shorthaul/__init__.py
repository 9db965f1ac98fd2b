"""Shorthaul moves Kubernetes pods next to the pods they talk to: route the node, not the packet."""
