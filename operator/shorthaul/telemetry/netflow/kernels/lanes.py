"""Domains that the compiled reader may take messages of by itself, as it sees them.

A lane is a copy: what its domain knows is put into it after each message that was decoded the long
way, and what the compiled reader did is put back before anybody looks. So lanes may be dropped at
any time, and are when there are more domains than lanes: the next message goes the long way.
"""

import ctypes
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from shorthaul.telemetry.netflow.arrivals import KEY_BYTES, Arrivals
from shorthaul.telemetry.netflow.exporters import Domain, Exporter
from shorthaul.telemetry.netflow.kernels import library
from shorthaul.telemetry.netflow.plans import Plan
from shorthaul.telemetry.netflow.reasons import Reason
from shorthaul.telemetry.netflow.records import LAYOUT, Batch
from shorthaul.telemetry.netflow.version5 import PLAN as PLAN5

LANES = 4_096
PLANS, REMEMBERED = 16, 16
VERSIONS = (5, 9, 10)
TAKEN = 3 + len(VERSIONS)
FOREVER = (1 << 63) - 1


class _Known(ctypes.Structure):
    _fields_ = (("plan", ctypes.c_void_p), ("until", ctypes.c_int64), ("id", ctypes.c_uint64))


class _Numbered(ctypes.Structure):
    _fields_ = (("number", ctypes.c_uint32), ("records", ctypes.c_uint32))


class _Lane(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("marks", "samplers")),
        *((name, ctypes.c_int64) for name in ("boot", "told_boot")),
        *((name, ctypes.c_uint32) for name in ("exporter", "domain", "sampling")),
        *((name, ctypes.c_uint32) for name in ("sampler_number", "next", "plans")),
        *((name, ctypes.c_uint32) for name in ("units", "messages")),
        *((name, ctypes.c_uint64) for name in ("call", "touched")),
        ("after", ctypes.c_int32),
        ("version", ctypes.c_uint16),
        *((name, ctypes.c_uint8) for name in ("ends", "spare")),
        ("key", ctypes.c_uint8 * KEY_BYTES),
        ("spare2", ctypes.c_uint8 * 4),
        ("known", _Known * PLANS),
        ("last", _Numbered * REMEMBERED),
    )


class _Table(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("lanes", "heads")),
        *((name, ctypes.c_uint64) for name in ("mask", "call", "moment")),
    )


class _Arrived(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_void_p) for name in ("data", "places", "lengths", "keys"))


class _Told(ctypes.Structure):
    _fields_ = (
        ("counts", ctypes.c_int64 * (TAKEN + library.COUNTS)),
        ("lanes_touched", ctypes.c_int64),
        ("touched", ctypes.c_void_p),
    )


class Taken(NamedTuple):
    """What came of some messages: which comes next, counts, and the exporters by when last heard.

    `versions` counts messages by their version.
    """

    next: int
    bytes: int
    records: int
    flows: int
    versions: dict[int, int]
    refused: dict[Reason, int]
    exporters: list[Exporter]


