"""Traffic between the pods that there are, played in a thread by whoever tells of it.

Each pair of workloads has a rate in bytes/s, spread evenly over the pairs of pods that are there at
the moment.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

STEP_SECONDS = 0.5
Rates = Mapping[tuple[str, str], float]
Pod = TypeVar("Pod")


@contextlib.contextmanager
def playing(step: Callable[[float], None], step_seconds: float = STEP_SECONDS) -> Iterator[None]:
    """Take steps until the block ends, each told the seconds since the one before."""
    ended = threading.Event()

    def run() -> None:
        before = time.monotonic()
        while not ended.wait(step_seconds):
            now = time.monotonic()
            step(now - before)
            before = now

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def shares(
    rates: Rates, pods: Mapping[str, Sequence[Pod]], seconds: float
) -> Iterator[tuple[Pod, Pod, float]]:
    """The bytes that each pair of pods has sent in so many seconds."""
    for (client, server), rate in rates.items():
        pairs = [(one, other) for one in pods[client] for other in pods[server]]
        for one, other in pairs:
            yield one, other, rate * seconds / len(pairs)


def workloads(rates: Rates) -> set[str]:
    """Whose pods take part."""
    return {app for ends in rates for app in ends}
