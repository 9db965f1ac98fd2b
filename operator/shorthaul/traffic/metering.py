"""Metering: from the passages of flow records to bytes between workloads, and what is left over.

Everything that came is in exactly one sum: an edge (between workloads, or with a named place
outside), aside (both ends are known, and one of them is neither), unbilled by its reason, or seen
again at another point. Both ways of a connection go to the edge from its client to its server.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shorthaul.traffic import anchors
from shorthaul.traffic.addresses.bills import Bill, Counts, Row, Transfer, Unbilled, bill, leave
from shorthaul.traffic.addresses.books import Book
from shorthaul.traffic.addresses.node_ends import NodeEnds
from shorthaul.traffic.addresses.parties import Address, Kind, Party
from shorthaul.traffic.attribution import SELF
from shorthaul.traffic.identities import Directory
from shorthaul.traffic.passages import NodeOf, Once, Passage, from_client, once
from shorthaul.traffic.service_views import by_endpoints
from shorthaul.units import Namespace, NodeName, PodRef, WorkloadRef

GONE = "of a pod that the directory does not have"
_ASIDE = {
    Kind.NODE: "with a node's own address, which all pods on the host's network share",
    Kind.DNS: "with an address that only DNS answers at",
    Kind.ANCHOR: "between two named places outside",
    Kind.WORLD: "with the world outside",
    Kind.SERVICE: "with a Service",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """What passages are judged by: who held addresses, whose pods are whose, and where they are.

    `node_ends` are what nodes may send to pods from: they tell who sends records, and bill nobody.
    """

    book: Book
    directory: Directory
    nodes: Mapping[Party, NodeName]
    node_ends: NodeEnds = field(default_factory=NodeEnds)


@dataclass(frozen=True, slots=True)
class Metered:
    """Edges from client to server, sorted, over a stretch of time, and all that is in none.

    `forth` is billed from clients to servers, `back` from servers to clients; `bill` is both.
    """

    edges: Mapping[tuple[WorkloadRef, WorkloadRef], Counts]
    estimated: Counts
    aside: Mapping[str, Unbilled]
    forth: Bill
    back: Bill
    bill: Bill
    again: Counts
    milliseconds: int

    @property
    def billed(self) -> Counts:
        """What the edges have together."""
        return sum(self.edges.values(), Counts())


def meter(passages: Iterable[Passage], ground: Ground) -> Metered:
    """Counts each connection once, bills it and adds it up by workload, in any order."""
    slack = ground.book.rules.slack_milliseconds
    named = by_endpoints(list(passages), ground.book)
    return metered(once(named, node_finder(ground), slack), ground)


def metered(found: Once, ground: Ground) -> Metered:
    """Bills what counts and adds it up by workload."""
    ways: tuple[list[Passage], list[Passage]] = [], []
    for passage in found.counting:
        ways[from_client(passage, ground.book)].append(passage)
    back, forth = (bill((each.transfer for each in way), ground.book) for way in ways)
    sums = _Sums(ground.directory)
    for row, counts in forth.rows.items():
        sums.add(row, row.source, row.destination, counts)
    for row, counts in back.rows.items():
        sums.add(row, row.destination, row.source, counts)
    return Metered(
        edges=dict(sorted(sums.edges.items())),
        estimated=sums.estimated,
        aside=dict(sorted(sums.aside.items())),
        forth=forth,
        back=back,
        bill=forth + back,
        again=found.again,
        milliseconds=_stretch(found.counting),
    )


class _Sums:
    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.edges: dict[tuple[WorkloadRef, WorkloadRef], Counts] = {}
        self.aside: dict[str, Unbilled] = {}
        self.estimated = Counts()

    def add(self, row: Row, client: Party, server: Party, counts: Counts) -> None:
        ends = ends_between(client, server, self._directory)
        if isinstance(ends, str):
            leave(self.aside, ends, Unbilled(counts, f"{client} → {server}"))
            return
        self.edges[ends] = self.edges.get(ends, Counts()) + counts
        self.estimated += counts if row.estimated else Counts()


def ends_between(
    client: Party, server: Party, directory: Directory
) -> tuple[WorkloadRef, WorkloadRef] | str:
    """The ends of the edge between two parties; why there is none.

    Each is a workload, or one of them is a named place outside.
    """
    if client.kind is server.kind is Kind.ANCHOR:
        return _ASIDE[Kind.ANCHOR]
    one, other = (
        anchors.vertex(party.name) if party.kind is Kind.ANCHOR else workload_of(party, directory)
        for party in (client, server)
    )
    if isinstance(one, str) or isinstance(other, str):
        return one if isinstance(one, str) else str(other)
    return SELF if client == server else (one, other)


def workload_of(party: Party, directory: Directory) -> WorkloadRef | str:
    """Whose pod a party is; why it is no workload's."""
    if party.kind is not Kind.POD:
        return _ASIDE[party.kind]
    known = directory.pods.get(pod_of(party))
    return known.workload if known else GONE


def pod_of(party: Party) -> PodRef:
    """The pod that a party is."""
    return PodRef(Namespace(party.namespace), party.name)


def node_finder(ground: Ground) -> NodeOf:
    """Tells the node of who held an address while a transfer went on."""

    def node_of(address: Address, transfer: Transfer) -> NodeName | None:
        answer = ground.book.who(address, transfer.first_milliseconds, transfer.last_milliseconds)
        return ground.nodes.get(answer) if isinstance(answer, Party) else None

    return node_of


def exporter_finder(ground: Ground) -> NodeOf:
    """Tells the node whose own address an exporter has, or a pod on its network, or its end
    towards its pods where nobody was told to have had that address.

    A pod with an address of its own speaks for no node: any workload could.
    """

    def node_of(address: Address, transfer: Transfer) -> NodeName | None:
        answer = ground.book.who(address, transfer.first_milliseconds, transfer.last_milliseconds)
        if isinstance(answer, Party) and answer.kind is Kind.NODE:
            return ground.nodes.get(answer)
        return None if ground.book.has_told(address) else ground.node_ends.of(address)

    return node_of


def _stretch(passages: Sequence[Passage]) -> int:
    """From the first moment that was told to the last; never nothing, so that rates are finite."""
    if not passages:
        return 1
    last = max(passage.transfer.last_milliseconds for passage in passages)
    since = min(passage.since for passage in passages)
    if last == since:
        since = min(passage.transfer.first_milliseconds for passage in passages)
    return max(1, last - since)
