"""The bench: worlds, peers, an independent scorer, and the runner that puts them side by side."""
