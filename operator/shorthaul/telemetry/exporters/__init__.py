"""What can be told of an exporter from beside it, without its help."""
