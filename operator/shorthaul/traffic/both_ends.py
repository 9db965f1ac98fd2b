"""What the nodes of both ends told of the same traffic: by addresses, then by workloads.

It is of those pairs of addresses that both nodes told of, so that a node without an exporter is not
taken for one that lost everything. Of the points of one node the largest stands for it, since they
see the same bytes. Nothing is billed by it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from shorthaul.traffic.addresses.bills import Transfer
from shorthaul.traffic.addresses.parties import Address, Party
from shorthaul.traffic.end_sums import EndSums, add
from shorthaul.traffic.graphs import Vertex
from shorthaul.traffic.metering import Ground, workload_of
from shorthaul.traffic.passages import NodeOf, Passage, Place, place_of
from shorthaul.traffic.volumes import Ends, unordered
from shorthaul.units import NodeName, WorkloadRef


class Compared(NamedTuple):
    """What the nodes of a sender and of a receiver told of one way, the sender's first.

    The times are those of the newest transfer.
    """

    source: Address
    destination: Address
    first_milliseconds: int
    last_milliseconds: int
    ends: EndSums


def compare(passages: Iterable[Passage], node_of: NodeOf) -> Iterator[Compared]:
    """Each way that both ends' nodes told of, over all that was told, in any order."""
    sums: dict[tuple[Address, Address], dict[Place, int]] = {}
    newest: dict[tuple[Address, Address], Transfer] = {}
    for passage in passages:
        transfer, place = passage.transfer, place_of(passage)
        way = transfer.source, transfer.destination
        points = sums.setdefault(way, {})
        points[place] = points.get(place, 0) + transfer.bytes
        newest[way] = max(transfer, newest.get(way, transfer), key=age)
    for way, points in sums.items():
        ends = _told(points, newest[way], node_of) if len(points) > 1 else None
        if ends is not None:
            yield Compared(*newest[way][:4], ends)


def age(transfer: Transfer) -> tuple[int, int]:
    """By what the newest transfer is found."""
    return transfer.last_milliseconds, transfer.first_milliseconds


def ends_of(compared: Iterable[Compared], ground: Ground) -> Mapping[Ends, EndSums]:
    """What the nodes of both ends told, by two workloads in their order.

    Of a workload with itself the lower address is the first end. Who held an address while it
    changed hands nobody knows, so what was told then is compared with nothing.
    """
    sums: dict[Ends, EndSums] = {}
    for each in compared:
        one, other = (_workload_at(address, each, ground) for address in each[:2])
        if one is None or other is None:
            continue
        turned = (one, each.source) > (other, each.destination)
        add(sums, unordered((one, other)), each.ends.turned if turned else each.ends)
    return dict(sorted(sums.items()))


def of_edge(edge: Ends, told: EndSums) -> EndSums:
    """What was told of two workloads in their order, the edge's client first."""
    return told if edge == unordered(edge) else told.turned


def differing(told: Sequence[tuple[Vertex, Vertex, EndSums]], unit: str) -> Iterator[str]:
    """A line for people where both ends of edges, client first, differ."""
    found = [each for each in told if not each[2].agree]
    if found:
        one, other, ends = found[0]
        yield (
            f"both ends differ on {len(found)} of {len(told)} edges that the nodes of both tell of "
            f"(first: {one} → {other}, {ends.one:.4g} {unit} at the client's nodes, "
            f"{ends.other:.4g} at the server's); one of them loses, samples or delays records"
        )


def _told(points: Mapping[Place, int], at: Transfer, node_of: NodeOf) -> EndSums | None:
    """The largest point of the sender's node and of the receiver's, if these are two and told."""
    sender, receiver = node_of(at.source, at), node_of(at.destination, at)
    if sender is None or receiver is None or sender == receiver:
        return None
    told: dict[NodeName, int] = {}
    for (exporter, _), size in points.items():
        node = node_of(Address(exporter), at) if exporter else None
        if node is not None:
            told[node] = max(size, told.get(node, 0))
    if sender not in told or receiver not in told:
        return None
    return EndSums(told[sender], told[receiver])


def _workload_at(address: Address, seen: Compared, ground: Ground) -> WorkloadRef | None:
    answer = ground.book.who(address, seen.first_milliseconds, seen.last_milliseconds)
    found = workload_of(answer, ground.directory) if isinstance(answer, Party) else str(answer)
    return None if isinstance(found, str) else found
