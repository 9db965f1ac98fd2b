"""Cluster: what exists, as immutable snapshots, and what may be where; pure."""
