"""CP-SAT on the whole model: integer counts per group and node, hinted with today's placement.

Local edges are a minimum (two inequalities), uniform ones a product; each keeps at most all. Links
with a direction are not modelled. Weights are rounded to one part in 10**7 of the whole; the bound
allows for it.
"""

from math import gcd
from typing import Any

import numpy as np
from ortools.sat.python import cp_model

from benchmarks import views
from benchmarks.outcomes import Outcome, Skipped, Task
from benchmarks.views import View
from benchmarks.worlds import Bools
from shorthaul.solve.problems import Ints
from shorthaul.solve.sparse_counts import SparseCounts, from_dense
from shorthaul.units import Routing, Tier

PRECISION = 10**7
SECONDS = 20.0
WORKERS = 2
MOST_VARIABLES = 200_000
FINENESS = 10**9
Inside = tuple[Any, int]


def place(task: Task) -> Outcome:
    """The best that CP-SAT finds, and whether it proved that there is no better."""
    if any(link.routing in (Routing.ZONE, Routing.NODE) for link in task.problem.links):
        raise Skipped("CP-SAT's model has no routing with a direction")
    view = views.view(task.problem)
    if len(view.sizes) * len(view.room) > MOST_VARIABLES:
        raise Skipped("the whole model is too large for CP-SAT")
    model = cp_model.CpModel()
    counts = _counts(model, view, task.problem.start)
    scale = PRECISION / (view.weights.sum() / 2)
    terms = _terms(model, view, counts, task.problem.start.dense(), scale)
    model.maximize(sum(coefficient * kept for coefficient, kept, _ in terms))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = task.cell.option("seconds", SECONDS)
    solver.parameters.num_workers = WORKERS
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise Skipped(f"CP-SAT found nothing in time: {solver.status_name(status)}")
    found = np.array([[solver.value(one) for one in row] for row in counts], dtype=np.int64)
    rounding = sum(most for _, _, most in terms) / 2
    kept = (solver.best_objective_bound + rounding) / scale
    figures = {
        "proven": status == cp_model.OPTIMAL,
        "bound": _constant(task) - kept,
        "bound_method": "CP-SAT",
    }
    return Outcome(task.problem, (from_dense(found),), figures)


def _counts(model: Any, view: View, start: SparseCounts) -> list[list[Any]]:
    """A variable for each group and node, within room, reach and the mosts."""
    dense = start.dense()
    found = []
    for group, size in enumerate(view.sizes.tolist()):
        most = min(size, int(view.most_per_node[group]))
        row = [
            model.new_int_var(0, most if view.open[view.classes[group], node] else 0, "")
            for node in range(len(view.room))
        ]
        model.add(sum(row) == size)
        for zone in (
            range(int(view.levels[2].max()) + 1) if view.most_per_zone[group] < size else ()
        ):
            inside = [one for one, where in zip(row, view.levels[2], strict=True) if where == zone]
            model.add(sum(inside) <= int(view.most_per_zone[group]))
        for one, value in zip(row, dense[group].tolist(), strict=True):
            model.add_hint(one, value)
        found.append(row)
    for kind, room in enumerate(view.room.T):
        unit = max(1, int(room.max()) // FINENESS)
        asked = (-(-view.requests[:, kind] // unit)).tolist()
        for node, most in enumerate((room // unit).tolist()):
            model.add(sum(a * row[node] for a, row in zip(asked, found, strict=True)) <= most)
    return found


def _terms(
    model: Any, view: View, counts: list[list[Any]], start: Ints, scale: float
) -> list[tuple[int, Any, int]]:
    """What each edge keeps in each group of nodes: the worth of a unit, the variable, its most."""
    found = []
    rows = np.repeat(np.arange(len(view.sizes)), np.diff(view.offsets))
    for level, step in zip(view.levels, _steps(view), strict=True):
        if step <= 0:
            continue
        groups = [level == where for where in range(int(level.max()) + 1)]
        inside = [_inside_all(model, counts, where, start) for where in groups]
        for edge in np.flatnonzero(rows < view.others).tolist():
            ends = int(rows[edge]), int(view.others[edge])
            pairs = [(here[ends[0]], here[ends[1]]) for here in inside]
            sizes = int(view.sizes[ends[0]]), int(view.sizes[ends[1]])
            kept, most = _kept(model, pairs, sizes, bool(view.aligned[edge]))
            worth = round(step * view.weights[edge] / most * scale)
            found += [(worth, one, most) for one in kept]
    return found


def _kept(
    model: Any, pairs: list[tuple[Inside, Inside]], sizes: tuple[int, int], aligned: bool
) -> tuple[list[Any], int]:
    """What one edge keeps in each group of nodes, in units of which it has `most` in all.

    A product with a number that is 0 or 1 is a minimum too, and that is linear.
    """
    linear = aligned or min(sizes) == 1
    shared = gcd(*sizes) if linear else 1
    most = sizes[0] * sizes[1] // shared
    found = []
    factors = sizes[1] // shared, sizes[0] // shared
    for (one, before), (other, other_before) in pairs:
        kept = model.new_int_var(0, most, "")
        if linear:
            model.add(kept <= factors[0] * one)
            model.add(kept <= factors[1] * other)
            model.add_hint(kept, min(factors[0] * before, factors[1] * other_before))
        else:
            model.add_multiplication_equality(kept, [one, other])
            model.add_hint(kept, before * other_before)
        found.append(kept)
    model.add(sum(found) <= most)
    return found, most


def _steps(view: View) -> list[float]:
    """The steps, those of levels that divide the nodes alike added up on the inner one."""
    steps: list[float] = view.steps.tolist()
    for level in (2, 1):
        if len(np.unique(view.levels[level])) == len(np.unique(view.levels[level - 1])):
            steps[level - 1], steps[level] = steps[level - 1] + steps[level], 0.0
    return steps


def _inside_all(model: Any, counts: list[list[Any]], where: Bools, start: Ints) -> list[Inside]:
    """How many pods of each group are in a group of nodes, and how many were."""
    found = []
    for row, before in zip(counts, start, strict=True):
        members = [one for one, there in zip(row, where.tolist(), strict=True) if there]
        were, total = int(before[where].sum()), members[0]
        if len(members) > 1:
            total = model.new_int_var(0, int(before.sum()), "")
            model.add(total == sum(members))
            model.add_hint(total, were)
        found.append((total, were))
    return found


def _constant(task: Task) -> float:
    """The cost when nothing is kept within a zone; all nodes lie in one region."""
    weight = sum(link.weight for link in task.problem.links)
    return weight * task.problem.pricing.tiers[Tier.REGION]
