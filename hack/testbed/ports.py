"""Picks loopback ports that nobody listens on.

They are taken from below the range that Linux hands to outgoing connections (32768 and up), by
binding them, because a component that is killed in a fault test must get its port back: a port
that the kernel chose could meanwhile have become the source of somebody's connection.
"""

from __future__ import annotations

import random
import socket

LOWEST = 20_000
HIGHEST = 32_000
ATTEMPTS = 200


def pick(count: int) -> list[int]:
    """Return distinct ports that are free now; racy, so callers try again when one is lost."""
    chosen: list[int] = []
    for candidate in random.sample(range(LOWEST, HIGHEST), ATTEMPTS):
        if len(chosen) == count:
            return chosen
        if _is_free(candidate):
            chosen.append(candidate)
    raise OSError(f"found {len(chosen)} of {count} free ports in {ATTEMPTS} attempts")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
