"""Whom a source should hear when an operator starts: the collectors behind its address.

An operator that starts has heard nobody, so nothing that it was told says who is silent. Until each
collector that is there was heard once, those that never were are expected like one that was and
went silent. Of whom they would tell is not known: of any node that nobody tells of. A pod that
comes later took nothing with it, so once all were heard this is over. Values only, no I/O.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from shorthaul.cluster.snapshots import Service, Snapshot

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Expected:
    """A collector that is there, as people know it, and the addresses that it would answer at."""

    name: str
    addresses: frozenset[str] = frozenset()


def expected_at(host: str, resolved: Iterable[str], snapshot: Snapshot) -> tuple[Expected, ...]:
    """Who is behind a host's name: a headless Service's pods, ready or not, else its addresses."""
    service = _headless(host, snapshot)
    if service is None or service.selector is None:
        return tuple(Expected(f"at {each}", frozenset({each})) for each in sorted(resolved))
    return tuple(
        Expected(f"pod {ref}", frozenset(pod.addresses))
        for ref, pod in sorted(snapshot.pods.items())
        if ref.namespace == service.namespace
        and pod.active
        and not pod.terminating
        and service.selector.matches(pod.labels)
    )


class Beginning:
    """Which of those that were there at the start, or came in their stead, were never heard."""

    def __init__(self, expected_seconds: float) -> None:
        self.absent: tuple[Expected, ...] = ()
        self._expected_seconds = expected_seconds
        self._until_seconds = 0.0
        self._heard: frozenset[str] = frozenset()
        self._over = False

    def look(
        self, expected: Collection[Expected], answering: Collection[str], now_seconds: float
    ) -> None:
        """Takes who is there now, and the addresses that answered."""
        if self._over:
            return
        self._until_seconds = self._until_seconds or now_seconds + self._expected_seconds
        self._heard = frozenset(
            each.name
            for each in expected
            if each.name in self._heard or not each.addresses.isdisjoint(answering)
        )
        self.absent = tuple(each for each in expected if each.name not in self._heard)
        self._over = bool(expected) and not self.absent

    def waits(self, now_seconds: float) -> bool:
        """Whether somebody is expected yet."""
        return self.left_seconds(now_seconds) > 0

    def left_seconds(self, now_seconds: float) -> float:
        """For how long those who were never heard are expected yet."""
        return self._until_seconds - now_seconds if self.absent else 0.0

    @property
    def text(self) -> str:
        """Who was never heard, for people."""
        named = ", ".join(each.name for each in self.absent[:MOST_NAMED])
        more = len(self.absent) - MOST_NAMED
        return f"{named}{f' and {more} more' if more > 0 else ''}, never heard since the start"


def _headless(host: str, snapshot: Snapshot) -> Service | None:
    """The headless Service that a host's name is of, by its first two parts."""
    name, _, rest = host.partition(".")
    namespace = rest.partition(".")[0]
    for service in snapshot.services:
        if (service.namespace, service.name) == (namespace, name):
            return service if service.headless else None
    return None
