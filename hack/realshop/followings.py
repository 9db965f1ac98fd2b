"""Something that looks at a cluster now and then, in a thread of its own, while a block runs."""

from __future__ import annotations

import threading
from typing import Self

from realnodes import clusters


class Following:
    """Looks every `period_seconds` until the block ends; what to look at is a subclass's."""

    period_seconds: float

    def __init__(self, cluster: clusters.Cluster) -> None:
        """Take what to follow; nothing is asked yet."""
        self._cluster = cluster
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._ending.set()
        self._thread.join()

    def _look(self) -> None:
        """Look once; a look that fails is one less."""
        raise NotImplementedError

    def _follow(self) -> None:
        while not self._ending.wait(self.period_seconds):
            self._look()
