"""Flows from Hubble Relay, or from one agent, over gRPC; the one door of grpc and protobuf."""
