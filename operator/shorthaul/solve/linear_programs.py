"""Linear and mixed-integer programs by HiGHS: the only module that knows highspy.

One thread and limits counted in nodes, so that the same program gives the same answer. What a
linear program returns is never trusted by who asks: prices give a bound whatever they are. Of a
mixed-integer program the dual bound is taken, with TOLERANCE of the whole weight added, which is
far more than its tolerances allow at the scale used here.
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from shorthaul.errors import BadInput
from shorthaul.solve.problems import Ints
from shorthaul.solve.standings import Floats

SCALE = 2.0**17
TOLERANCE = 1e-7
FINEST = 1e-6
INFINITE = float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """The fullest cell found, and a worth that no cell is above."""

    counts: Ints
    most: float


class Row(NamedTuple):
    """Limits of a weighted sum: the columns in it, their amounts, the least and the most."""

    columns: Ints
    amounts: Ints
    least: float
    most: float


def available() -> bool:
    """Whether HiGHS is installed."""
    return importlib.util.find_spec("highspy") is not None


def _highs() -> Any:
    try:
        import highspy  # Slow to load, and few plans need it.
    except ImportError as error:
        raise BadInput(
            "the thorough bound of so few kinds of nodes needs highspy, which is not installed; "
            "pip install 'shorthaul[certificates]', or take the quick bound"
        ) from error

    # The class itself prints a banner when it is made, before it can be told to be silent.
    found: Any = highspy.Highs.__base__()  # type: ignore[misc]
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
        found.setOptionValue(option, value)
    return found


def _integer() -> Any:
    import highspy

    return highspy.HighsVarType.kInteger


class Covering:
    """Which contents cells should have so that all pods are placed: grows by columns.

    Maximises what is kept; each vertex's pods are placed exactly, at a price within a box when
    they are not; kinds of cells are used no more often than there are. Its duals are prices.
    """

    def __init__(self, sizes: Ints, numbers: Ints) -> None:
        self._highs = _highs()
        self._sizes = sizes
        nothing = np.zeros(0, dtype=np.int32), np.zeros(0)
        for size in sizes.tolist():
            self._highs.addRow(float(size), float(size), 0, *nothing)
        for number in numbers.tolist():
            self._highs.addRow(-INFINITE, float(number), 0, *nothing)
        for vertex in range(len(sizes)):
            row = np.array([vertex], dtype=np.int32)
            for sign in (1.0, -1.0):
                self._highs.addCol(0.0, 0.0, INFINITE, 1, row, np.array([sign]))
        self.columns = 0

    def add(self, kind: int, counts: Ints, worth: float) -> None:
        """One more content for a kind of cell."""
        rows = np.append(np.flatnonzero(counts), len(self._sizes) + kind).astype(np.int32)
        values = np.append(counts[counts > 0], 1).astype(np.float64)
        self._highs.addCol(-worth * SCALE, 0.0, INFINITE, len(rows), rows, values)
        self.columns += 1

    def solve(self, low: Floats, high: Floats) -> tuple[float, Floats, Floats, Floats]:
        """What is kept, prices of pods and of kinds of cells, and how often each content is."""
        for vertex, (least, most) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
            self._highs.changeColCost(2 * vertex, -least * SCALE)
            self._highs.changeColCost(2 * vertex + 1, most * SCALE)
        self._highs.run()
        solution = self._highs.getSolution()
        duals = -np.array(solution.row_dual) / SCALE
        used = np.array(solution.col_value)[2 * len(self._sizes) :]
        value = -float(self._highs.getInfo().objective_function_value) / SCALE
        return value, duals[: len(self._sizes)], duals[len(self._sizes) :], used


class Filling:
    """The content of one cell that is worth most at given prices, as a mixed-integer program.

    `edges` (links, 2) and `steepest` (links, 2): what one pod of either end keeps at most.
    """

    def __init__(self, room: Ints, requests: Ints, most: Ints, sizes: Ints) -> None:
        self._highs = _highs()
        self._number = len(most)
        self._sizes = sizes
        integer = _integer()
        for vertex, each in enumerate(most.tolist()):
            self._highs.addVar(0.0, float(each))
            self._highs.changeColIntegrality(vertex, integer)
        everything = np.arange(self._number, dtype=np.int32)
        for resource, limit in enumerate(room.tolist()):
            if limit > 0:
                parts = np.floor(requests[:, resource] / limit * 2.0**30) / 2.0**30
                self._highs.addRow(-INFINITE, 1.0, self._number, everything, parts)

    def connect(self, edges: Ints, weights: Floats, steepest: Floats) -> None:
        """Adds the links: each keeps no more than either end's pods let it."""
        for index, (pair, weight) in enumerate(zip(edges.tolist(), weights.tolist(), strict=True)):
            kept = self._number + index
            self._highs.addVar(0.0, 1.0)
            self._highs.changeColCost(kept, -weight * SCALE)
            for end, most in zip(pair, steepest[index].tolist(), strict=True):
                columns = np.array([kept, end], dtype=np.int32)
                self._highs.addRow(-INFINITE, 0.0, 2, columns, np.array([1.0, -most]))

    def fill(self, prices: Floats, *, slack: float, nodes: int) -> Filled:
        """The best content, to a slack, within so many nodes of the search tree."""
        for vertex, price in enumerate(prices.tolist()):
            self._highs.changeColCost(vertex, price * SCALE)
        for option, value in (
            ("mip_rel_gap", 0.0),
            ("mip_abs_gap", slack * SCALE),
            ("mip_max_nodes", nodes),
        ):
            self._highs.setOptionValue(option, value)
        self._highs.run()
        bound = -float(self._highs.getInfo().mip_dual_bound) / SCALE
        values = np.array(self._highs.getSolution().col_value[: self._number])
        if len(values) < self._number:
            values = np.zeros(self._number)
        return Filled(np.rint(values).astype(np.int64), max(0.0, bound) + TOLERANCE)


def choose(worths: Floats, most: Ints, rows: Sequence[Row], *, nodes: int) -> Ints:
    """How often to take each of some things, worth most together within `rows`, as a mixed-integer
    program that ends after so many nodes of the search tree; nothing where none was found.

    `worths` and `most` (things,): what one is worth, from 0 to 1, and how many there may be of it.
    """
    highs, integer = _highs(), _integer()
    for column, (worth, limit) in enumerate(zip(worths.tolist(), most.tolist(), strict=True)):
        highs.addVar(0.0, float(limit))
        highs.changeColCost(column, -worth * SCALE)
        highs.changeColIntegrality(column, integer)
    for row in rows:
        taken = row.columns.astype(np.int32)
        highs.addRow(row.least, row.most, len(taken), taken, row.amounts.astype(np.float64))
    highs.setOptionValue("mip_rel_gap", FINEST)
    highs.setOptionValue("mip_max_nodes", nodes)
    highs.run()
    found = np.array(highs.getSolution().col_value[: len(worths)])
    return np.rint(found).astype(np.int64) if len(found) else np.zeros(len(worths), dtype=np.int64)
