"""What a ledger keeps of records that counted, so that no other point's count later.

A file that is given alone has no other point to compare with; when another point's comes, maybe
days later, it is judged by these. They are kept as they were read, before a Service was named by an
endpoint: what comes later may tell which one it was. Pure.
"""

import zlib
from collections.abc import Callable, Collection, Iterable, Iterator

import msgspec

from shorthaul.errors import BadInput
from shorthaul.telemetry.netflow_lines import RECORD_LIMIT
from shorthaul.traffic.addresses.bills import Transfer
from shorthaul.traffic.addresses.parties import Address
from shorthaul.traffic.entries import HOUR_SECONDS
from shorthaul.traffic.passages import SAMPLED_GAP_MILLISECONDS, Passage

_HOUR_MILLISECONDS = HOUR_SECONDS * 1_000
_Row = tuple[bytes, bytes, int, int, int, int, int, bytes, str, int]

Memories = Callable[[range], Iterable[bytes]]
"""What a ledger keeps of some hours, by when records were counted."""


def packed(passages: Iterable[Passage]) -> bytes:
    """Who spoke with whom and when, and where it was seen; not how much."""
    rows: list[_Row] = [
        (*each.transfer[:4], *each[1:4], each.exporter or b"", each.point, each.sampling)
        for each in passages
    ]
    return zlib.compress(msgspec.msgpack.encode(rows), level=1)


def unpacked(content: bytes) -> Iterator[Passage]:
    """What was packed, as passages without bytes."""
    rows = msgspec.msgpack.decode(zlib.decompress(content), type=list[_Row])
    for source, destination, first, last, port, other_port, kind, exporter, point, sampling in rows:
        transfer = Transfer(Address(source), Address(destination), first, last, 0, 0)
        seen = Address(exporter) if exporter else None
        yield Passage(transfer, port, other_port, kind, seen, point, first, sampling)


def of_the_same_traffic(
    passages: Collection[Passage], memories: Memories, longest_milliseconds: int
) -> list[Passage]:
    """What counted before and may be of the same traffic; raises BadInput where it is too much."""
    if not passages:
        return []
    first = min(each.transfer.first_milliseconds for each in passages)
    last = max(each.transfer.last_milliseconds for each in passages)
    begin = (first - SAMPLED_GAP_MILLISECONDS) // _HOUR_MILLISECONDS
    end = (last + SAMPLED_GAP_MILLISECONDS + longest_milliseconds) // _HOUR_MILLISECONDS
    addresses = {address for each in passages for address in each.transfer[:2]}
    found: list[Passage] = []
    for content in memories(range(begin, end + 1)):
        found += (each for each in unpacked(content) if not addresses.isdisjoint(each.transfer[:2]))
        if len(found) > RECORD_LIMIT:
            raise BadInput(
                f"the ledger has more than {RECORD_LIMIT:,} records of these addresses and hours; "
                "give files of a shorter time"
            )
    return found
