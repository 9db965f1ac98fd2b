"""What is told of addresses: that somebody holds one, and that somebody no longer does.

Nobody tells the moment at which an address changes hands. The kubelet writes a pod's address some
time after the network gave it, and a pod is seen gone some time after its address was free again,
sometimes after the next pod has been seen with it. So each fact is a stretch of time: the change
came not before one moment and was seen at another. `not_before` of a claim is the start of the
pod, of a release the moment up to which the address surely was in use (its containers finished, its
deletion was asked for, or it was last seen). Times are Unix milliseconds.

`facts_between` is for who watches pods while records come (`cluster.holders`); a dump is one moment
(`cluster.address_books`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from shorthaul.traffic.addresses.parties import Address, Party, pod_party
from shorthaul.units import PodRef, Uid


class Claim(NamedTuple):
    """A holder took an address between the two moments."""

    address: Address
    holder: Uid
    not_before: int
    seen: int
    party: Party


class Release(NamedTuple):
    """A holder let go of an address between the two moments."""

    address: Address
    holder: Uid
    not_before: int
    seen: int


Fact = Claim | Release


@dataclass(frozen=True, slots=True)
class PodState:
    """A pod as it was seen once; `addresses` are empty for one on its node's own network.

    `ending_milliseconds` is when its containers finished or its deletion was asked for.
    A finished pod keeps its addresses in the API although others may have them.
    """

    uid: Uid
    ref: PodRef
    seen_milliseconds: int
    addresses: frozenset[Address] = frozenset()
    started_milliseconds: int | None = None
    ending_milliseconds: int | None = None
    finished: bool = False

    @property
    def held(self) -> frozenset[Address]:
        """The addresses that are its own."""
        return frozenset() if self.finished else self.addresses


def facts_between(
    before: PodState | None, after: PodState | None, seen_milliseconds: int
) -> Iterator[Fact]:
    """What one change of a pod tells; None stands for a pod that is not there.

    A pod that is first seen finished held its addresses once; that is told too.
    """
    held_before = before.held if before else frozenset[Address]()
    held_after = after.held if after else frozenset[Address]()
    told = after.addresses if after and before is None else held_after
    if after is not None:
        began = after.started_milliseconds
        not_before = seen_milliseconds if began is None else min(began, seen_milliseconds)
        party = pod_party(after.ref)
        for address in sorted(told - held_before):
            yield Claim(address, after.uid, not_before, seen_milliseconds, party)
    last = after or before
    if last is None:
        return
    ends = last.ending_milliseconds
    if ends is None:
        ends = before.seen_milliseconds if before else last.started_milliseconds or 0
    for address in sorted((held_before | told) - held_after):
        yield Release(address, last.uid, min(ends, seen_milliseconds), seen_milliseconds)
