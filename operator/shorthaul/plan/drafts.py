"""From an assignment to single moves: which replica goes where, and which moves are worth it.

Replicas of a group are interchangeable, so only net moves are made: the pods that leave a node are
the first of the group there by name, and they fill the missing places in order of node. A move
stays only if undoing it alone would cost more than rounding; a move without a gain of its own stays
only while its room is needed by another.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shorthaul.solve import runs
from shorthaul.solve.problems import Problem
from shorthaul.solve.sparse_counts import SparseCounts, from_pods
from shorthaul.solve.traffic_views import Traffic
from shorthaul.solve.traffic_views import traffic as traffic_of
from shorthaul.units import NodeName, PodRef


@dataclass(frozen=True, slots=True)
class Draft:
    """One move by index and by name, and what undoing it alone would cost, in cost units."""

    group: int
    source: int
    target: int
    pod: PodRef
    target_name: NodeName
    gain: int = 0


def draft(problem: Problem, counts: SparseCounts) -> tuple[Draft, ...]:
    """The net moves that lead from today's counts to these."""
    found: list[Draft] = []
    for index, group in enumerate(problem.groups):
        now = Counter(problem.start.places(index).tolist())
        then = Counter(counts.places(index).tolist())
        sources, targets = sorted((now - then).elements()), sorted((then - now).elements())
        if not sources:
            continue
        waiting: dict[int, list[PodRef]] = {}
        for pod, node in zip(group.pods, problem.start.places(index).tolist(), strict=True):
            waiting.setdefault(node, []).append(pod)
        for source, target in zip(sources, targets, strict=True):
            pod = waiting[source].pop(0)
            found.append(Draft(index, source, target, pod, problem.nodes[target]))
    return tuple(found)


def counts_of(problem: Problem, moves: Sequence[Draft]) -> SparseCounts:
    """The counts after some moves."""
    start = problem.start
    owners, nodes = start.pod_owners(), start.pod_nodes()
    first = runs.begins(start.totals())
    taken: Counter[tuple[int, int]] = Counter()
    for move in moves:
        places = start.places(move.group)
        place = int(np.searchsorted(places, move.source)) + taken[move.group, move.source]
        taken[move.group, move.source] += 1
        nodes[first[move.group] + place] = move.target
    return from_pods(owners, nodes, start.rows, start.width)


def cost_of(problem: Problem, moves: Sequence[Draft]) -> int:
    """The cost after some moves, in cost units."""
    return traffic_of(problem, counts_of(problem, moves)).total()


def prune(
    problem: Problem,
    moves: Sequence[Draft],
    least: int,
    sent_home: Callable[[Draft], bool],
) -> tuple[Draft, ...]:
    """Drops moves, the least useful first, until each one left is needed; tells their gains.

    `sent_home` undoes a move beside the others that stay, or says that it cannot be undone. After
    the first round only the moves that a dropped one may have touched are looked at anew.
    """
    kept = {move.pod: move for move in moves}
    traffic = traffic_of(problem, counts_of(problem, moves))
    touched = _touched(problem)
    gains: dict[PodRef, int] = {}
    changed = set(range(len(problem.groups)))
    while changed:
        known: dict[tuple[int, int, int], int] = {}
        for move in kept.values():
            if move.group in changed:
                key = (move.group, move.source, move.target)
                if key not in known:
                    known[key] = _gain(traffic, move)
                gains[move.pod] = known[key]
        changed = set()
        idle = [move for move in kept.values() if gains[move.pod] <= least]
        for move in sorted(idle, key=lambda move: (gains[move.pod], move.pod)):
            if _gain(traffic, move) > least or not sent_home(move):
                continue
            traffic.put(move.group, move.target, -1)
            traffic.put(move.group, move.source, 1)
            del kept[move.pod]
            changed |= touched[move.group]
    return tuple(replace(move, gain=gains[move.pod]) for move in kept.values())


def _touched(problem: Problem) -> Sequence[frozenset[int]]:
    """For each group the groups whose costs change when it moves, itself among them."""
    linked: dict[int, set[int]] = {}
    for link in problem.links:
        linked.setdefault(link.client, set()).add(link.server)
        linked.setdefault(link.server, set()).add(link.client)
    members: dict[int, set[int]] = {}
    for index, group in enumerate(problem.groups):
        for vertex in group.vertices:
            members.setdefault(vertex, set()).add(index)
    found = []
    for index, group in enumerate(problem.groups):
        near = {peer for vertex in group.vertices for peer in linked.get(vertex, ())}
        groups = (members.get(vertex, set()) for vertex in {*near, *group.vertices})
        found.append(frozenset({index}.union(*groups)))
    return found


def _gain(traffic: Traffic, move: Draft) -> int:
    """What undoing a move alone would cost now, in cost units."""
    traffic.put(move.group, move.target, -1)
    back, forth = traffic.field(move.group, np.array([move.source, move.target])).tolist()
    traffic.put(move.group, move.target, 1)
    return int(back - forth)
