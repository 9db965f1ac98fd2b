"""Every fact counts once, whoever is silent for a while, and however often the operator restarts.

The parts that decide are real: who is asked for what, what counts, and the ledger's file. Only the
network between operator and collectors is a schedule of who answers when.
"""

import gzip
import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.store import connections, readings
from shorthaul.store.ledgers import Ledger
from shorthaul.store.spans import Standing
from shorthaul.telemetry.collected.bills import (
    Judging,
    Memory,
    Part,
    bill_parts,
    span_of,
    stream_of,
)
from shorthaul.telemetry.collected.clients import Listed, Listing
from shorthaul.telemetry.collected.rosters import Grid, Roster
from shorthaul.telemetry.collected.silences import Silences
from shorthaul.telemetry.collectors.sinks import line_of
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow_lines import Rules
from shorthaul.traffic.billed_volumes import Stretch
from shorthaul.units import Tier
from telemetry.collected.spools_made import record
from telemetry.collected.surroundings import World, pods_at

START, SECONDS, WINDOWS = 1_800_000_000, 10, 8
NODES = {"a": "10.0.0.1", "b": "10.0.0.2"}
FAR, NEAR = ("10.1.0.1", "10.1.0.2"), ("10.1.0.3", "10.1.0.4")
"""Pods on two nodes, whose traffic both nodes tell of, and on one, whose traffic only that does."""
TIMES = Grid(SECONDS)


def world():
    pods = pods_at([FAR[0], *NEAR], "n1")
    (far,) = pods_at([FAR[1]], "n2").values()
    ref = far.ref.__class__("shop", "far")
    pods[ref] = far.__class__(ref, "uid-far", far.workload, "n2", addresses=(FAR[1],))
    found = World(pods, (("n1", NODES["a"]), ("n2", NODES["b"])))
    for pod in pods.values():
        found.holders.see(None, pod, (START - 3_600) * 1_000)
    found.holders.look(found.snapshot, (START - 3_600) * 1_000)
    return found


def size_of(second):
    return 1_000 + second * 7 % 501


def told(ends, seconds, lag):
    """Each second of traffic, by the window in which it is told: later by a lag."""
    found = {}
    for second in range(seconds):
        moment = (START + second) * 1_000 + 999
        window = (second + 1 + lag) // SECONDS
        found.setdefault(window, []).append(record(*ends, size_of(second), moment))
    return found


def windows_of(collector, lag):
    """A collector's windows, as it lists them and as they are fetched."""
    seconds = (WINDOWS - 2) * SECONDS
    far = told(FAR, seconds, lag)
    near = told(NEAR, seconds, lag) if collector == "a" else {}
    for number in range(WINDOWS):
        records = far.get(number, []) + near.get(number, [])
        lines = [msgspec.json.encode(line_of(one, lambda _: sender(collector))) for one in records]
        begin = (START + number * SECONDS) * 1_000
        listed = Listed(begin, begin + SECONDS * 1_000, len(lines), complete=True)
        yield listed, gzip.compress(b"".join(line + b"\n" for line in lines), 1)


def sender(collector):
    return Sender(NODES[collector], 2_055)


SENT = sum(map(size_of, range((WINDOWS - 2) * SECONDS)))


