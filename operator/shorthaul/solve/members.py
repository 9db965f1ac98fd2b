"""Which movable groups each traffic vertex has: all of them in one list, vertex by vertex."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from shorthaul.solve import runs
from shorthaul.solve.problems import Ints, Problem


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """The groups of vertex v are `groups[first[v]:first[v + 1]]`, and rise."""

    first: Ints
    groups: Ints

    def lists(self) -> list[list[int]]:
        """The groups of each vertex."""
        groups = self.groups.tolist()
        return [groups[start:end] for start, end in pairwise(self.first.tolist())]


def members(problem: Problem) -> Members:
    """The members of all vertices."""
    vertices, groups = pairs(problem)
    order = np.argsort(vertices, kind="stable")
    return Members(runs.starts(vertices[order], problem.background.rows), groups[order])


def pairs(problem: Problem) -> tuple[Ints, Ints]:
    """Each vertex of each group, group by group."""
    numbers = np.array([len(group.vertices) for group in problem.groups], dtype=np.int64)
    vertices = np.array([v for group in problem.groups for v in group.vertices], dtype=np.int64)
    return vertices, runs.owners(numbers)
