"""How many records and rows a second the ledger commits, with `synchronous=FULL`, beside SQLite.

`flows`: records of few accounts, as traffic has them. `rows`: nearly every record is a row of
counters of its own in its commit, the worst that can come. Each by positions (as from an exporter)
and by keys (as from export files). `sqlite` is the same rows added up by bare upserts into the
ledger's own table: what nothing above SQLite could be faster than.
"""

import gc
import os
import platform
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machines
from shorthaul.store import connections, readings
from shorthaul.store.ledgers import Ledger
from shorthaul.store.schemas import ADDING
from shorthaul.traffic.entries import HOUR_NANOSECONDS, Batch, Entry, Span
from shorthaul.units import TIERS, Namespace, WorkloadRef

FIRST_HOUR = 490_000
_UPSERT = f"INSERT INTO balances VALUES (?, ?, ?, ?, 1, ?, ?, 1, 0) {ADDING}"


@dataclass(frozen=True, slots=True)
class Shape:
    """Records per commit, and among how many senders and receivers they are drawn."""

    name: str
    senders: int
    receivers: int
    hours: int


SHAPES = (Shape("flows", 50, 20, 1), Shape("rows", 1000, 100, 2))


def run(records: int, per_commit: int, seed: int, folder: str | None) -> Iterator[str]:
    """Lines to print: what it ran on, then one per measurement."""
    machine = machines.machine()
    yield (
        f"{machine['processor']}, {machine['cores']} cores, load {os.getloadavg()[0]:.1f}; "
        f"python {platform.python_version()}, sqlite {sqlite3.sqlite_version}, "
        f"revision {machines.revision()}; {records} records, {per_commit} a commit, seed {seed}"
    )
    for shape in SHAPES:
        batches = _draw(shape, records, per_commit, seed)
        rows = sum(len({entry[1:4] for entry in batch.entries}) for batch in batches)
        gc.collect()
        gc.freeze()  # the drawn input is the bench's, not the ledger's, to walk over
        for name, measure in _MEASURES.items():
            with tempfile.TemporaryDirectory(dir=folder) as place:
                seconds, cpu = measure(str(Path(place) / "bench.ledger"), batches)
            yield (
                f"{shape.name:6} {name:10} {records / seconds:>10,.0f} records/s "
                f"{rows / seconds:>10,.0f} rows/s {records / cpu:>10,.0f} records/s of cpu"
            )
        gc.unfreeze()


def _draw(shape: Shape, records: int, per_commit: int, seed: int) -> list[Batch]:
    dice = random.Random(seed)
    ends = [
        WorkloadRef(Namespace(f"ns{n % 20}"), "Deployment", f"w{n}") for n in range(shape.senders)
    ]
    entries = [
        Entry(
            (FIRST_HOUR + dice.randrange(shape.hours)) * HOUR_NANOSECONDS + number,
            dice.choice(ends),
            ends[dice.randrange(shape.receivers)],
            dice.choice(TIERS),
            dice.randrange(1 << 20),
            dice.randrange(1 << 10),
            1,
            0,
            dice.randbytes(16),
        )
        for number in range(records)
    ]
    return [
        Batch("bench", tuple(entries[first : first + per_commit]))
        for first in range(0, records, per_commit)
    ]


def _by_positions(path: str, batches: list[Batch]) -> tuple[float, float]:
    numbered, first = [], 0
    for batch in batches:
        after = first + len(batch.entries)
        plain = tuple(entry._replace(key=b"") for entry in batch.entries)
        numbered.append(Batch(batch.stream, plain, Span(first, after)))
        first = after
    return _taken(path, numbered)


def _taken(path: str, batches: list[Batch]) -> tuple[float, float]:
    with Ledger(path) as ledger:
        begun = time.perf_counter(), time.process_time()
        counted = sum(ledger.take([batch]).counted for batch in batches)
        spent = time.perf_counter() - begun[0], time.process_time() - begun[1]
    given = sum(len(batch.entries) for batch in batches)
    if counted != given or readings.disagreements(path):
        raise AssertionError(f"{counted} of {given} records were counted")
    return spent


def _sqlite(path: str, batches: list[Batch]) -> tuple[float, float]:
    numbers: dict[WorkloadRef, int] = {}
    rows = [
        sorted(
            (
                entry.time_nanoseconds // HOUR_NANOSECONDS,
                numbers.setdefault(entry.source, len(numbers)),
                numbers.setdefault(entry.destination, len(numbers)),
                str(entry.tier),
                entry.bytes,
                entry.packets,
            )
            for entry in batch.entries
        )
        for batch in batches
    ]
    connection = connections.open_to_write(path)
    begun = time.perf_counter(), time.process_time()
    for some in rows:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_UPSERT, some)
        connection.execute("COMMIT")
    spent = time.perf_counter() - begun[0], time.process_time() - begun[1]
    connection.close()
    return spent


_MEASURES: dict[str, Callable[[str, list[Batch]], tuple[float, float]]] = {
    "positions": _by_positions,
    "keys": _taken,
    "sqlite": _sqlite,
}
