"""Latency between nodes: probers connect to each other, and the operator reads what they saw.

A prober runs on each node and holds no rights; what it says is a claim that `topology.soundings`
weighs against the claims of others.
"""
