"""The command line: reads files or a cluster, calls the pure parts, prints; decides nothing."""
