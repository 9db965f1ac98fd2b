"""Whom a label of an end outside names: a place of the Topology, or nobody.

The label has an address, with or without a port, a CIDR that its agent counts by, or the place's
own name. What the cluster holds itself is no place, however wide a named range is: an agent that
lost a pod's name tells its address like any other. So is a CIDR that such an address lies in.
"""

from collections.abc import Iterable, Sequence

from shorthaul.cluster.address_books import fixed_addresses, own_addresses
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.errors import BadInput
from shorthaul.traffic import anchors
from shorthaul.traffic.addresses.parties import Address, Answer, read_address
from shorthaul.traffic.addresses.ranges import Range, Ranges, holds, prefix
from shorthaul.units import WorkloadRef


class Outsides:
    """Looks places up; made once per reading, so it remembers what it was asked."""

    def __init__(self, places: Sequence[Range] = (), own: Iterable[Address] = ()) -> None:
        self._ranges = Ranges(places)
        self._names = {place.name for each in places if (place := anchors.named(each.answer))}
        self._own = frozenset(own)
        self._known: dict[str, WorkloadRef | None] = {}

    def __bool__(self) -> bool:
        """Whether any place has a name."""
        return bool(self._names)

    def of(self, value: str) -> WorkloadRef | None:
        """The place that a label's value names."""
        if value not in self._known:
            self._known[value] = self._look_up(value)
        return self._known[value]

    def _look_up(self, value: str) -> WorkloadRef | None:
        if value in self._names:
            return anchors.vertex(value)
        try:
            return anchors.named(self._range(value) if "/" in value else self._address(value))
        except BadInput:
            return None

    def _address(self, text: str) -> Answer | None:
        address = read_address(host_of(text))
        return None if address in self._own else self._ranges.of(address)

    def _range(self, text: str) -> Answer | None:
        found = prefix(text)
        if any(holds(found, address) for address in self._own):
            return None
        return self._ranges.of_range(*found)


def outsides_of(places: Sequence[Range], snapshot: Snapshot | None) -> Outsides:
    """The places beside what a cluster holds; raises BadInput for a Service without an address."""
    if not places or snapshot is None:
        return Outsides(places)
    fixed = (address for _, address, _ in fixed_addresses(snapshot))
    pods = (address for pod in snapshot.pods.values() for address in own_addresses(pod))
    return Outsides(places, (*fixed, *pods))


def host_of(address: str) -> str:
    """An address without its port; IPv6 with a port is in brackets."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address if address.count(":") > 1 else address.partition(":")[0]
