"""What one level of the network holds of each vertex, in a model of CP-SAT."""

from typing import Any

import numpy as np

from shorthaul.solve.members import members
from shorthaul.solve.problems import Ints, Link, Problem

Sum = Any  # ortools has no type for "variable, sum or number".


class Level:
    """Pods of each vertex by cell of one level: those that are known, and the variables."""

    def __init__(self, counts: list[list[Sum]], problem: Problem, cell_of_node: Ints) -> None:
        self.sizes = problem.sizes
        width = int(cell_of_node.max(initial=-1)) + 1
        background = problem.background.dense()
        self._steady = np.zeros((background.shape[0], width), dtype=np.int64)
        for node, cell in enumerate(cell_of_node.tolist()):
            if cell >= 0:
                self._steady[:, cell] += background[:, node]
        self._loose: list[dict[int, Sum]] = [{} for _ in range(background.shape[0])]
        for vertex, groups in enumerate(members(problem).lists()):
            for group in groups:
                for cell, count in zip(cell_of_node.tolist(), counts[group], strict=True):
                    if cell < 0:
                        continue
                    if isinstance(count, int):
                        self._steady[vertex, cell] += count
                    else:
                        self._loose[vertex][cell] = self._loose[vertex].get(cell, 0) + count

    def kept(self, link: Link, linear: bool) -> tuple[int, list[tuple[Sum, Sum]]]:
        """The pairs of pods that the known cells keep, and the pods of both ends elsewhere."""
        client, server = link.client, link.server
        one, other = self._steady[client], self._steady[server]
        if linear:
            pairs = np.minimum(one * self.sizes[server], other * self.sizes[client])
        else:
            pairs = one * other
        open_ = sorted(self._loose[client].keys() | self._loose[server].keys())
        steady = int(pairs.sum()) - int(pairs[open_].sum())
        return steady, [(self._pods(client, cell), self._pods(server, cell)) for cell in open_]

    def _pods(self, vertex: int, cell: int) -> Sum:
        return int(self._steady[vertex, cell]) + self._loose[vertex].get(cell, 0)