@dataclass
class Operator:
    """One process that reads the collectors and writes the ledger; what it knows goes with it."""

    ledger: Ledger
    world: World = field(default_factory=world)
    roster: Roster = field(default_factory=lambda: Roster(TIMES))
    memory: Memory = field(default_factory=Memory)
    silences: Silences = field(default_factory=lambda: Silences(SECONDS, 60))
    volumes: dict = field(default_factory=dict)

    def poll(self, spools, now, answering):
        for number, name in enumerate(sorted(answering), start=1):
            closed = tuple(one for one, _ in spools[name] if one.end_ms <= now * 1_000)
            is_new, listing = name not in self.roster.known, Listing(name, SECONDS, closed)
            assert self.roster.hear(f"127.0.0.{number} of {name}", listing, now) == ""
            if is_new:
                self.roster.recall(name, self._counted_before(name, closed))
        self.roster.pass_over([name for name in self.roster.known if name not in answering])
        self.roster.forget(now)
        while (due := self.roster.due(now, now)) is not None:
            self._bill(due, spools, now)

    def _bill(self, due, spools, now):
        parts = [
            Part(name, listed, dict(spools[name])[listed], self._note(name, listed))
            for name, listed in due.windows
        ]
        attendance = self.roster.attendance(due, 1.0, {"n1", "n2"})
        stretch = Stretch(
            due.start_seconds, SECONDS, attendance.whole, tuple(map(str, attendance.missing))
        )
        holders = self.world.holders
        ground = holders.ground(holders.know(now * 1_000), stretch.end_milliseconds)
        judging = Judging(
            ground,
            lambda one, other: Tier.ZONE,
            Rules(60_000),
            open_milliseconds=self.roster.open_milliseconds(now),
        )
        billed = bill_parts(parts, self.memory, judging, stretch)
        assert self.ledger.take(billed.batches).refused == {}
        self.roster.done(due.windows)
        for name, exporters in billed.told.items():
            self.roster.told.told(name, exporters, due.start_seconds)
        heard = {node for exporters in billed.told.values() for node in exporters.values()}
        self.silences.take(due.start_seconds, heard, attendance.cut)
        self.volumes[due.start_seconds] = billed.volume

    def _counted_before(self, name, closed):
        taken = self.ledger.taken(stream_of(name))
        return [one for one in closed if taken.standing(span_of(one)) is not Standing.NEW]

    def _note(self, name, listed):
        return self.ledger.note(stream_of(name), span_of(listed))


def counted(path):
    """Bytes in the ledger between the two far pods, and between the two near ones."""
    with connections.reading(path) as connection:
        rows = connection.execute(
            "SELECT d.name, sum(bytes) FROM balances JOIN parties d ON d.id = destination"
            " GROUP BY d.name"
        ).fetchall()
    found = dict(rows)
    return found.get("at-10-1-0-2", 0), found.get("at-10-1-0-4", 0)


rounds = st.lists(
    st.tuples(st.sampled_from(["ab", "ab", "a", "b", ""]), st.sampled_from([False] * 4 + [True])),
    min_size=WINDOWS,
    max_size=WINDOWS,
)


def run(lags, schedule):
    """Polls once a window, then until all is read; what the ledger had after each."""
    spools = {name: list(windows_of(name, lag)) for name, lag in zip("ab", lags, strict=True)}
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "a.ledger")
        operator = Operator(Ledger(path).__enter__())
        last = [("ab", False), ("ab", True), ("ab", False)]
        for number, (answering, restarts) in enumerate([*schedule, *last], start=1):
            if restarts:
                operator.ledger.__exit__(None, None, None)
                operator = Operator(Ledger(path).__enter__())
            now = START + number * SECONDS + 16.0
            operator.poll(spools, now, "ab" if restarts else answering)
            found.append(counted(path))
        assert readings.disagreements(path) == []
        operator.ledger.__exit__(None, None, None)
    return found, operator


@settings(max_examples=20, deadline=None)
@given(rounds)
def test_two_nodes_that_cut_alike_count_each_byte_once_whoever_is_silent(schedule):
    found, operator = run((0, 0), schedule)

    for before, after in itertools.pairwise(found):
        assert before[0] <= after[0] <= SENT
        assert before[1] <= after[1] <= SENT
    assert found[-1] == (SENT, SENT)
    assert all(volume.complete for volume in operator.volumes.values())
    spoken = [start for start in operator.volumes if start < START + (WINDOWS - 2) * SECONDS]
    assert all(not operator.silences.lost(start, {"n1", "n2"}, 0.0) for start in spoken)


@settings(max_examples=20, deadline=None)
@given(rounds, st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_two_nodes_that_are_out_of_step_count_no_byte_twice(schedule, lags):
    found, _ = run(lags, schedule)

    assert all(far <= SENT and near <= SENT for far, near in found)
    assert found[-1][1] == SENT


@pytest.mark.parametrize("silent", ["a", "b"])
def test_a_window_says_whom_it_is_without_until_that_one_has_told(silent):
    other = "ab".replace(silent, "")
    spools = {name: list(windows_of(name, 0)) for name in "ab"}
    with tempfile.TemporaryDirectory() as folder, Ledger(f"{folder}/a.ledger") as ledger:
        operator = Operator(ledger)
        operator.poll(spools, START + 40.0, "ab")
        operator.poll(spools, START + 76.0, other)
        window = START + 50
        without = operator.volumes[window]
        operator.poll(spools, START + 80.0, "ab")

    node = {"a": "n1", "b": "n2"}[silent]
    assert without.missing == (f"collector {silent} (node {node})",)
    assert not without.complete
    assert operator.volumes[window].complete
