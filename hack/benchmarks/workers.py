"""What runs in a cell's own process: pose, warm up, solve under the clock, score, tell.

The clock and the peak of memory are read right after the method returned, before anything is
scored. Before it the same method ran once on a tiny world, so that compiled code is loaded; what
that took is told too, and with the option `cold` it is left out. The row goes to standard output
as one line of JSON.
"""

import json
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks import catalogue, cells, methods, posing, scorers
from benchmarks.cells import Cell
from benchmarks.outcomes import Outcome, Skipped, Task
from shorthaul.errors import BadInput
from shorthaul.solve.problems import Problem
from shorthaul.solve.sparse_counts import SparseCounts

WARMING_WORLD = "tiny24"
WARMING_SECONDS = 1.0
COLD = ("cpsat", "start", "published-rasa", "published-applsci19", "published-pop")


@dataclass(frozen=True, slots=True)
class _Spent:
    """What one call used."""

    wall_seconds: float
    cpu_seconds: float
    peak_mebibytes: float


def main() -> int:
    """Runs the cell on standard input."""
    cell = cells.from_json(sys.stdin.read())
    try:
        row = _run(cell)
    except (Skipped, BadInput) as reason:
        row = {"status": "skipped", "reason": str(reason)}
    json.dump(row, sys.stdout)
    return 0


def _run(cell: Cell) -> Mapping[str, Any]:
    method = methods.named(cell.method)
    task = _task(cell)
    warmed, loaded = _warm(cell, method), _peak()
    begin = _now()
    outcome = method(task)
    spent = _spent(begin)
    row = {
        "status": "done",
        "solve_seconds": spent.wall_seconds,
        "solve_cpu_seconds": spent.cpu_seconds,
        "solve_peak_mebibytes": spent.peak_mebibytes,
        "posed_mebibytes": loaded,
        "warming_seconds": warmed,
        "pods": int(task.problem.start.amounts.sum()),
        "nodes": len(task.problem.nodes),
        **outcome.figures,
    }
    return {**row, **_scored(task, outcome)}


def _task(cell: Cell) -> Task:
    world = catalogue.world(cell.world, cell.seed)
    hosts = int(cell.option("least_hosts", 1))
    return Task(cell, world, posing.pose(world, cell.routing, least_hosts=hosts))


def _warm(cell: Cell, method: methods.Method) -> float:
    """Runs the method on a tiny world, so that what is compiled is there; 0 where it is not."""
    if cell.method in COLD or cell.option("cold", 0):
        return 0.0
    options = {**cell.options, "seconds": WARMING_SECONDS, "rounds": 1, "turns": 1}
    tiny = Cell(WARMING_WORLD, cell.routing, cell.method, options=options)
    begin = time.perf_counter()
    method(_task(tiny))
    return time.perf_counter() - begin


def _scored(task: Task, outcome: Outcome) -> Mapping[str, Any]:
    start = scorers.score(task.problem, task.problem.start)
    points = [_point(outcome.problem, one, start.cost) for one in outcome.placements]
    row: dict[str, Any] = {"start_cost": start.cost, "start_host_share": start.shares["host"]}
    if len(points) > 1:
        row["points"] = points
    return {**row, **(points[-1] if points else {})}


def _point(problem: Problem, counts: SparseCounts, start: float) -> Mapping[str, Any]:
    found = scorers.score(problem, counts)
    return {
        "digest": _digest(counts),
        "cost": found.cost,
        "ratio": found.cost / start if start else 1.0,
        "host_share": found.shares["host"],
        "shares": dict(found.shares),
        "moves": found.moves,
        "moved": found.moves / max(1, found.pods),
        "violations": found.violations,
        "largest_load": found.largest_load,
        "broken": list(found.broken),
    }


def _digest(counts: SparseCounts) -> str:
    """What tells one placement from another."""
    arrays = (counts.offsets, counts.nodes, counts.amounts)
    return sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:16]


def _now() -> tuple[float, float]:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = sum(one.ru_utime + one.ru_stime for one in (own, children))
    return time.perf_counter(), used


def _spent(begin: tuple[float, float]) -> _Spent:
    wall, cpu = _now()
    return _Spent(wall - begin[0], cpu - begin[1], _peak())


def _peak() -> float:
    """The most memory that the process held so far, or the largest of its children.

    Not the rusage of the process itself: that remembers what its parent held when it forked.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    told = Path("/proc/self/status").read_text().splitlines()
    own = next(int(line.split()[1]) for line in told if line.startswith("VmHWM"))
    return max(own, children) / 1024


if __name__ == "__main__":
    sys.exit(main())
