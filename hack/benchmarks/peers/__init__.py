"""What others would do with the same problem: one module per peer, each with `place(task)`."""
