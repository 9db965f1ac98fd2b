"""Runs cells one after the other, each in a process of its own, and keeps a row for each.

A process has its cell's time limit and is ended with its children when that is over; that too is a
row. What is measured from outside is the whole process: interpreter, loading, solving, scoring.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import catalogue, cells, machines, rows
from benchmarks.cells import Cell
from shorthaul.errors import BadInput

GRACE_SECONDS = 60.0
Row = Mapping[str, Any]


def run(wanted: Sequence[Cell], kept: rows.Rows, *, again: bool) -> None:
    """Runs what has no row yet (or everything again), in order."""
    missing = [cell for cell in wanted if again or not kept.has(cell)]
    tell = _Progress(len(missing), len(wanted) - len(missing))
    for cell in missing:
        tell.begin(cell)
        row = run_cell(cell)
        kept.add(cell, row)
        tell.end(cell, row)


def run_cell(cell: Cell) -> Row:
    """The row of one cell."""
    try:
        catalogue.prepare(cell.world, cell.seed)
    except BadInput as reason:
        return {**_told(cell), "status": "skipped", "reason": str(reason)}
    load = os.getloadavg()[0]
    begin, before = time.perf_counter(), os.times()
    with tempfile.TemporaryDirectory() as empty:
        text, failure = _process(cell, _environment(cell, empty))
    wall, after = time.perf_counter() - begin, os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    found = {"status": "failed", "reason": failure} if failure else json.loads(text)
    return {
        **_told(cell),
        **found,
        "wall_seconds": wall,
        "cpu_seconds": used,
        "load": load,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": machines.versions(),
    }


def _environment(cell: Cell, empty: str) -> Mapping[str, str]:
    """Where code is found; with `cold=2` nothing that was compiled before is."""
    cold = {"NUMBA_CACHE_DIR": empty} if cell.option("cold", 0) > 1 else {}
    return {**os.environ, "PYTHONPATH": _path(), **cold}


def _command(cell: Cell) -> list[str]:
    """The worker, held to as many cores as the option `cores` says."""
    cores = int(cell.option("cores", 0))
    held = ["taskset", "-c", f"0-{cores - 1}"] if cores else []
    return [*held, sys.executable, "-m", "benchmarks.workers"]


def _process(cell: Cell, environment: Mapping[str, str]) -> tuple[str, str]:
    """What the process printed, or why there is nothing."""
    process = subprocess.Popen(
        _command(cell),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment,
    )
    try:
        limit = cell.limit_seconds + GRACE_SECONDS
        out, error = process.communicate(cells.to_json(cell), timeout=limit)
    except subprocess.TimeoutExpired:
        return "", f"not done after {limit:.0f} s"
    finally:
        _end(process)
    if process.returncode != 0:
        last = error.strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
        return "", last[0][:300]
    return out[out.rindex('{"status"') :], ""


def _end(process: "subprocess.Popen[str]") -> None:
    """Ends a process that still runs, with the children it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _path() -> str:
    root = Path(__file__).resolve().parents[2]
    return os.pathsep.join((str(root / "operator"), str(root / "hack")))


def _told(cell: Cell) -> Row:
    return {**asdict(cell), "options": dict(cell.options)}


class _Progress:
    """One line per cell on a terminal, nothing elsewhere."""

    def __init__(self, number: int, known: int) -> None:
        self._number = number
        self._done = 0
        self._shown = sys.stderr.isatty()
        if known:
            print(f"{known} cells have rows already", file=sys.stderr)

    def begin(self, cell: Cell) -> None:
        """Tells what runs now."""
        if self._shown:
            told = f"[{self._done + 1}/{self._number}] {cell.title} …"
            print(f"\r\033[K{told}", end="", file=sys.stderr, flush=True)

    def end(self, cell: Cell, row: Row) -> None:
        """Tells what came of it."""
        self._done += 1
        start = "\r\033[K" if self._shown else ""
        print(f"{start}[{self._done}/{self._number}] {cell.title}: {_result(row)}", file=sys.stderr)


def _result(row: Row) -> str:
    if row["status"] != "done":
        return f"{row['status']}: {row['reason']}"
    parts = [f"{row['solve_seconds']:.2f} s", f"{row['solve_peak_mebibytes']:.0f} MiB"]
    if "ratio" in row:
        parts.insert(0, f"cost {row['ratio']:.4f} of the start, {row['moved']:.1%} moved")
        parts.append(f"{row['violations']} violations")
    if "bound" in row:
        parts.insert(0, f"bound {row['bound'] / row['start_cost']:.4f}")
    return ", ".join(parts)