class Lanes:
    """All lanes of one decoder; not for two threads at once."""

    def __init__(self) -> None:
        self._library = library.lanes_library(
            *(ctypes.sizeof(kind) for kind in (_Lane, _Table, _Told))
        )
        self._lanes = (_Lane * LANES)()
        self._heads = (ctypes.c_int32 * (2 * LANES))(*(-1 for _ in range(2 * LANES)))
        self._touched = (ctypes.c_int32 * LANES)()
        self._table = _Table(
            ctypes.addressof(self._lanes), ctypes.addressof(self._heads), 2 * LANES - 1
        )
        self._told = _Told(touched=ctypes.addressof(self._touched))
        self._owners: list[tuple[Exporter, Domain, object] | None] = [None] * LANES
        self._hand = 0
        self._arrivals: Arrivals | None = None
        self._arrived = _Arrived()
        self._batch: Batch | None = None
        self._base = 0

    def take(self, arrivals: Arrivals, begin: int, now: int, batch: Batch) -> Taken:
        """Takes messages from one on, up to the first that is not plain or has no room."""
        if arrivals is not self._arrivals:
            self._arrivals, at = arrivals, library.address_of
            self._arrived = _Arrived(
                at(arrivals.data), at(arrivals.places), at(arrivals.lengths), at(arrivals.keys)
            )
        if batch is not self._batch:
            self._batch, self._base = batch, library.address_of(batch.buffer)
        following = self._library.read_messages(
            ctypes.byref(self._table),
            ctypes.byref(self._arrived),
            begin,
            arrivals.number,
            now,
            self._base + batch.length * LAYOUT.size,
            batch.room - batch.length,
            ctypes.byref(self._told),
        )
        size, *versions, records, flows = self._told.counts[:TAKEN]
        batch.length += flows
        refused = self._told.counts[TAKEN + 2 :]
        return Taken(
            next=following,
            bytes=size,
            records=records,
            flows=flows,
            versions=dict(zip(VERSIONS, versions, strict=True)),
            refused={why: n for why, n in zip(library.COUNTED, refused, strict=True) if n},
            exporters=list(self._put_back()),
        )

    def follow(self, key: bytes, exporter: Exporter, domain: Domain, lives: int) -> None:
        """Gives a domain a lane, as it is now, if messages of it may be taken.

        `lives` is how many milliseconds a template lives.
        """
        plans = list(islice(_plans(domain, lives), PLANS))
        if not key or not plans or domain.due is None or not exporter.proven:
            self.leave(domain)
            return
        if domain.lane is None:
            domain.lane = self._free(key, domain)
        elif bytes(self._lanes[domain.lane].key) != key:
            self.leave(domain)
            domain.lane = self._free(key, domain)
        lane = self._lanes[domain.lane]
        samplers = domain.rates.packed
        self._owners[domain.lane] = exporter, domain, (samplers, plans)
        lane.samplers = library.address_of_bytes(samplers) if samplers else None
        lane.sampler_number = len(domain.rates.samplers)
        lane.boot, lane.told_boot = domain.sequence.boot, domain.boot
        lane.exporter, lane.sampling = exporter.number, domain.rates.domain
        lane.next, lane.ends = domain.due, domain.numbering is not None and domain.numbering.after
        lane.plans = len(plans)
        for known, (number, plan, until) in zip(lane.known, plans, strict=False):
            known.plan, known.until = library.address_of_bytes(plan.packed), until
            known.id = number

    def leave(self, domain: Domain) -> None:
        """Takes a domain's lane away, if it has one."""
        if domain.lane is not None:
            self._library.leave_lane(ctypes.byref(self._table), domain.lane)
            self._owners[domain.lane] = None
            domain.lane = None

    def _free(self, key: bytes, domain: Domain) -> int:
        """A lane for a domain, in turns, whoever had it before."""
        number, self._hand = self._hand, (self._hand + 1) % LANES
        owner = self._owners[number]
        if owner is not None:
            self.leave(owner[1])
        lane, marks = self._lanes[number], domain.marks
        assert isinstance(marks, library.CompiledMarks)
        lane.marks = marks.address
        lane.version, lane.domain = domain.version, domain.number
        lane.key[:] = key
        self._library.enter_lane(ctypes.byref(self._table), number)
        return number

    def _put_back(self) -> Iterator[Exporter]:
        """Tells each domain what was taken of it; the exporters, the last heard last."""
        number = self._told.lanes_touched
        if not number:
            return
        touched = self._touched[:number]
        if number > 1:
            touched.sort(key=lambda at: int(self._lanes[at].touched))
        for at in touched:
            lane, owner = self._lanes[at], self._owners[at]
            assert owner is not None
            exporter, domain, _ = owner
            first = max(0, lane.messages - REMEMBERED)
            latest = (lane.last[one % REMEMBERED] for one in range(first, lane.messages))
            domain.advance(lane.units, lane.boot, [(one.number, one.records) for one in latest])
            if domain.version == 5:
                domain.rates.tell_header(lane.sampling)
            yield exporter


def _plans(domain: Domain, lives: int) -> Iterator[tuple[int, Plan, int]]:
    """The plans of a domain that need no more than reading, and until when they hold."""
    if domain.version == 5:
        yield 0, PLAN5, FOREVER
    for number, template in domain.templates.items():
        if template.is_plain:
            yield number, template.plan, template.seen + lives
