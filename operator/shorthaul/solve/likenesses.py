"""Whether two problems are the same but for where pods are today.

Told by all that a search is made from, what is the same object first: a pass over groups without a
look at a single pod. Pods of a group are interchangeable, so which of them is where is no matter
here; only how many are.
"""

from functools import lru_cache
from operator import attrgetter

import numpy as np

from shorthaul.solve.facts import MOST_KEPT, names_of
from shorthaul.solve.problems import Ints, Problem, alike, same_prices, same_rules
from shorthaul.solve.sparse_counts import SparseCounts


def only_places_differ(old: Problem, new: Problem) -> bool:
    """Whether two problems are about the same nodes, vertices and workloads, and differ in nothing
    but where pods are today, and in what these are called."""
    return (
        old.nodes == new.nodes
        and old.resources == new.resources
        and (old.vertices is new.vertices or names_of(old) == names_of(new))
        and only_start_differs(old, new)
        and _workloads(old) == _workloads(new)
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
    return np.array_equal(_sizes(old), _sizes(new)) and _vertices(old) == _vertices(new)


@lru_cache(maxsize=MOST_KEPT)
def _sizes(problem: Problem) -> Ints:
    return problem.start.totals()


@lru_cache(maxsize=MOST_KEPT)
def _workloads(problem: Problem) -> list[object]:
    """The workload of each group: lists are compared by identity first, and in one go."""
    return list(map(attrgetter("workload"), problem.groups))


@lru_cache(maxsize=MOST_KEPT)
def _vertices(problem: Problem) -> list[object]:
    return list(map(attrgetter("vertices"), problem.groups))
