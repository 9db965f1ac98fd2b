"""Traffic from metrics that a Prometheus-compatible engine keeps: profiles, queries, answers."""
