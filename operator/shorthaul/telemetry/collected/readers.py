"""A source of bytes: reads the closed windows of all collectors behind one address, and bills them.

Asking and billing go on in a task of their own, so that neither a collector that does not answer
nor a large window holds the operator's cycle up; `read` gives what has come out of it since. Nor
does a collector that is silent hold up what others told: who is there is billed, and the rest when
it comes. What was billed goes into the ledger before the next window is billed, so that no more
than one has to be held; while the ledger takes nothing, nothing else is read. After a restart
everything that is still in the spools is read again, as far back as windows are kept or the ledger
lacks them; what the ledger has counts as it did.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shorthaul import metrics
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.errors import BadInput
from shorthaul.store.spans import Spans, Standing
from shorthaul.telemetry.collected import clients, speakers
from shorthaul.telemetry.collected.accounts import Account
from shorthaul.telemetry.collected.beginnings import expected_at
from shorthaul.telemetry.collected.bills import (
    Billed,
    Judging,
    Memory,
    bill_parts,
    span_of,
    stream_of,
)
from shorthaul.telemetry.collected.clients import Listed, Listing, NoAnswer, Place
from shorthaul.telemetry.collected.fetches import Fetched, Fetches
from shorthaul.telemetry.collected.rosters import Attendance, Due, Grid, Roster
from shorthaul.telemetry.collected.silences import KEPT_WINDOWS, Silences
from shorthaul.telemetry.live_books import LiveBook, to_the_end
from shorthaul.telemetry.netflow_lines import Rules
from shorthaul.telemetry.sources import Coverage, SourceHealth, SourceReading, Surroundings
from shorthaul.traffic.addresses.books import Book
from shorthaul.traffic.billed_volumes import Stretch, together
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.traffic.volume_recorders import bounded
from shorthaul.traffic.volumes import Volume
from shorthaul.units import NodeName

SLOWEST_POLL_SECONDS = 5.0
FASTEST_POLL_SECONDS = 0.5
AT_ONCE = 8
"""Collectors that are asked at the same time."""
WINDOWS_PER_POLL = 64


@dataclass(slots=True)
class _Counted:
    """Totals since the start; `told_missing` is the most that exporters' numbers were missing."""

    records: int = 0
    counting: int = 0
    refused: int = 0
    lost: int = 0
    unread: int = 0
    told_missing: int = 0
    newest_seconds: int = 0
    ledger_refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the windows of one poll are judged by; later ones wait for the next."""

    book: LiveBook
    snapshot: Snapshot
    addresses: Book


@dataclass(frozen=True, slots=True)
class _Pending:
    """A window that is billed, and not in the ledger yet."""

    due: Due
    billed: Billed
    lacking: bool
    cut: frozenset[NodeName] = frozenset()


@dataclass(frozen=True, slots=True)
class _Window:
    """All parts of one window that have come: what they told, and what they showed to be lost."""

    volume: Volume
    account: Account = field(default_factory=Account)
    damaged: bool = False


@dataclass(slots=True)
class _State:
    """What goes on between two polls."""

    memory: Memory = field(default_factory=Memory)
    windows: dict[int, _Window] = field(default_factory=dict)
    fresh: list[Volume] = field(default_factory=list)
    pending: _Pending | None = None
    silent: int = 0
    troubles: tuple[str, ...] = ()


class Collected:
    """The collectors behind one address."""

    def __init__(
        self, place: Place, around: Surroundings, rules: Rules, *, covers: bool = False
    ) -> None:
        """Store what to read and how; nothing is asked before `read`."""
        self._place, self._around, self._rules, self._covers = place, around, rules, covers
        seconds = around.rules.window_seconds
        expected = seconds * around.rules.kept_windows
        self._roster = Roster(Grid(seconds, expected_seconds=expected))
        self._fetches = Fetches(place, around.ledger)
        kept = max(KEPT_WINDOWS, around.rules.kept_windows + 1)
        self._silences = Silences(seconds, rules.longest_milliseconds / 1_000, kept)
        self._state = _State()
        self._counted = _Counted()
        self._task: asyncio.Task[None] | None = None
        self._polled = 0.0

    async def read(self) -> SourceReading:
        """What was billed since the last reading; begins the next poll when it is time."""
        if self._around.book is None:
            return SourceReading(health=SourceHealth(troubles=("addresses are not watched",)))
        task = self._task
        if task is not None and task.done():
            self._task = None
            task.result()
        pause = min(
            SLOWEST_POLL_SECONDS,
            max(FASTEST_POLL_SECONDS, self._roster.grid.seconds / 10),
        )
        if self._task is None and time.monotonic() - self._polled >= pause:
            self._task = asyncio.create_task(self._poll(self._around.book))
        await asyncio.sleep(0)
        fresh, self._state.fresh = self._state.fresh, []
        return SourceReading(volumes=tuple(fresh), health=self._health(), coverage=self._coverage())

    def close(self) -> None:
        """Gives up what goes on."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _health(self) -> SourceHealth:
        counted = self._counted
        refused = (
            f"the ledger refused {number} entries: {reason}"
            for reason, number in sorted(counted.ledger_refused.items())
        )
        return SourceHealth(
            files=len(self._roster.known),
            lines=counted.records,
            flows=counted.counting,
            bad_lines=counted.refused,
            lost_events=counted.lost - counted.told_missing + self._missing(),
            newest_nanoseconds=counted.newest_seconds * NANOSECONDS,
            silent=self._state.silent,
            troubles=(*self._state.troubles, *refused),
        )

    def _missing(self) -> int:
        """What came to no collector, or is in windows that could not be read: numbers show both."""
        return max(self._state.memory.accounts.total.lost, self._counted.unread)

    def _coverage(self) -> Coverage | None:
        """The nodes whose exporters are heard, where that is asked for."""
        snapshot = self._around.snapshot() if self._covers else None
        if snapshot is None:
            return None
        known = frozenset(snapshot.nodes)
        return Coverage(known, known & self._state.memory.points.heard)

    async def _poll(self, book: LiveBook) -> None:
        troubles: list[str] = []
        try:
            await self._settle(self._state.pending)
            await self._list(troubles)
            known = await self._look(book, troubles)
            for _ in range(WINDOWS_PER_POLL):
                if known is None or not await self._bill_next(known, troubles):
                    break
        except BadInput as error:
            troubles.append(str(error))
        self._state.troubles = tuple(troubles)
        self._polled = time.monotonic()

    async def _list(self, troubles: list[str]) -> None:
        """Asks every collector what it has."""
        addresses = await asyncio.to_thread(clients.resolve, self._place)
        room = asyncio.Semaphore(AT_ONCE)

        async def ask(address: str) -> Listing | NoAnswer:
            async with room:
                try:
                    return await asyncio.to_thread(clients.listing_of, self._place, address)
                except NoAnswer as error:
                    return error

        answers = await asyncio.gather(*map(ask, addresses))
        now, answering = time.time(), set[str]()
        for address, answer in zip(addresses, answers, strict=True):
            if isinstance(answer, NoAnswer):
                troubles.append(str(answer))
                continue
            is_new = answer.collector not in self._roster.known
            counted = await self._counted_before(answer) if is_new else ()
            if trouble := self._roster.hear(address, answer, now):
                troubles.append(trouble)
                continue
            answering.add(address)
            if is_new:
                self._roster.recall(answer.collector, counted)
                self._roster.done(self._old(answer, counted))
        self._roster.pass_over(
            [name for name, known in self._roster.known.items() if known.heard_seconds != now]
        )
        self._roster.forget(now)
        if (snapshot := self._around.snapshot()) is not None:
            expected = expected_at(self._place.host, addresses, snapshot)
            self._roster.beginning.look(expected, answering, now)
        troubles += self._roster.missed(now, self._nodes())
        self._state.silent = self._roster.silent(now, self._nodes())
        known = self._roster.known.items()
        self._fetches.forget(name for name, each in known if each.heard_seconds == now)

    async def _counted_before(self, listing: Listing) -> Sequence[Listed]:
        """The first windows that are in the ledger already; raises where that refuses."""
        if self._around.ledger is None:
            return ()
        taken = await self._around.ledger.taken(stream_of(listing.collector))
        return tuple(itertools.takewhile(lambda each: _in(taken, each), listing.windows))

    def _old(self, listing: Listing, counted: Sequence[Listed]) -> list[tuple[str, Listed]]:
        """What is too old for the map, and not wanted for the ledger either."""
        oldest = (time.time() - self._around.kept_seconds) * 1_000
        found = listing.windows if self._around.ledger is None else counted
        old = itertools.takewhile(lambda window: window.start_ms < oldest, found)
        return [(listing.collector, window) for window in old]

    async def _look(self, book: LiveBook, troubles: list[str]) -> _Known | None:
        """The cluster as it is now, and the addresses up to where they are known."""
        snapshot = self._around.snapshot()
        if snapshot is None:
            troubles.append("the cluster has not been read yet")
            return None
        now = time.time()
        async with book.lock:
            places = await to_the_end(book.places)
            await to_the_end(book.holders.look, snapshot, int(now * 1_000), places)
            heard = int((now - book.age_seconds()) * 1_000)
            return _Known(book, snapshot, await to_the_end(book.holders.know, heard))

    async def _bill_next(self, known: _Known, troubles: list[str]) -> bool:
        """Bills the next window of the grid; whether there was one."""
        due = self._roster.due(time.time(), known.addresses.known_until / 1_000)
        if due is None:
            return False
        fetched = await self._fetches.fetch(due, self._roster)
        self._roster.pass_over(fetched.failed)
        troubles += fetched.troubles
        due = fetched.due
        if not due.windows:
            return True
        book, addresses = known.book, known.addresses
        async with book.lock:
            attendance = self._attendance(fetched)
            cut = attendance.cut | speakers.unheard(fetched, self._roster.told)
            stretch = self._stretch(fetched, attendance, addresses)
            ground = await to_the_end(book.holders.ground, addresses, stretch.end_milliseconds)
            judging = Judging(
                ground,
                book.tiers(known.snapshot),
                self._rules,
                int(self._around.kept_seconds),
                self._roster.open_milliseconds(time.time()),
            )
            billed = await to_the_end(
                bill_parts, list(fetched.parts), self._state.memory, judging, stretch
            )
        if due.left_out:
            troubles.append(
                f"window {due.start_seconds}: {len(due.left_out)} windows of collectors are too "
                "many records for one; give the operator shorter windows"
            )
        troubles += billed.damages
        self._count(fetched, billed)
        await self._settle(_Pending(due, billed, fetched.lacking, cut))
        return True

    def _attendance(self, fetched: Fetched) -> Attendance:
        limit = self._around.rules.lost_share_limit
        return self._roster.attendance(fetched.due, limit, self._nodes())

    def _stretch(self, fetched: Fetched, attendance: Attendance, addresses: Book) -> Stretch:
        """The window of the grid; whole if all was told, was there, and can be judged.

        It tells of flows that began as long before it as exporters hold them back.
        """
        start = fetched.due.start_seconds
        earliest = start * 1_000 - self._rules.longest_milliseconds
        known = earliest >= addresses.known_from
        whole = known and attendance.whole and not fetched.lacking
        missing = tuple(map(str, attendance.missing))
        return Stretch(start, self._roster.grid.seconds, whole, missing)

    def _nodes(self) -> frozenset[NodeName]:
        snapshot = self._around.snapshot()
        return frozenset(snapshot.nodes if snapshot is not None else ())

    def _count(self, fetched: Fetched, billed: Billed) -> None:
        counted, due = self._counted, fetched.due
        counted.records += billed.records
        counted.counting += billed.counting
        counted.refused += billed.refused
        lost = sum(each.lost + each.undecodable for _, each in due.windows)
        unread = [(part.collector, part.listed) for part in fetched.parts if part.gone]
        for name, each in (*unread, *due.left_out):
            if self._roster.known[name].listing.numbers:
                counted.unread += each.records
            else:
                lost += each.records
        if not billed.volume.missing:
            missing = self._missing()
            lost += max(0, missing - counted.told_missing)
            counted.told_missing = max(counted.told_missing, missing)
        counted.lost += lost
        metrics.FLOW_RECORDS.labels("counted").inc(billed.counting)
        metrics.FLOW_RECORDS.labels("refused").inc(billed.refused)
        metrics.FLOW_RECORDS.labels("again").inc(billed.records - billed.counting - billed.refused)
        metrics.LOST_EVENTS.inc(lost)
        end = due.start_seconds + self._roster.grid.seconds
        counted.newest_seconds = max(counted.newest_seconds, end)

    async def _settle(self, pending: _Pending | None) -> None:
        """Puts what was billed into the ledger, and only then goes on."""
        if pending is None:
            return
        self._state.pending = pending
        if self._around.ledger is not None:
            receipt = await self._around.ledger.take(pending.billed.batches)
            self._counted.ledger_refused.update(receipt.refused)
        self._state.pending = None
        self._roster.done((*pending.due.windows, *pending.due.left_out))
        for name, exporters in pending.billed.told.items():
            self._roster.told.told(name, exporters, pending.due.start_seconds)
        heard = speakers.heard(pending.billed.told.values(), self._around.snapshot())
        changed = await to_the_end(
            self._silences.take, pending.due.start_seconds, heard, pending.cut
        )
        self._keep(pending)
        for start in changed:
            self._give(start)

    def _keep(self, pending: _Pending) -> None:
        """Gives a window on, together with what was billed of it before.

        Who is missing is what was found last. What a part was damaged by, or lost, stays, but for
        what a later part shows to have come.
        """
        rules, windows, billed = self._around.rules, self._state.windows, pending.billed
        start, volume = pending.due.start_seconds, billed.volume
        found = _Window(volume, billed.account, bool(billed.damages) or pending.lacking)
        if (before := windows.get(start)) is not None:
            told = replace(before.volume, complete=volume.complete, missing=volume.missing)
            account = Account(*map(sum, zip(before.account, billed.account, strict=True)))
            damaged = before.damaged or found.damaged
            found = _Window(together(told, volume), account, damaged)
        little = found.account.share() <= rules.lost_share_limit
        complete = volume.complete and little and not found.damaged
        volume = bounded(replace(found.volume, complete=complete), rules.pair_limit)
        windows[start] = replace(found, volume=volume)
        for old in sorted(windows)[: -rules.kept_windows]:
            del windows[old]
        self._give(start)

    def _give(self, start_seconds: int) -> None:
        """Gives a window that is kept, without the nodes that were lost though collectors told."""
        if (found := self._state.windows.get(start_seconds)) is None:
            return
        limit, volume = self._around.rules.lost_share_limit, found.volume
        if lost := self._silences.lost(start_seconds, self._nodes(), limit):
            missing = volume.missing or (self._silences.text(lost),)
            volume = replace(volume, complete=False, missing=missing)
        self._state.fresh.append(replace(volume, revision=time.monotonic_ns()))


def _in(taken: Spans, window: Listed) -> bool:
    return taken.standing(span_of(window)) is not Standing.NEW
