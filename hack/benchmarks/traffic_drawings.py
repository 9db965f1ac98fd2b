"""Draws who calls whom, and how much: applications with their own call graph, and shared hubs.

Inside an application callers come before what they call, and what is called often is called by
more (preferential attachment). A fiftieth of the services are shared by all applications, their
popularity falling as 1/rank. Volumes are lognormal times the geometric mean of the replicas.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.worlds import Floats
from shorthaul.solve.problems import Ints

TOTAL_BYTES_PER_SECOND = 1e9
MEAN_CALLERS = 0.6
SHARED_CALLS_PER_SERVICE = 0.35
SHARED_VOLUME = 0.3
MOST_SHARED_REPLICAS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """Directed edges between services, each pair once."""

    clients: Ints
    servers: Ints
    weights: Floats


def draw(random: np.random.Generator, sizes: Ints, sigma: float) -> Calls:
    """The traffic among services of these sizes."""
    own = _applications(random, sizes, sigma)
    shared = _shared(random, sizes, sigma)
    clients, servers, weights = (
        np.concatenate(parts)
        for parts in zip(
            (own.clients, own.servers, own.weights),
            (shared.clients, shared.servers, shared.weights),
            strict=True,
        )
    )
    keys, inverse = np.unique(clients * len(sizes) + servers, return_inverse=True)
    summed = np.bincount(inverse, weights, minlength=len(keys))
    scaled = summed * (TOTAL_BYTES_PER_SECOND / summed.sum())
    return Calls(keys // len(sizes), keys % len(sizes), scaled)


def _applications(random: np.random.Generator, sizes: Ints, sigma: float) -> Calls:
    members = random.permutation(len(sizes))
    pairs: list[Ints] = []
    first = 0
    while first < len(sizes):
        number = int(np.clip(random.lognormal(2.3, 0.8), 2, 120))
        pairs.append(_call_graph(random, members[first : first + number]))
        first += number
    clients, servers = np.concatenate(pairs).T
    volumes = random.lognormal(0, sigma, len(clients))
    return Calls(clients, servers, volumes * np.sqrt(sizes[clients] * sizes[servers]))


def _call_graph(random: np.random.Generator, members: Ints) -> Ints:
    """Pairs of caller and called; each but the first has at least one caller."""
    callers = 1 + random.poisson(MEAN_CALLERS, len(members))
    degrees = np.ones(len(members))
    found: list[tuple[int, int]] = []
    for later in range(1, len(members)):
        keys = random.exponential(size=later) / degrees[:later]
        for earlier in np.argsort(keys)[: callers[later]].tolist():
            found.append((int(members[earlier]), int(members[later])))
            degrees[earlier] += 1
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _shared(random: np.random.Generator, sizes: Ints, sigma: float) -> Calls:
    number = max(1, len(sizes) // 50)
    hubs = random.choice(len(sizes), number, replace=False)
    popularity = 1.0 / np.arange(1, number + 1)
    calls = int(SHARED_CALLS_PER_SERVICE * len(sizes))
    clients = random.integers(len(sizes), size=calls)
    servers = hubs[random.choice(number, size=calls, p=popularity / popularity.sum())]
    others = clients != servers
    clients, servers = clients[others], servers[others]
    volumes = SHARED_VOLUME * random.lognormal(0, sigma, len(clients))
    replicas = np.minimum(sizes[servers], MOST_SHARED_REPLICAS)
    return Calls(clients, servers, volumes * np.sqrt(sizes[clients] * replicas))
