"""The ledger's one writer: batches in, counters and positions on disk in one transaction.

Exact under replay: what tells a repeat (positions of a stream, keys of an hour) is committed with
the counters it belongs to, so a process that is killed at any moment finds either both or neither,
and whoever gives the same records again changes nothing. When the disk takes no more, the batch is
refused as a whole and `refusing` says why; the next one is tried again. After any failure nothing
held in memory is trusted: it is read again from the file.
"""

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Self, TypeVar

from shorthaul.store import connections, retention
from shorthaul.store.intakes import Intake, Known, Place, Receipt, Stream
from shorthaul.store.key_sets import KeySets
from shorthaul.store.schemas import ADDING, COUNTS
from shorthaul.store.spans import Spans, spans_of
from shorthaul.traffic.entries import COUNT_LIMIT, UNATTRIBUTED, UNKNOWN_TIER, Batch, Key, Span
from shorthaul.units import TIERS, Tier, WorkloadRef

CACHED_PARTIES = 1 << 17
CACHED_STREAMS = 1 << 14
_ADD = f"INSERT INTO balances VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) {ADDING}"
_REMEMBER = (
    "INSERT INTO memories SELECT ?1, coalesce(max(part) + 1, 0), ?2 FROM memories WHERE hour = ?1"
)
_TIER_NAMES: Mapping[Tier | None, str] = {None: UNKNOWN_TIER, **{each: str(each) for each in TIERS}}
"""Plain texts: sqlite3 asks its adapters about any value of a derived type, for each row."""

_Result = TypeVar("_Result")


class Ledger:
    """A ledger that this process writes; a context manager, opened where the block begins."""

    def __init__(self, path: str) -> None:
        self.refusing = ""
        self._path = path
        self._lock = -1
        self._open: _OpenLedger | None = None

    def __enter__(self) -> Self:
        self._lock = connections.lock(self._path)
        try:
            self._opened()
        except BaseException:
            self._let_go()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go()

    def take(self, batches: Sequence[Batch]) -> Receipt:
        """Counts batches, all in one transaction; raises Refusing when none was counted."""
        return self._do(lambda held: held.take(batches))

    def taken(self, stream: str) -> Spans:
        """The positions of a stream that are counted."""
        return self._do(lambda held: held.taken(stream))

    def note(self, stream: str, span: Span) -> bytes | None:
        """What was noted with a span that is counted; None if nothing was, or it is forgotten."""
        return self._do(lambda held: held.note(stream, span))

    def has(self, hour: int, keys: Sequence[Key]) -> frozenset[Key]:
        """Which of some keys of an hour are counted."""
        return self._do(lambda held: held.has(hour, keys))

    def memories(self, hours: range) -> list[bytes]:
        """What was given to be kept with these hours, by them and in its order."""
        return self._do(lambda held: held.memories(hours))

    def carry(self, before_hour: int) -> int:
        """Rolls hours before one into the totals; gives the number of rows that went there."""
        return self._do(lambda held: held.carry(before_hour))

    def _do(self, act: Callable[["_OpenLedger"], _Result]) -> _Result:
        try:
            with connections.explained(self._path):
                result = act(self._opened())
        except BaseException as error:
            self._drop()
            self.refusing = str(error) if isinstance(error, connections.Refusing) else ""
            raise
        self.refusing = ""
        return result

    def _opened(self) -> "_OpenLedger":
        if self._open is None:
            self._open = _OpenLedger(connections.open_to_write(self._path))
        return self._open

    def _drop(self) -> None:
        if self._open is not None:
            self._open.connection.close()
            self._open = None

    def _let_go(self) -> None:
        self._drop()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


