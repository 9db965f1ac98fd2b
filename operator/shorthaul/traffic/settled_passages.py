"""Passages of files that may be given again, as entries of the ledger that count once for good.

Which of several points counts for a connection is decided over all passages that are given at
once and those that counted before, and kept: what was seen again at another point is entered too,
without bytes and under a key of its own, so that it is known later; and a point that counted once
goes on counting for what overlaps. A passage whose key is in the ledger, in either way, makes no
entry.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

from shorthaul.traffic.addresses.bills import bill
from shorthaul.traffic.billed_volumes import TierOf, entry_of
from shorthaul.traffic.entries import UNATTRIBUTED, Entry, Key
from shorthaul.traffic.metering import Ground, node_finder
from shorthaul.traffic.passages import Passage, once
from shorthaul.traffic.service_views import by_endpoints


class Keyed(NamedTuple):
    """A passage, what tells its record from all others, and the time that it is counted at."""

    passage: Passage
    key: Key
    time_nanoseconds: int

    @property
    def key_elsewhere(self) -> Key:
        """What it is known by where another point counts."""
        return _derived(self.key, b"elsewhere")


IsKnown = Callable[[Keyed, Key], bool]
"""Whether a record is in the ledger under a key."""


class Settled(NamedTuple):
    """What one passage adds, whole or not at all; `here` is False where another point counts."""

    entries: tuple[Entry, ...]
    here: bool


def settle(
    given: Sequence[Keyed],
    ground: Ground,
    tier_of: TierOf,
    is_known: IsKnown,
    before: Sequence[Passage] = (),
) -> Iterator[Settled | None]:
    """Each passage's entries, None for one that is in the ledger; `before` are others that are."""
    named = by_endpoints([*(each.passage for each in given), *before], ground.book)
    before = named[len(given) :]
    given = [each._replace(passage=one) for each, one in zip(given, named, strict=False)]
    counted = {id(each.passage) for each in given if is_known(each, each.key)}
    counted.update(map(id, before))
    found = once(
        (*(each.passage for each in given), *before),
        node_finder(ground),
        ground.book.rules.slack_milliseconds,
        lambda passage: id(passage) in counted,
    )
    counting = {id(passage) for passage in found.counting}
    for each in given:
        if id(each.passage) in counted or is_known(each, each.key_elsewhere):
            yield None
            continue
        entries = tuple(_entries(each, ground, tier_of))
        if id(each.passage) in counting:
            yield Settled(entries, here=True)
            continue
        seen = entries[0]._replace(bytes=0, packets=0, key=each.key_elsewhere)
        yield Settled((seen,), here=False)


def _entries(each: Keyed, ground: Ground, tier_of: TierOf) -> Iterator[Entry]:
    """What one passage is: several entries where a Service's endpoints share it."""
    transfer, moment = each.passage.transfer, each.time_nanoseconds
    rows = sorted(bill([transfer], ground.book).rows.items())
    for number, (row, counts) in enumerate(rows):
        key = _derived(each.key, number.to_bytes(4, "big")) if number else each.key
        yield entry_of(row, counts, ground, moment, tier_of)._replace(key=key)
    if not rows:
        nobody = UNATTRIBUTED, UNATTRIBUTED, None
        yield Entry(moment, *nobody, transfer.bytes, transfer.packets, key=each.key)


def _derived(key: Key, what: bytes) -> Key:
    return blake2b(key + what, digest_size=16).digest()
