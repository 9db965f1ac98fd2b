"""Constraints: one module each; every check answers None or a Reason."""
