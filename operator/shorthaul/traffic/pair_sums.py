"""Events of pairs of pods, pair by pair and in columns.

Millions of pairs are kept in a window, in observations and in the map; an object for each takes
hundreds of bytes and microseconds, and columns take 32 bytes and work on numbers. They are a
sequence of their pairs, for whoever wants these one by one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shorthaul.traffic.columns import Columns
from shorthaul.traffic.flow_tables import Numbers
from shorthaul.traffic.node_sets import NodeSets, Sets, Truths
from shorthaul.units import NodeName, PodRef

Pair = tuple[PodRef, PodRef]
_SMALL = 1 << 40
"""Below it sums of as many as fit into memory are below 2^63."""

Keys = npt.NDArray[np.int64]
Amounts = npt.NDArray[Any]
"""Numbers of int64 or float64, or Python's own where whole numbers are too large for these."""


@dataclass(frozen=True, slots=True)
class PairSum:
    """Events of one client pod with one server pod and the nodes whose observers saw them.

    Events of recordings are whole numbers; averages over windows need not be. They are seen where
    they arrive: requests at the server's node, replies at the client's.
    """

    client: PodRef
    server: PodRef
    forward: float
    backward: float
    forward_observers: frozenset[NodeName] = frozenset()
    backward_observers: frozenset[NodeName] = frozenset()

    @property
    def events(self) -> float:
        """Both directions together."""
        return self.forward + self.backward


@dataclass(frozen=True, slots=True, eq=False)
class PairSums(Columns[PairSum]):
    """Sums of different pairs, in the order of their names.

    `pods` are in order too and `clients` and `servers` are numbers of them; `nodes` are sets of
    observers, and `forward_nodes` and `backward_nodes` numbers of those.
    """

    pods: Sequence[PodRef]
    clients: Numbers
    servers: Numbers
    forward: Amounts
    backward: Amounts
    nodes: Sequence[frozenset[NodeName]]
    forward_nodes: Sets
    backward_nodes: Sets

    by_row = "clients", "servers", "forward", "backward", "forward_nodes", "backward_nodes"

    @property
    def keys(self) -> Keys:
        """A number for each pair, in order."""
        return keys_of(self.clients, self.servers)

    @property
    def there(self) -> list[int]:
        """The numbers of the pods that any of the pairs is of."""
        found: list[int] = np.unique(np.concatenate((self.clients, self.servers))).tolist()
        return found

    @property
    def events(self) -> Amounts:
        """Both directions together, pair by pair."""
        return self.forward + self.backward

    def ends(self, row: int) -> Pair:
        """Client and server of one."""
        return self.pods[int(self.clients[row])], self.pods[int(self.servers[row])]

    def __iter__(self) -> Iterator[PairSum]:
        pods, nodes = self.pods, self.nodes
        columns = self.clients, self.servers, self.forward, self.backward
        seen = self.forward_nodes, self.backward_nodes
        rows = zip(*(each.tolist() for each in (*columns, *seen)), strict=True)
        for client, server, forward, backward, requests, replies in rows:
            yield PairSum(
                pods[client], pods[server], forward, backward, nodes[requests], nodes[replies]
            )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PairSums):
            return NotImplemented
        return len(self) == len(other) and all(map(PairSum.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]  # Columns are compared, never looked up.


def pair_sums(pairs: Iterable[PairSum] = ()) -> PairSums:
    """Pairs in columns and in order; raises ValueError where one comes twice."""
    found = sorted(pairs, key=_names)
    pods = in_order({end for pair in found for end in (pair.client, pair.server)})
    numbers = {pod: number for number, pod in enumerate(pods)}
    nodes = NodeSets()
    made = PairSums(
        pods,
        np.array([numbers[pair.client] for pair in found], np.int32),
        np.array([numbers[pair.server] for pair in found], np.int32),
        _amounts([pair.forward for pair in found]),
        _amounts([pair.backward for pair in found]),
        nodes.sets,
        nodes.numbers(pair.forward_observers for pair in found),
        nodes.numbers(pair.backward_observers for pair in found),
    )
    if len(twice := np.flatnonzero(np.diff(made.keys) == 0)):
        client, server = made.ends(int(twice[0]))
        raise ValueError(f"pair {client} → {server} is there twice")
    return made


def keys_of(clients: Numbers, servers: Numbers) -> Keys:
    """A number for each two pods, in the order of their numbers."""
    return clients.astype(np.int64) << 32 | servers


def ends_of(keys: Keys) -> tuple[Numbers, Numbers]:
    """The numbers of clients and servers."""
    return (keys >> 32).astype(np.int32), (keys & 0xFFFF_FFFF).astype(np.int32)


def among(keys: Keys, known: Keys) -> Truths:
    """Which keys are among others that are in order."""
    if not len(known):
        return np.zeros(len(keys), np.bool_)
    found: Truths = known[np.minimum(np.searchsorted(known, keys), len(known) - 1)] == keys
    return found


def in_order(pods: Iterable[PodRef]) -> list[PodRef]:
    """Pods as they sort, compared by their names alone, which is ten times as quick."""
    return sorted(pods, key=_name)


def _name(pod: PodRef) -> tuple[str, str]:
    return pod.namespace, pod.name


def _names(pair: PairSum) -> tuple[str, str, str, str]:
    return *_name(pair.client), *_name(pair.server)


def _amounts(numbers: Sequence[float]) -> Amounts:
    """Whole numbers stay exact."""
    if not all(isinstance(number, int) for number in numbers):
        return np.array(numbers, np.float64)
    small = all(abs(number) < _SMALL for number in numbers)
    return np.array(numbers, np.int64 if small else object)
