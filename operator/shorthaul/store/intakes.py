"""Sorts batches into what is counted, what was counted before and what is refused, and adds up.

Nothing is written here: an intake is what one transaction will write, whole or not at all. Every
entry given is in exactly one of `counted`, `repeated` and `refused` (by reason).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from shorthaul.store.spans import Spans, Standing
from shorthaul.traffic.entries import (
    COUNT_LIMIT,
    EARLIEST_HOUR,
    HOUR_NANOSECONDS,
    LATEST_HOUR,
    Batch,
    Entry,
    Note,
    Span,
)
from shorthaul.units import Tier, WorkloadRef

Sums = tuple[int, int, int, int, int]
"""Records, bytes, packets, connections and events; plain, since it is made for every record."""

KEY_BYTES = 16
LONGEST_STREAM = 500
NO_POSITION = "neither a position nor a key that tells a repeat"
NO_COUNT = "count below 0 or from 2^63 up"
NO_TIME = "time that is not between 2000 and 2100"
CARRIED = "hour that is kept no longer by itself"
TOO_MUCH = "sum of its account and hour would reach 2^63"


Place = tuple[int, int, int, Tier | None]
"""One row of counters: its hour, both ends as numbers of the intake's `parties`, its tier."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What was taken of a stream."""

    records: int = 0
    spans: Spans = field(default_factory=Spans)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the entries of one call."""

    counted: int = 0
    repeated: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)

    def plus(self, other: "Receipt") -> "Receipt":
        """Both together."""
        refused = Counter(self.refused) + Counter(other.refused)
        return Receipt(self.counted + other.counted, self.repeated + other.repeated, dict(refused))


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger holds already; `keys` and `stream` look it up."""

    keys: Callable[[int], set[bytes]]
    stream: Callable[[str], Stream]
    horizon: int


class Intake:
    """The batches of one transaction; `blocked` rows take no more, but what came is remembered."""

    def __init__(self, known: Known, blocked: Collection[Place] = ()) -> None:
        """Blocked places are numbered as an intake of the same batches numbers them."""
        self.sums: dict[Place, Sums] = {}
        self.parties: dict[WorkloadRef, int] = {}
        self.fresh: defaultdict[int, dict[bytes, None]] = defaultdict(dict)
        self.streams: dict[str, Stream] = {}
        self.noted: list[tuple[str, Span, Note]] = []
        self.memories: list[tuple[int, bytes]] = []
        self._known = known
        self._blocked = frozenset(blocked)
        self._numbers: dict[int, int] = {}
        self._batches: list[Batch] = []
        self._repeated = 0
        self._refused: Counter[str] = Counter()
        self._seen: dict[int, set[bytes]] = {}

    def add(self, batch: Batch) -> None:
        """Sorts one batch."""
        self._batches.append(batch)
        stream = self.streams.get(batch.stream) or self._known.stream(batch.stream)
        if len(batch.stream) > LONGEST_STREAM:
            self._refused[f"stream name over {LONGEST_STREAM} letters"] += len(batch.entries)
            return
        if batch.span is not None:
            standing = stream.spans.standing(batch.span)
            if standing is Standing.TAKEN:
                self._repeated += len(batch.entries)
                return
            if standing is not Standing.NEW:
                self._refused[standing.value] += len(batch.entries)
                return
            stream = replace(stream, spans=stream.spans.plus(batch.span))
            if batch.note is not None:
                self.noted.append((batch.stream, batch.span, batch.note))
        counted = self._add_entries(batch)
        if counted:
            kept = (each for each in batch.memories.items() if each[0] >= self._known.horizon)
            self.memories += kept
        self.streams[batch.stream] = replace(stream, records=stream.records + counted)

    def receipt(self) -> Receipt:
        """What became of all of them, if this is committed."""
        counted = sum(sums[0] for sums in self.sums.values())
        return Receipt(counted, self._repeated, dict(self._refused))

    def _add_entries(self, batch: Batch) -> int:
        sums, numbers, blocked = self.sums, self._numbers, self._blocked
        horizon, limit, counted = self._known.horizon, COUNT_LIMIT, 0
        without_span = batch.span is None
        for entry in batch.entries:
            time, source, destination, tier, octets, packets, connections, events, key = entry
            hour = time // HOUR_NANOSECONDS
            if hour < horizon or not 0 <= (octets | packets | connections | events) < limit:
                self._refused[_reason(entry, horizon)] += 1
                continue
            if not EARLIEST_HOUR <= hour < LATEST_HOUR:
                self._refused[NO_TIME] += 1
                continue
            if key:
                if not self._is_new(hour, key):
                    continue
            elif without_span:
                self._refused[NO_POSITION] += 1
                continue
            sender = numbers.get(id(source)) or self._number(source)
            receiver = numbers.get(id(destination)) or self._number(destination)
            place = (hour, sender, receiver, tier)
            row = sums.get(place)
            if row is not None:
                records, octets_before, packets_before, connections_before, events_before = row
                sums[place] = (
                    records + 1,
                    octets_before + octets,
                    packets_before + packets,
                    connections_before + connections,
                    events_before + events,
                )
            elif place in blocked:
                self._refused[TOO_MUCH] += 1
                continue
            else:
                sums[place] = (1, octets, packets, connections, events)
            counted += 1
        return counted

    def _number(self, ref: WorkloadRef) -> int:
        """Numbers ends from 1 in the order of their coming.

        Few objects stand for many records, and finding one by its identity costs a tenth of
        hashing its names; they live as long as `_batches`.
        """
        number = self.parties.setdefault(ref, len(self.parties) + 1)
        self._numbers[id(ref)] = number
        return number

    def _is_new(self, hour: int, key: bytes) -> bool:
        if len(key) != KEY_BYTES:
            self._refused[NO_POSITION] += 1
            return False
        seen = self._seen.get(hour)
        if seen is None:
            seen = self._seen[hour] = self._known.keys(hour)
        fresh = self.fresh[hour]
        if key in seen or key in fresh:
            self._repeated += 1
            return False
        fresh[key] = None
        return True


def _reason(entry: Entry, horizon: int) -> str:
    hour = entry.time_nanoseconds // HOUR_NANOSECONDS
    if not EARLIEST_HOUR <= hour < LATEST_HOUR:
        return NO_TIME
    return CARRIED if hour < horizon else NO_COUNT
