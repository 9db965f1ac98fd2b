"""Which pods to lift out together, and in which order to put them back.

Single moves get stuck where two workloads have to meet on a third node, or where a full node has to
be emptied first. So pods that talk to each other are lifted together, along random walks over the
traffic, with others that stand in their way; which of the ways is taken is drawn each time.
"""

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from shorthaul.solve.draws import Draws
from shorthaul.solve.members import members
from shorthaul.solve.problems import Problem
from shorthaul.solve.states import SearchState

Pod = tuple[int, int]
LARGEST_GROUP_PART = 6
REFRESH_EVERY = 50


class Neighbourhoods:
    """The traffic between groups, for walks, and the ways to pick pods."""

    def __init__(self, problem: Problem, draws: Draws) -> None:
        self._problem = problem
        self._draws = draws
        self._partners = _partners(problem)
        self.talking = [i for i, group in enumerate(problem.groups) if group.vertices]
        sizes = [len(problem.groups[i].pods) for i in self.talking]
        self._ends = list(accumulate(sizes))
        self._sizes = _sizes(problem)
        self._link_groups = _link_groups(problem)
        self._dear: list[int] = []
        self._turns = 0

    def draw(self, state: SearchState) -> tuple[list[Pod], int | None]:
        """Pods to lift, first the one that matters most, and a node to gather them on, if any."""
        self._refresh(state)
        way = self._draws.below(100)
        first = self._dear_pod(state) if self._draws.chance(60) else self._any_talking(state)
        if way < 30:
            return self._community(state, first), None
        if way < 60:
            return self._meeting(state, first)
        if way < 85:
            return self._nodes(state, first), None
        return self._scattered(state, first), None

    def order(self, pods: list[Pod]) -> list[Pod]:
        """The order in which to put pods back."""
        way = self._draws.below(4)
        if way == 0:
            return pods
        if way == 1:
            return self._draws.shuffled(pods)
        keyed = self._draws.shuffled(pods)
        if way == 2:
            return sorted(keyed, key=lambda pod: -self._weight(pod[0]))
        return sorted(keyed, key=lambda pod: -self._size(pod[0]))

    def _refresh(self, state: SearchState) -> None:
        """Looks up anew which links are dear, every so often."""
        if self._turns % max(REFRESH_EVERY, len(self._problem.links) // 4) == 0:
            costs = state.link_costs()
            movable = zip(costs, self._link_groups, strict=True)
            self._dear = list(accumulate(cost if groups else 0 for cost, groups in movable))
        self._turns += 1

    def _dear_pod(self, state: SearchState) -> Pod:
        """A pod at an end of a link, drawn by what the links cost."""
        if not self._dear or not self._dear[-1]:
            return self._any_talking(state)
        drawn = self._dear[-1] * self._draws.word() >> 32
        group = self._draws.pick(self._link_groups[bisect(self._dear, drawn)])
        return group, self._place_of(state, group)

    def _any_talking(self, state: SearchState) -> Pod:
        group = self.talking[bisect(self._ends, self._draws.below(self._ends[-1]))]
        return group, self._place_of(state, group)

    def _place_of(self, state: SearchState, group: int) -> int:
        return int(self._draws.pick(np.flatnonzero(state.counts[group]).tolist()))

    def _walk(self, group: int, length: int) -> list[int]:
        found = [group]
        for _ in range(length):
            names, ends = self._partners[self._draws.pick(found)]
            if not names:
                break
            found.append(names[bisect(ends, self._draws.word() / 2**32 * ends[-1])])
        return list(dict.fromkeys(found))

    def _community(self, state: SearchState, first: Pod) -> list[Pod]:
        found: list[Pod] = []
        for group in self._walk(first[0], 1 + self._draws.below(4)):
            found += self._part(state, group)
        return found

    def _part(self, state: SearchState, group: int) -> list[Pod]:
        pods = [
            (group, node)
            for node in np.flatnonzero(state.counts[group]).tolist()
            for _ in range(int(state.counts[group, node]))
        ]
        if len(pods) <= LARGEST_GROUP_PART:
            return pods
        return self._draws.shuffled(pods)[:LARGEST_GROUP_PART]

    def _meeting(self, state: SearchState, first: Pod) -> tuple[list[Pod], int]:
        """A few that talk, and what stands on the node where they shall meet."""
        walk = self._walk(first[0], self._draws.below(3))
        found = [first, *((group, self._place_of(state, group)) for group in walk[1:])]
        target = self._target(state, found)
        others = [pod for pod in self._on(state, target) if pod not in found]
        return [*found, *self._light(others)[: self._draws.below(6)]], target

    def _light(self, pods: Sequence[Pod]) -> list[Pod]:
        """Pods with little traffic first, roughly: they make room most cheaply."""
        keys = {pod: self._weight(pod[0]) * (300 + self._draws.below(1000)) for pod in pods}
        return sorted(pods, key=lambda pod: (keys[pod], pod))

    def _target(self, state: SearchState, pods: Sequence[Pod]) -> int:
        names, _ = self._partners[pods[0][0]]
        if names and self._draws.chance(50):
            return self._place_of(state, self._draws.pick(names))
        allowed = np.flatnonzero(self._problem.allowed.row(pods[0][0])).tolist()
        return int(self._draws.pick(allowed)) if allowed else pods[0][1]

    def _nodes(self, state: SearchState, first: Pod) -> list[Pod]:
        nodes = [first[1]]
        for _ in range(self._draws.below(3)):
            names, _ = self._partners[first[0]]
            near = names and self._draws.chance(60)
            group = self._draws.pick(names) if near else self._draws.pick(self.talking)
            nodes.append(self._place_of(state, group))
        found: list[Pod] = []
        for node in dict.fromkeys(nodes):
            found += self._draws.shuffled(self._on(state, node))[: 2 + self._draws.below(6)]
        return found

    def _scattered(self, state: SearchState, first: Pod) -> list[Pod]:
        found = [first]
        found += [self._any_talking(state) for _ in range(1 + self._draws.below(4))]
        return list(dict.fromkeys(found))

    def _on(self, state: SearchState, node: int) -> list[Pod]:
        return [(group, node) for group in np.flatnonzero(state.counts[:, node]).tolist()]

    def _weight(self, group: int) -> float:
        _, ends = self._partners[group]
        return ends[-1] / len(self._problem.groups[group].pods) if ends else 0.0

    def _size(self, group: int) -> float:
        return self._sizes[group]


def _partners(problem: Problem) -> list[tuple[list[int], list[float]]]:
    """Per group, the groups that it talks to and their cumulated weights."""
    of_vertex = members(problem).lists()
    found: list[dict[int, float]] = [{} for _ in problem.groups]
    for link in problem.links:
        for one, other in ((link.client, link.server), (link.server, link.client)):
            for group in of_vertex[one]:
                for partner in of_vertex[other]:
                    if partner != group:
                        found[group][partner] = found[group].get(partner, 0.0) + link.weight
    return [(list(row), list(accumulate(row.values()))) for row in found]


def _sizes(problem: Problem) -> list[float]:
    """Per group, what a pod asks for, each resource by the largest request of it."""
    if not problem.groups:
        return []
    largest = np.maximum(problem.requests.max(axis=0), 1)
    return [float(size) for size in (problem.requests / largest).sum(axis=1)]


def _link_groups(problem: Problem) -> list[list[int]]:
    """Per link, the movable groups at its ends."""
    of_vertex = members(problem).lists()
    return [sorted({*of_vertex[link.client], *of_vertex[link.server]}) for link in problem.links]
