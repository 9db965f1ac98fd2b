"""What a method hands back: placements to be scored, and figures of its own.

A method that sweeps (a frontier) hands back several placements, the others one. `problem` is the
problem that they answer, which is not the posed one where the method changed the start or the
routing. `Skipped` says why there is nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.cells import Cell
from benchmarks.worlds import World
from shorthaul.errors import BadInput
from shorthaul.solve.problems import Problem
from shorthaul.solve.sparse_counts import SparseCounts

Figures = Mapping[str, float | str | bool]


class Skipped(BadInput):
    """A method cannot run here or on this problem; the text says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What a method is given."""

    cell: Cell
    world: World
    problem: Problem


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What it found."""

    problem: Problem
    placements: tuple[SparseCounts, ...] = ()
    figures: Figures = field(default_factory=dict)
