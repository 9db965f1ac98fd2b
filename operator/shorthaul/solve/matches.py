"""Which pod of an earlier problem each pod of a later one is: by name, else the one it replaced.

A pod that is not known stands for one of its workload that is gone: where there is one that was
wanted on the node where the new one is, for that, since that is how a move ends.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from operator import attrgetter

import numpy as np

from shorthaul.solve.lumps import Lumps
from shorthaul.solve.problems import Bools, Group, Ints, Problem
from shorthaul.solve.sparse_counts import SparseCounts
from shorthaul.solve.warm_starts import pod_targets
from shorthaul.units import NodeName, PodRef, WorkloadRef

NAME = attrgetter("namespace", "name")


def matches(old: Problem, places: Ints, new: Problem) -> Ints:
    """For each pod of the new problem the number of the old one, or -1; both group by group."""
    found, gone = _by_name(old, new)
    if not gone or not (found < 0).any():
        return found
    on_node: dict[tuple[WorkloadRef, NodeName], list[int]] = defaultdict(list)
    for at, (group, _) in enumerate(_pods(old)):
        if at in gone:
            on_node[group.workload, old.nodes[places[at]]].append(at)
    unknown = [(at, group.workload) for at, (group, _) in enumerate(_pods(new)) if found[at] < 0]
    homes = homes_of(new)
    for at, workload in unknown:
        wanted_here = on_node.get((workload, new.nodes[homes[at]]))
        if wanted_here:
            found[at] = wanted_here.pop(0)
    left: dict[WorkloadRef, list[int]] = defaultdict(list)
    for (workload, _), pods in on_node.items():
        left[workload].extend(pods)
    for at, workload in unknown:
        if found[at] < 0 and left[workload]:
            found[at] = left[workload].pop(0)
    return found


def _by_name(old: Problem, new: Problem) -> tuple[Ints, set[int]]:
    """For each pod of the new problem the number of the old one of that name, or -1, and the old
    ones that are gone; names are only looked at where the objects are not the same."""
    found, rest, left = _by_object(old, new)
    if not len(rest) and not len(left):
        return found, set()
    before, now = _names(old), _names(new)
    number = {before[at]: at for at in left.tolist()}
    found[rest] = [number.pop(now[at], -1) for at in rest.tolist()]
    return found, set(number.values())


def _by_object(old: Problem, new: Problem) -> tuple[Ints, Ints, Ints]:
    """For each pod of the new problem the number of the old one that is the same object, or -1;
    the new and the old ones that are not found so. Sorting objects is quicker than hashing names,
    and most are where they were."""
    before, now = _objects(old), _objects(new)
    numbers = np.arange(len(before))
    found = np.full(len(now), -1, dtype=np.int64)
    if len(before) == len(now):
        found = np.where(before == now, numbers, found)
    rest, left = np.flatnonzero(found < 0), numbers[missing(found, len(before))]
    left = left[np.argsort(before[left], kind="stable")]
    if len(left):
        at = np.minimum(np.searchsorted(before[left], now[rest]), len(left) - 1)
        found[rest] = np.where(before[left][at] == now[rest], left[at], -1)
    return found, np.flatnonzero(found < 0), np.flatnonzero(missing(found, len(before)))


def missing(found: Ints, number: int) -> Bools:
    """Which of so many numbers are not among those found, where -1 is none."""
    here = np.zeros(number + 1, dtype=np.bool_)
    here[found] = True
    return ~here[:-1]


def _objects(problem: Problem) -> Ints:
    """Which object each pod's reference is; while both problems are alive, no two are alike."""
    refs = chain.from_iterable(group.pods for group in problem.groups)
    return np.fromiter(map(id, refs), dtype=np.int64)


def _names(problem: Problem) -> list[tuple[str, str]]:
    return [NAME(ref) for _, ref in _pods(problem)]


def homes_of(problem: Problem) -> Ints:
    """The node of each pod, group by group."""
    return problem.start.pod_nodes()


def groups_of(problem: Problem) -> Ints:
    """The group of each pod."""
    return problem.start.pod_owners()


def places_of(problem: Problem, counts: SparseCounts) -> Ints:
    """A node for each pod such that these are the counts, and as many as can be stay."""
    return pod_targets(problem, Lumps(counts.nodes, counts.owners(), counts.amounts))


def _pods(problem: Problem) -> Iterator[tuple[Group, PodRef]]:
    return ((group, ref) for group in problem.groups for ref in group.pods)
