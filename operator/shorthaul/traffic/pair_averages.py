"""Events of pairs of pods over windows become rates, in columns.

What is averaged, and which pairs are stale, is as in `window_averages`; a pair of pods has the
nodes of both ends that may have reported it. Columns of windows have numbers of their own, so pods
and sets of nodes are numbered anew over all of them, pods in order, which keeps keys in order.
"""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from shorthaul.traffic.columns import Rows
from shorthaul.traffic.flow_tables import Numbered, Numbers
from shorthaul.traffic.graphs import Vertex
from shorthaul.traffic.node_sets import Nodes, NodeSets, Sets, Truths
from shorthaul.traffic.pair_sums import Keys, PairSums, among, ends_of, in_order, keys_of
from shorthaul.traffic.pod_edges import Rates
from shorthaul.traffic.window_averages import NEGLIGIBLE_SHARE, Told
from shorthaul.units import NodeName, PodRef

_Told = Told[PairSums]


class CommonPods:
    """Pods of several columns, numbered together."""

    def __init__(self, columns: Iterable[PairSums]) -> None:
        objects = {id(pod): pod for sums in columns for pod in sums.pods}
        self.pods = in_order(set(objects.values()))
        numbers = {pod: number for number, pod in enumerate(self.pods)}
        self._numbers = {which: numbers[pod] for which, pod in objects.items()}

    def keys(self, sums: PairSums) -> Keys:
        """The keys of one column's pairs by these numbers, in order."""
        numbers = np.array([self._numbers[id(pod)] for pod in sums.pods], np.int32)
        return keys_of(numbers[sums.clients], numbers[sums.servers])

    def all_keys(self, columns: Iterable[PairSums]) -> Keys:
        """Those of several, in order."""
        found = np.empty(0, np.int64)
        for sums in columns:
            keys = self.keys(sums)
            fresh = keys[~among(keys, found)]
            if len(fresh):
                found = np.sort(np.concatenate((found, fresh)), kind="stable")
        return found


def pair_averages(windows: Sequence[_Told], weights: Sequence[float]) -> PairSums:
    """Each pair's weighted rate, as events over the whole stretch.

    Windows that are blind to a pair are left out.
    """
    columns = [window.sums for window in windows]
    pods = CommonPods(columns)
    keys = pods.all_keys(columns)
    seconds = float(sum(window.seconds for window in windows))
    nodes, reporters = _reporters(windows, pods, keys)
    hidden = [hidden_from(window, nodes.sets, reporters) for window in windows]
    whole, spoken = spoken_seconds(windows, weights, hidden, len(keys))
    forward, backward = np.zeros(len(keys)), np.zeros(len(keys))
    for weight, window, unseen in zip(weights, windows, hidden, strict=True):
        rows = np.searchsorted(keys, pods.keys(window.sums))
        told: Rows = slice(None) if unseen is None else ~unseen[rows]
        forward[rows[told]] += (weight * window.sums.forward[told]).astype(np.float64)
        backward[rows[told]] += (weight * window.sums.backward[told]).astype(np.float64)
    kept = spoken > NEGLIGIBLE_SHARE * whole
    clients, servers = ends_of(keys[kept])
    return PairSums(
        pods.pods,
        clients,
        servers,
        forward[kept] * seconds / spoken[kept],
        backward[kept] * seconds / spoken[kept],
        nodes.sets,
        *(column[kept] for column in reporters),
    )


def fresh(found: PairSums, newest: Sequence[_Told], owner: Callable[[PodRef], Vertex]) -> Truths:
    """Which pairs were seen in the newest windows, or are of workloads others of which were."""
    columns = [window.sums for window in newest]
    pods = CommonPods((found, *columns))
    keys, seen = pods.keys(found), pods.all_keys(columns)
    known = among(keys, seen)
    if not known.all():
        numbered = Numbered[Vertex]()
        owners = np.array([numbered.number(owner(pod)) for pod in pods.pods], np.int32)
        known |= np.isin(_of_owners(keys, owners), _of_owners(seen, owners))
    reporters, told = (found.forward_nodes, found.backward_nodes), np.zeros(len(found), np.bool_)
    for window in newest:
        told |= ~_reported_by(window.blind, found.nodes, reporters)
    return known & told


def hidden_from(
    window: _Told, sets: Sequence[Nodes], reporters: tuple[Sets, Sets]
) -> Truths | None:
    """Which pairs a window is blind to; None where it is to none."""
    return _reported_by(window.blind, sets, reporters) if window.blind else None


def spoken_seconds(
    windows: Sequence[_Told],
    weights: Sequence[float],
    hidden: Sequence[Truths | None],
    number: int,
) -> tuple[float, Rates]:
    """The weighted seconds of all windows, and those of them that tell of each pair."""
    told = [weight * window.seconds for weight, window in zip(weights, windows, strict=True)]
    whole = math.fsum(told)
    found = np.full(number, whole)
    for seconds, unseen in zip(told, hidden, strict=True):
        if unseen is not None:
            found[unseen] -= seconds
    return whole, found


def _reported_by(
    nodes: frozenset[NodeName], sets: Sequence[Nodes], reporters: tuple[Sets, Sets]
) -> Truths:
    """Which pairs any of these nodes reports, by the numbers of the sets of nodes that did."""
    having = np.array([not nodes.isdisjoint(each) for each in sets], np.bool_)
    forward, backward = reporters
    found: Truths = having[forward] | having[backward]
    return found


def _reporters(
    windows: Sequence[_Told], pods: CommonPods, keys: Keys
) -> tuple[NodeSets, tuple[Sets, Sets]]:
    """Pair by pair, all the nodes that reported it in any window, each direction by itself."""
    nodes = NodeSets()
    forward, backward = np.zeros(len(keys), np.int32), np.zeros(len(keys), np.int32)
    for window in windows:
        sums, rows = window.sums, np.searchsorted(keys, pods.keys(window.sums))
        numbers = nodes.numbers(sums.nodes)
        forward[rows] = nodes.union(forward[rows], numbers[sums.forward_nodes])
        backward[rows] = nodes.union(backward[rows], numbers[sums.backward_nodes])
    return nodes, (forward, backward)


def _of_owners(keys: Keys, owners: Numbers) -> Keys:
    clients, servers = ends_of(keys)
    return keys_of(owners[clients], owners[servers])
