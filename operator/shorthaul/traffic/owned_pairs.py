"""Pairs of pods by the workloads that own them, in columns: each pod is looked up once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from shorthaul.traffic.flow_tables import Numbered, Numbers
from shorthaul.traffic.graphs import Vertex
from shorthaul.traffic.node_sets import Truths
from shorthaul.traffic.owners import Owners
from shorthaul.traffic.pair_sums import Amounts, PairSums, ends_of, keys_of
from shorthaul.traffic.pod_edges import PodEdges
from shorthaul.units import PodRef, WorkloadRef

_GONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class OwnedPairs:
    """Pairs and the numbers of their pods' workloads, -1 where nothing tells whose a pod was.

    `both_ended` is of each pair, and `existing` tells whether both of its pods are there now.
    """

    pairs: PairSums
    both_ended: Truths
    workloads: list[WorkloadRef]
    clients: Numbers
    servers: Numbers
    existing: Truths

    @property
    def looping(self) -> Truths:
        """Which are of a pod with itself."""
        found: Truths = self.pairs.clients == self.pairs.servers
        return found

    @property
    def owned(self) -> Truths:
        """Which are between pods of known workloads."""
        found: Truths = np.minimum(self.clients, self.servers) > _GONE
        return found & ~self.looping

    def sums(self) -> Iterator[tuple[tuple[WorkloadRef, WorkloadRef], float, float, bool]]:
        """By workloads, client and server: events each way, and whether any is both-ended."""
        rows, pairs = self.owned, self.pairs
        found = Groups(self.clients[rows], self.servers[rows])
        forward, backward = found.added(pairs.forward[rows]), found.added(pairs.backward[rows])
        both_ended = found.added(self.both_ended[rows])
        columns = *found.ends, forward, backward, both_ended
        for client, server, *told in zip(*(each.tolist() for each in columns), strict=True):
            yield (self.workloads[client], self.workloads[server]), *told

    def pod_edges(self, seconds: float) -> PodEdges:
        """Pods that exist now, pair by pair, over a stretch of time."""
        rows = self.owned & self.existing
        pairs = self.pairs.take(rows)
        return PodEdges(
            pairs.pods,
            pairs.clients,
            pairs.servers,
            pairs.forward.astype(np.float64) / seconds,
            pairs.backward.astype(np.float64) / seconds,
            self.both_ended[rows],
        )


def owned_pairs(pairs: PairSums, both_ended: Truths, owners: Owners) -> OwnedPairs:
    """Looks the pods of pairs up."""
    workloads = Numbered[WorkloadRef]()
    numbers, exist = np.full(len(pairs.pods), _GONE, np.int32), np.zeros(len(pairs.pods), np.bool_)
    for pod in pairs.there:
        owner = owners.of(pairs.pods[pod])
        exist[pod] = owners.exists(pairs.pods[pod])
        if owner is not None:
            numbers[pod] = workloads.number(owner)
    clients, servers = pairs.clients, pairs.servers
    existing = exist[clients] & exist[servers]
    return OwnedPairs(
        pairs, both_ended, workloads.values, numbers[clients], numbers[servers], existing
    )


def sums_by_owner(
    pairs: PairSums, owner: Callable[[PodRef], Vertex]
) -> dict[tuple[Vertex, Vertex], float]:
    """Events both ways by the owners of both ends."""
    owners, numbers = owner_numbers(pairs, owner)
    found = Groups(numbers[pairs.clients], numbers[pairs.servers])
    columns = *found.ends, found.added(pairs.events)
    return {
        (owners[client], owners[server]): events
        for client, server, events in zip(*(each.tolist() for each in columns), strict=True)
    }


def owner_numbers(
    pairs: PairSums, owner: Callable[[PodRef], Vertex]
) -> tuple[Sequence[Vertex], Numbers]:
    """The owners of pairs' pods, and by the number of a pod the one of its owner."""
    owners, numbers = Numbered[Vertex](), np.zeros(len(pairs.pods), np.int32)
    for pod in pairs.there:
        numbers[pod] = owners.number(owner(pairs.pods[pod]))
    return owners.values, numbers


class Groups:
    """Rows that have the same two numbers; `ends` are the two of each group."""

    def __init__(self, clients: Numbers, servers: Numbers) -> None:
        keys, self._which = np.unique(keys_of(clients, servers), return_inverse=True)
        self.ends = ends_of(keys)

    def added(self, column: Amounts) -> Amounts:
        """Sums, of truths whether any is true, added one after the other as single ones are."""
        found = np.zeros(len(self.ends[0]), column.dtype)
        np.add.at(found, self._which, column)
        return found
