"""Makes any wished placement feasible: the same for every peer, so that only their maps differ.

Pods come in order, each to its wished node if that can take it. Those left over then go, in the
same order, where they keep most traffic near, as a greedy scorer does. Pods that find no node even
so are put first and all is done again, a few times. With no wishes at all this is the greedy peer.
"""

from typing import NamedTuple

import numpy as np

from benchmarks.compilation import compiled
from benchmarks.outcomes import Skipped
from benchmarks.views import View
from benchmarks.worlds import Floats
from shorthaul.solve.problems import Ints
from shorthaul.solve.sparse_counts import SparseCounts, from_pods

ATTEMPTS = 6
NOWHERE = -1
MOST_CELLS = 600_000_000


class _Held(NamedTuple):
    """What is placed so far, per node, rack and zone; gains and stamps are scratch paper."""

    on_node: Ints
    on_rack: Ints
    on_zone: Ints
    free: Ints
    places: Ints
    gains: Floats
    stamps: Ints


def repaired(view: View, wishes: Ints) -> SparseCounts:
    """The nearest feasible placement to the wished node of every pod; large pods first."""
    return placed(view, wishes, large_first(view))


def placed(view: View, wishes: Ints, order: Ints) -> SparseCounts:
    """A feasible placement, pods taken in an order; skipped where some find no node."""
    if len(view.sizes) * len(view.room) > MOST_CELLS:
        raise Skipped("the repair keeps a table of groups by nodes, too large here")
    for _ in range(ATTEMPTS):
        places: Ints = _place_all(view, wishes, order, np.cumsum(view.sizes) - view.sizes)
        missing = places[order] == NOWHERE
        if not missing.any():
            return from_pods(owners(view), places, len(view.sizes), len(view.room))
        order = np.concatenate([order[missing], order[~missing]])
    raise Skipped(f"{missing.sum()} of {len(order)} pods found no node in {ATTEMPTS} attempts")


def owners(view: View) -> Ints:
    """The group of every pod, listed group by group."""
    return np.repeat(np.arange(len(view.sizes)), view.sizes)


def large_first(view: View) -> Ints:
    """Pods in order: what few nodes can take, what must be apart, then by size."""
    room = view.room.mean(axis=0)
    size = (view.requests / room).max(axis=1)
    narrow = view.open.mean(axis=1)[view.classes] < 0.5
    urgency = size + 10 * narrow + 5 * (view.most_per_node == 1)
    return np.argsort(-urgency[owners(view)], kind="stable")


@compiled
def _fits(group: int, node: int, view: View, held: _Held) -> bool:
    if not view.open[view.classes[group], node]:
        return False
    if held.on_node[group, node] >= view.most_per_node[group]:
        return False
    if held.on_zone[group, view.levels[2, node]] >= view.most_per_zone[group]:
        return False
    for kind in range(view.requests.shape[1]):
        if held.free[node, kind] < view.requests[group, kind]:
            return False
    return True


@compiled
def _gain(edge: int, group: int, mine: int, theirs: int, view: View) -> float:
    """What one pod more of a group keeps of an edge, where the other end has `theirs`."""
    other = view.sizes[view.others[edge]]
    size = view.sizes[group]
    if view.aligned[edge]:
        kept = min((mine + 1) / size, theirs / other) - min(mine / size, theirs / other)
    else:
        kept = theirs / (size * other)
    found: float = view.weights[edge] * kept
    return found


@compiled
def _level_gains(group: int, on: Ints, view: View) -> Floats:
    """The same summed over the edges of a group, for every rack or zone."""
    found = np.zeros(on.shape[1])
    for edge in range(view.offsets[group], view.offsets[group + 1]):
        other = view.others[edge]
        for where in range(on.shape[1]):
            if on[other, where] > 0:
                found[where] += _gain(edge, group, on[group, where], on[other, where], view)
    return found


@compiled
def _host_gains(group: int, begins: Ints, view: View, held: _Held) -> None:
    """The same for every node, by the pods of the other ends: most nodes have none."""
    held.gains[:] = 0.0
    for edge in range(view.offsets[group], view.offsets[group + 1]):
        other = view.others[edge]
        for pod in range(begins[other], begins[other] + view.sizes[other]):
            node = held.places[pod]
            if node >= 0 and held.stamps[node] != edge:
                held.stamps[node] = edge
                mine, theirs = held.on_node[group, node], held.on_node[other, node]
                held.gains[node] += _gain(edge, group, mine, theirs, view)
    held.stamps[:] = -1


@compiled
def _best(group: int, wish: int, begins: Ints, view: View, held: _Held) -> int:
    """The node that keeps most; near the wished one, then with most room, where that is equal."""
    _host_gains(group, begins, view, held)
    racks = _level_gains(group, held.on_rack, view)
    zones = _level_gains(group, held.on_zone, view)
    best, best_gain = -1, -1e300
    small = 1e-12 * (view.weights.sum() + 1e-300)
    for node in range(len(view.room)):
        if not _fits(group, node, view, held):
            continue
        rack, zone = view.levels[1, node], view.levels[2, node]
        gain = view.steps[0] * held.gains[node] + view.steps[1] * racks[rack]
        gain += view.steps[2] * zones[zone] + small * held.free[node, 0] / view.room[node, 0]
        if wish >= 0:
            near = (rack == view.levels[1, wish]) + (zone == view.levels[2, wish])
            gain += 10 * small * near
        if gain > best_gain:
            best, best_gain = node, gain
    return best


@compiled
def _put(pod: int, group: int, node: int, view: View, held: _Held) -> None:
    held.places[pod] = node
    held.on_node[group, node] += 1
    held.on_rack[group, view.levels[1, node]] += 1
    held.on_zone[group, view.levels[2, node]] += 1
    held.free[node] -= view.requests[group]


@compiled
def _empty(view: View, pods: int) -> _Held:
    groups, nodes = len(view.sizes), len(view.room)
    return _Held(
        np.zeros((groups, nodes), np.int16),
        np.zeros((groups, view.levels[1].max() + 1), np.int32),
        np.zeros((groups, view.levels[2].max() + 1), np.int32),
        view.room.copy(),
        np.full(pods, -1, np.int64),
        np.zeros(nodes),
        np.full(nodes, -1, np.int64),
    )


@compiled
def _place_all(view: View, wishes: Ints, order: Ints, begins: Ints) -> Ints:
    held = _empty(view, len(order))
    for pod in order:
        group = np.searchsorted(begins, pod, side="right") - 1
        wish = wishes[pod]
        if wish >= 0 and _fits(group, wish, view, held):
            _put(pod, group, wish, view, held)
    for pod in order:
        if held.places[pod] < 0:
            group = np.searchsorted(begins, pod, side="right") - 1
            node = _best(group, wishes[pod], begins, view, held)
            if node >= 0:
                _put(pod, group, node, view, held)
    return held.places
