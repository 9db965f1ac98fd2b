"""Which pod of an earlier problem each pod of a later one is: by name, else the one it replaced.

A pod that is not known stands for one of its workload that is gone: where there is one that was
wanted on the node where the new one is, for that, since that is how a move ends.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import repeat, zip_longest
from operator import attrgetter

import numpy as np

from shorthaul.solve.lumps import Lumps
from shorthaul.solve.problems import Group, Ints, Problem
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
    ones that are gone; where a group is as it was, its pods are not looked up one by one."""
    pairs = list(zip_longest(old.groups, new.groups))
    same = [
        one is not None and other is not None and one.pods == other.pods for one, other in pairs
    ]
    firsts = np.concatenate([[0], np.cumsum(old.start.totals())]).tolist()
    differing = [at for at, group in enumerate(old.groups) if not same[at] and group.pods]
    before = [ref for at in differing for ref in old.groups[at].pods]
    numbers = [at for group in differing for at in range(firsts[group], firsts[group + 1])]
    now = [ref for at, group in enumerate(new.groups) if not same[at] for ref in group.pods]
    known, gone = _numbers(before, numbers, now)
    found: list[int] = []
    passed = 0
    for at, group in enumerate(new.groups):
        if same[at]:
            found += range(firsts[at], firsts[at + 1])
        else:
            found += known[passed : passed + len(group.pods)]
            passed += len(group.pods)
    return np.array(found, dtype=np.int64), gone


def _numbers(
    before: list[PodRef], numbers: list[int], now: list[PodRef]
) -> tuple[list[int], set[int]]:
    """The number of each pod that is known, else -1, and the numbers of those that are gone.

    The same objects are found without a look at names: where snapshots share them, most are.
    """
    by_object = dict(zip(map(id, before), numbers, strict=True))
    found = list(map(by_object.get, map(id, now), repeat(-1)))
    if len(now) == len(before) and -1 not in found:
        return found, set()
    left = set(numbers).difference(found)
    by_name = {NAME(ref): at for ref, at in zip(before, numbers, strict=True) if at in left}
    for at, number in enumerate(found):
        if number < 0:
            found[at] = by_name.pop(NAME(now[at]), -1)
    return found, set(by_name.values())


def homes_of(problem: Problem) -> Ints:
    """The node of each pod, group by group."""
    return np.repeat(problem.start.nodes, problem.start.amounts)


def groups_of(problem: Problem) -> Ints:
    """The group of each pod."""
    return np.repeat(np.arange(problem.start.rows), problem.start.totals())


def places_of(problem: Problem, counts: SparseCounts) -> Ints:
    """A node for each pod such that these are the counts, and as many as can be stay."""
    owners = np.repeat(np.arange(counts.rows), np.diff(counts.offsets))
    return pod_targets(problem, Lumps(counts.nodes, owners, counts.amounts))


def _pods(problem: Problem) -> Iterator[tuple[Group, PodRef]]:
    return ((group, ref) for group in problem.groups for ref in group.pods)
