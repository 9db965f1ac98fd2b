"""Whether two problems are the same but for where pods are today.

Told by all that a search is made from, what is the same object first: a pass over groups without a
look at a single pod. Pods of a group are interchangeable, so which of them is where is no matter
here; only how many are.
"""

from operator import attrgetter

import numpy as np

from shorthaul.solve.facts import names_of
from shorthaul.solve.problems import Problem, alike, same_prices, same_rules
from shorthaul.solve.sparse_counts import SparseCounts


def only_places_differ(old: Problem, new: Problem) -> bool:
    """Whether two problems are about the same nodes, vertices and workloads, and differ in nothing
    but where pods are today, and in what these are called."""
    return (
        old.nodes == new.nodes
        and old.resources == new.resources
        and (old.vertices is new.vertices or names_of(old) == names_of(new))
        and only_start_differs(old, new)
        and _each(old, "workload") == _each(new, "workload")
    )


def only_start_differs(old: Problem, new: Problem) -> bool:
    """Whether two problems are the same but for names, and for where pods are today."""
    return (
        len(old.nodes) == len(new.nodes)
        and old.scale == new.scale
        and same_prices(old, new)
        and alike(old.room, new.room)
        and _as_many(old, new)
        and (old.background is new.background or _counted(old.background, new.background))
        and same_rules(old, new)
        and (old.links is new.links or old.links == new.links)
    )


def _counted(one: SparseCounts, other: SparseCounts) -> bool:
    return one.width == other.width and one.same(other)


def _as_many(old: Problem, new: Problem) -> bool:
    """Whether groups have as many pods and the same vertices as before."""
    return (
        old.start is new.start or np.array_equal(old.start.totals(), new.start.totals())
    ) and _each(old, "vertices") == _each(new, "vertices")


def _each(problem: Problem, name: str) -> list[object]:
    """One field of each group; a list is compared by identity first, and in one go."""
    return list(map(attrgetter(name), problem.groups))