class _OpenLedger:
    """An open connection with what is known of its file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._keys = KeySets(connection)
        self._parties: dict[WorkloadRef, int] = {}
        self._streams: dict[str, Stream] = {}

    def take(self, batches: Sequence[Batch]) -> Receipt:
        intake = self._sorted(batches, ())
        try:
            self._write(intake)
        except (sqlite3.IntegrityError, OverflowError):
            self.connection.execute("ROLLBACK")
            self._parties.clear()
            intake = self._sorted(batches, self._too_large(intake))
            self._write(intake)
        self._keys.remember(intake.fresh)
        self._remember_streams(intake)
        return intake.receipt()

    def taken(self, stream: str) -> Spans:
        return self._stream(stream).spans

    def note(self, stream: str, span: Span) -> bytes | None:
        row = self.connection.execute(
            "SELECT content FROM notes WHERE (stream, first, after) = (?, ?, ?)", (stream, *span)
        ).fetchone()
        return None if row is None else row[0]

    def has(self, hour: int, keys: Sequence[Key]) -> frozenset[Key]:
        return frozenset(self._keys.of(hour).intersection(keys))

    def memories(self, hours: range) -> list[bytes]:
        rows = self.connection.execute(
            "SELECT content FROM memories WHERE hour >= ? AND hour < ? ORDER BY hour, part",
            (hours.start, hours.stop),
        )
        return [content for (content,) in rows]

    def carry(self, before_hour: int) -> int:
        rows = retention.carry(self.connection, before_hour)
        self._keys = KeySets(self.connection)
        return rows

    def _sorted(self, batches: Sequence[Batch], blocked: Sequence[Place]) -> Intake:
        horizon = retention.horizon(self.connection)
        intake = Intake(Known(self._keys.of, self._stream, horizon), blocked)
        for batch in batches:
            intake.add(batch)
        return intake

    def _write(self, intake: Intake) -> None:
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        ids = [0, *map(self._party, intake.parties)]
        rows = [
            (hour, ids[source], ids[destination], _TIER_NAMES[tier], *sums)
            for (hour, source, destination, tier), sums in intake.sums.items()
        ]
        rows.sort()  # in the order of the table, so that neighbours share a page
        self.connection.executemany(_ADD, rows)
        self._keys.write(intake.fresh)
        self.connection.executemany(
            "INSERT OR REPLACE INTO streams VALUES (?, ?, ?)",
            [
                (name, stream.records, stream.spans.as_text())
                for name, stream in intake.streams.items()
            ],
        )
        self._write_notes(intake)
        self.connection.executemany(_REMEMBER, intake.memories)
        execute("COMMIT")

    def _write_notes(self, intake: Intake) -> None:
        self.connection.executemany(
            "INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?, ?)",
            [
                (stream, *span, note.time_seconds, note.content)
                for stream, span, note in intake.noted
            ],
        )
        if intake.noted:
            oldest = max(note.time_seconds - note.kept_seconds for _, _, note in intake.noted)
            self.connection.execute("DELETE FROM notes WHERE time < ?", (oldest,))

    def _too_large(self, intake: Intake) -> list[Place]:
        refs = [UNATTRIBUTED, *intake.parties]
        return [
            place
            for place, sums in intake.sums.items()
            if not self._fits((refs[place[1]], refs[place[2]]), place, sums)
        ]

    def _fits(
        self, ends: tuple[WorkloadRef, WorkloadRef], place: Place, sums: Sequence[int]
    ) -> bool:
        found = self.connection.execute(
            f"SELECT {COUNTS} FROM balances"
            " JOIN parties s ON s.id = source JOIN parties d ON d.id = destination"
            " WHERE hour = ? AND tier = ? AND (s.namespace, s.kind, s.name) = (?, ?, ?)"
            " AND (d.namespace, d.kind, d.name) = (?, ?, ?)",
            (place[0], place[3] or UNKNOWN_TIER, *_names(ends[0]), *_names(ends[1])),
        ).fetchone() or (0,) * len(sums)
        return all(held + more < COUNT_LIMIT for held, more in zip(found, sums, strict=True))

    def _party(self, ref: WorkloadRef) -> int:
        known = self._parties.get(ref)
        if known is not None:
            return known
        if len(self._parties) >= CACHED_PARTIES:
            self._parties.clear()
        execute, names = self.connection.execute, _names(ref)
        execute("INSERT OR IGNORE INTO parties (namespace, kind, name) VALUES (?, ?, ?)", names)
        row = execute("SELECT id FROM parties WHERE (namespace, kind, name) = (?, ?, ?)", names)
        number: int = row.fetchone()[0]
        self._parties[ref] = number
        return number

    def _stream(self, name: str) -> Stream:
        known = self._streams.get(name)
        if known is not None:
            return known
        row = self.connection.execute(
            "SELECT records, spans FROM streams WHERE name = ?", (name,)
        ).fetchone()
        return Stream() if row is None else Stream(row[0], spans_of(row[1]))

    def _remember_streams(self, intake: Intake) -> None:
        self._streams.update(intake.streams)
        if len(self._streams) > CACHED_STREAMS:
            self._streams.clear()


def _names(ref: WorkloadRef) -> tuple[str, str, str]:
    return ref.namespace, ref.kind, ref.name
