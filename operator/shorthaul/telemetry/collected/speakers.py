"""Which nodes spoke in a window, and which could not be heard in it: values only, no I/O."""

from collections.abc import Iterable, Mapping

from shorthaul.cluster.address_books import node_addresses
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.telemetry.collected.attendances import Attendances
from shorthaul.telemetry.collected.fetches import Fetched
from shorthaul.traffic.addresses.parties import Address
from shorthaul.units import NodeName

Nodes = frozenset[NodeName]


def heard(told: Iterable[Mapping[Address, NodeName]], snapshot: Snapshot | None) -> Nodes:
    """The nodes of exporters; by today's addresses where none are known of that time."""
    pairs = [pair for each in told for pair in each.items()]
    now = dict(node_addresses(snapshot)) if snapshot and any(not n for _, n in pairs) else {}
    return Nodes(node or now.get(address, NodeName("")) for address, node in pairs)


def unheard(fetched: Fetched, attendances: Attendances) -> Nodes:
    """The nodes whose collectors told of a window that could not be had."""
    lacking = [part.collector for part in fetched.parts if part.gone]
    lacking += [name for name, _ in fetched.due.left_out]
    return attendances.nodes_by(lacking, fetched.due.start_seconds)
