"""Telemetry: one module per source of flows; bytes in, flows out."""
