"""Api: the custom resources, their schemas and conditions, and our own values; pure."""
