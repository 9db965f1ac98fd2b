"""From a snapshot to the address book that flow records are billed with.

A dump is one moment, and tells nothing of pods that were deleted before it. So a pod is taken to
have its addresses from its creation on; a finished one may have had them at any time since, where
no other pod surely had. Nodes and Services are taken to have always had theirs. A pod on its
node's own network is its node. The dump is therefore to be taken at the end of the recording.
"""

from collections.abc import Iterator, Mapping, Sequence

from shorthaul.cluster.snapshots import Pod, Snapshot
from shorthaul.errors import BadInput
from shorthaul.traffic.addresses import node_ends
from shorthaul.traffic.addresses.books import Book, BookRules
from shorthaul.traffic.addresses.claims import Claim, Fact, Release
from shorthaul.traffic.addresses.node_ends import NodeEnds
from shorthaul.traffic.addresses.parties import (
    Address,
    Kind,
    Party,
    node_party,
    pod_party,
    read_address,
)
from shorthaul.traffic.addresses.ranges import Range, Ranges, dns
from shorthaul.traffic.addresses.tenures import ALWAYS, NEVER
from shorthaul.units import NodeName, Uid

RULES = BookRules(settle_milliseconds=0, retention_milliseconds=NEVER)
_BEGAN = ALWAYS + RULES.slack_milliseconds


def book_of(snapshot: Snapshot, until_milliseconds: int, places: Sequence[Range] = ()) -> Book:
    """Who held which address, up to a moment; raises BadInput for what is no address."""
    book = Book(RULES, ALWAYS, Ranges([dns(), *places]))
    for holder, address, party in fixed_addresses(snapshot):
        book.tell([Claim(address, holder, _BEGAN, _BEGAN, party)])
    book.tell(_of_pods(snapshot))
    book.serve(endpoints_of(snapshot))
    book.know(until_milliseconds + RULES.slack_milliseconds)
    return book


def nodes_of(snapshot: Snapshot) -> Mapping[Party, NodeName]:
    """The node of each party that has one."""
    nodes = {node_party(name): name for name in snapshot.nodes}
    pods = {pod_party(ref): pod.node for ref, pod in snapshot.pods.items() if pod.node}
    return nodes | pods


def fixed_addresses(snapshot: Snapshot) -> Iterator[tuple[Uid, Address, Party]]:
    """The addresses of nodes and Services, with who holds them; raises BadInput for a Service's."""
    for address, name in node_addresses(snapshot):
        yield Uid(f"node {name}"), address, node_party(name)
    for service in snapshot.services:
        party = Party(Kind.SERVICE, service.namespace, service.name)
        for text in service.addresses:
            yield Uid(str(party)), _address(text, str(party)), party


def node_addresses(snapshot: Snapshot) -> Iterator[tuple[Address, NodeName]]:
    """The nodes' own addresses; their lists have host names too, which are none."""
    for name, node in snapshot.nodes.items():
        for text in node.addresses:
            if (address := _address_or_none(text)) is not None:
                yield address, name


def node_ends_of(snapshot: Snapshot) -> NodeEnds:
    """Where what nodes send to pods may come from, as their pod ranges and annotations tell.

    It tells who sends records; nobody is billed by it.
    """
    return NodeEnds(
        (name, node.pod_ranges, node_ends.annotated(node.annotations))
        for name, node in snapshot.nodes.items()
    )


def own_addresses(pod: Pod) -> frozenset[Address]:
    """The addresses that are a pod's own: none of one on its node's network."""
    if pod.host_network:
        return frozenset()
    return frozenset(_address(text, str(pod_party(pod.ref))) for text in pod.addresses)


def _of_pods(snapshot: Snapshot) -> Iterator[Fact]:
    for pod in snapshot.pods.values():
        yield from _of_pod(pod)


def _of_pod(pod: Pod) -> Iterator[Fact]:
    party, created = pod_party(pod.ref), round(pod.created_seconds * 1000)
    for address in sorted(own_addresses(pod)):
        yield Claim(address, pod.uid, created, created, party)
        if not pod.active:
            yield Release(address, pod.uid, created, NEVER)


def endpoints_of(snapshot: Snapshot) -> Mapping[Party, tuple[Address, ...]]:
    """The addresses behind each Service; a slice may name hosts instead, which are none."""
    found: dict[Party, set[Address]] = {}
    for endpoint in snapshot.endpoints:
        if endpoint.ready:
            party = Party(Kind.SERVICE, endpoint.namespace, endpoint.service)
            read = map(_address_or_none, endpoint.addresses)
            found.setdefault(party, set()).update(each for each in read if each is not None)
    return {party: tuple(sorted(addresses)) for party, addresses in found.items()}


def _address(text: str, whose: str) -> Address:
    try:
        return read_address(text)
    except BadInput as error:
        raise BadInput(f"{whose}: {error}") from error


def _address_or_none(text: str) -> Address | None:
    try:
        return read_address(text)
    except BadInput:
        return None
