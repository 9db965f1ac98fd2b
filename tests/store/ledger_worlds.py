"""Entries for tests, and what a ledger should hold after some of them, added up plainly."""

from collections import Counter
from hashlib import blake2b

from shorthaul.store import readings
from shorthaul.traffic.entries import HOUR_NANOSECONDS, PARTS, Batch, Entry, Span
from shorthaul.units import TIERS, Namespace, WorkloadRef

HOUR = 490_000
WEB, DB, WORLD = (
    WorkloadRef(Namespace("shop"), "Deployment", "web"),
    WorkloadRef(Namespace("shop"), "StatefulSet", "db"),
    WorkloadRef(Namespace(""), "External", "world"),
)
ENDS = (WEB, DB, WORLD)


def key(number):
    return blake2b(b"%d" % number, digest_size=16).digest()


def entry(number=0, *, hour=0, source=WEB, destination=DB, tier=TIERS[0], size=100, **more):
    """An entry with a key of its own number."""
    given = {"packets": 2, "connections": 1, "key": key(number), **more}
    time = (HOUR + hour) * HOUR_NANOSECONDS + number % HOUR_NANOSECONDS
    return Entry(time, source, destination, tier, size, **given)


def numbered(first, entries, stream="exporter a"):
    """A batch that its positions tell from all others."""
    plain = tuple(each._replace(key=b"") for each in entries)
    return Batch(stream, plain, Span(first, first + len(plain)))


def drawn(number):
    """The entry of a number: the same number, the same entry."""
    mixed = number * 2_654_435_761 % (1 << 32)
    return entry(
        number,
        hour=mixed % 5,
        source=ENDS[mixed // 5 % 3],
        destination=ENDS[mixed // 15 % 3],
        tier=[*TIERS, None][mixed // 45 % 6],
        size=mixed,
    )


def expected(entries):
    """Counts per row, as plain sums."""
    sums = {}
    for each in entries:
        place = (
            each.time_nanoseconds // HOUR_NANOSECONDS,
            each.source,
            each.destination,
            str(each.tier or "unknown"),
        )
        counts = Counter(
            records=1,
            bytes=each.bytes,
            packets=each.packets,
            connections=each.connections,
            events=each.events,
        )
        sums.setdefault(place, Counter()).update(counts)
    return {place: {name: n for name, n in counts.items() if n} for place, counts in sums.items()}


def held(path, **question):
    """What a ledger holds, in the form of `expected`."""
    answer = readings.ask(str(path), readings.Question(**{"by": PARTS, **question}))
    return {
        (each.hour, each.source, each.destination, each.tier): {
            name: n for name, n in each.counts._asdict().items() if n
        }
        for each in answer.balances
    }


def whole(path):
    """All counts of a ledger in one sum."""
    (balance,) = readings.ask(str(path), readings.Question(by=())).balances
    return balance.counts
