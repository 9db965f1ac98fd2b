"""Whose an exporter is: the member of the greatest weight for it (rendezvous hashing).

Every collector that knows the same members comes to the same answer, without asking anybody. When
one leaves, only its exporters go to others, each to the one that was second for it; when one joins,
it takes those that it is first for, from all others evenly (Thaler and Ravishankar, "Using
name-based mappings to increase hit rates", IEEE/ACM Transactions on Networking 6(1), 1998).
"""

import heapq
from collections.abc import Iterable
from hashlib import blake2b

_MAPPED = "::ffff:"


def shard_of(address: str) -> str:
    """What an exporter is told apart by: its address, by IPv4 whichever socket it came to."""
    plain = address.removeprefix(_MAPPED)
    return plain if "." in plain else address


def first_two(members: Iterable[str], shard: str) -> list[str]:
    """Whose a shard is, and whose it becomes when that one is gone."""
    return heapq.nlargest(2, members, key=lambda member: (_weight(member, shard), member))


def _weight(member: str, shard: str) -> bytes:
    return blake2b(f"{member}\0{shard}".encode(), digest_size=8).digest()
