"""The shop as values: its services, who calls whom, how often and how much; drawn from a seed.

Every shop has two halves that say much within and little to each other, which nothing in a pod's
name or label tells: names are dealt to halves at random. So there is a placement in which little
crosses between two racks, and kube-scheduler, which spreads replicas, does not find it. Much is
asked for in large answers; what halves say to each other is small and frequent.

A shop may have stores: services that many of their half ask, all of whose replicas are held in one
rack, as by disks that are there only. No routing finds a nearer replica of them in the other rack.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NAMESPACE = "shop"
NAMES = (
    *("account", "basket", "catalog", "checkout", "front", "images", "invoice", "offers"),
    *("orders", "payment", "pricing", "ratings", "returns", "reviews", "search", "session"),
    *("shipping", "stock", "suppliers", "wishes"),
)
REPLICAS = (2, 2, 3)
RATE = 3_200_000
LARGE = (1_500, 48_000)
SMALL = (600, 1_600)
LEAST_SERVICES = 4
RACKS = ("rack-a", "rack-b")
STORE_CALLERS = 4


@dataclass(frozen=True, slots=True)
class Service:
    """One Deployment and its Service; `rack` is the only one that its pods may be in, if any."""

    name: str
    replicas: int
    rack: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What each pod of a service asks of another one; `rate` is calls per second and pod."""

    client: str
    server: str
    rate: float
    ask_bytes: int
    answer_bytes: int

    @property
    def bytes(self) -> int:
        """Return what one call carries both ways, without what the network adds."""
        return self.ask_bytes + self.answer_bytes


@dataclass(frozen=True, slots=True)
class Shop:
    """All of it; the seed is what it was drawn from."""

    seed: int
    services: tuple[Service, ...]
    calls: tuple[Call, ...]

    @property
    def pods(self) -> int:
        """Return the number of pods."""
        return sum(service.replicas for service in self.services)

    def replicas(self, name: str) -> int:
        """Return how many pods a service has."""
        return next(service.replicas for service in self.services if service.name == name)

    def bytes_per_second(self, call: Call) -> float:
        """Return what all pods of a client say to a server and are answered."""
        return call.rate * call.bytes * self.replicas(call.client)

    @property
    def total_bytes_per_second(self) -> float:
        """Return what the whole shop says."""
        return sum(map(self.bytes_per_second, self.calls))


def drawn(
    seed: int,
    *,
    services: int = 12,
    bytes_per_second: float = RATE,
    between: float = 0.07,
    stores: int = 0,
) -> Shop:
    """Draw a shop; `between` is the share of bytes that its two halves say to each other.

    `stores` of the halves have one, the first one's in the first rack.
    """
    if not LEAST_SERVICES <= services <= len(NAMES):
        raise ValueError(f"a shop has {LEAST_SERVICES} to {len(NAMES)} services, not {services}")
    if not 0 <= stores <= len(RACKS):
        raise ValueError(f"a shop has 0 to {len(RACKS)} stores, not {stores}")
    dice = random.Random(seed)
    names = dice.sample(NAMES, services)
    sizes = [dice.choice(REPLICAS) for _ in names]
    found = dict(zip(names, sizes, strict=True))
    halves = names[: services // 2], names[services // 2 :]
    racks = {half[-1]: rack for half, rack in list(zip(halves, RACKS, strict=True))[:stores]}
    within = [pair for half in halves for pair in _web(dice, half, store=half[-1] in racks)]
    across = [
        pair
        for one, other in (halves, halves[::-1])
        for pair in zip(dice.sample(one, 2), dice.sample(other, 2), strict=True)
    ]
    calls = (
        *_calls(dice, within, found, (bytes_per_second * (1 - between), LARGE)),
        *_calls(dice, across, found, (bytes_per_second * between, SMALL)),
    )
    listed = tuple(Service(name, found[name], racks.get(name)) for name in sorted(found))
    return Shop(seed, listed, tuple(sorted(calls, key=lambda call: (call.client, call.server))))


def _web(dice: random.Random, half: Sequence[str], *, store: bool) -> Iterable[tuple[str, str]]:
    """Yield who calls whom within a half: each but the first is called, some by two."""
    for index in range(1, len(half)):
        count = dice.choice((1, 1, 2))
        if store and index == len(half) - 1:
            count = STORE_CALLERS
        callers = dice.sample(half[:index], min(index, count))
        yield from ((caller, half[index]) for caller in callers)


def _calls(
    dice: random.Random,
    pairs: Sequence[tuple[str, str]],
    replicas: dict[str, int],
    much: tuple[float, tuple[int, int]],
) -> Iterable[Call]:
    """Yield calls that carry so many bytes per second in all, of that size each."""
    total, (ask, answer) = much
    weights = [dice.uniform(1, 3) for _ in pairs]
    for (client, server), weight in zip(pairs, weights, strict=True):
        rate = total * weight / sum(weights) / (ask + answer) / replicas[client]
        yield Call(client, server, round(rate, 3), ask, answer)
