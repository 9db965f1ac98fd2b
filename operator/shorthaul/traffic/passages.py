"""Passages: one flow record each, as one point of the network saw it go by.

A connection passes several points, and each tells of it. Of the passages of one way of one
connection (same addresses, ports and protocol) that overlap in time, those of one point count; the
others were the same bytes, and are told apart, not dropped. Passages that do not overlap are
different traffic, since ports are used again.

Points of one node (interfaces, tunnels) see the same bytes: the largest of them is the node's. Of
several nodes the receiver's counts, as with Hubble, whose observers see what arrived; then the
sender's; then the largest along the way.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shorthaul.traffic.addresses.bills import Counts, Transfer
from shorthaul.traffic.addresses.books import Book
from shorthaul.traffic.addresses.parties import Address, Kind, Party
from shorthaul.units import NodeName

NodeOf = Callable[[Address, Transfer], NodeName | None]


class Passage(NamedTuple):
    """A transfer, its ports, and where it was seen; `exporter` is None where nobody knows.

    `point` tells the points of one exporter apart: its socket, then, after a blank, what stays when
    it is started again. `since` is the moment from which the transfer
    lengthens the stretch that rates are over: its first, or its last where that says little.
    """

    transfer: Transfer
    source_port: int
    destination_port: int
    protocol: int
    exporter: Address | None
    point: str
    since: int


@dataclass(frozen=True, slots=True)
class Once:
    """The passages that count, and the sums of the others, which are the same bytes again."""

    counting: tuple[Passage, ...]
    again: Counts


def once(
    passages: Iterable[Passage],
    node_of: NodeOf,
    slack_milliseconds: int,
    settled: Callable[[Passage], bool] = lambda passage: False,
) -> Once:
    """Each connection's bytes once; `slack_milliseconds` is how far two clocks may differ.

    Where a passage is `settled`, having been counted before, its place counts.
    """
    ways: dict[tuple[Address, Address, int, int, int], list[Passage]] = {}
    for passage in passages:
        transfer = passage.transfer
        key = transfer.source, transfer.destination, *passage[1:4]
        ways.setdefault(key, []).append(passage)
    counting: list[Passage] = []
    again = Counts()
    for way in ways.values():
        for seen in _together(way, slack_milliseconds):
            before = sorted(place_of(passage) for passage in seen if settled(passage))
            chosen = before[0] if before else _chosen(seen, node_of)
            for passage in seen:
                if chosen in (None, place_of(passage)):
                    counting.append(passage)
                else:
                    again += counts_of(passage)
    return Once(tuple(counting), again)


def counts_of(passage: Passage) -> Counts:
    """What one passage adds to sums."""
    return Counts(passage.transfer.bytes, passage.transfer.packets, 1)


def from_client(passage: Passage, book: Book) -> bool:
    """Whether the source is the client: the end that is no Service, or has the higher port.

    Where the ports are equal it is the lower address, so that both ways agree. No record says who
    opened a connection. Servers listen on ports below those that clients are given, so the rule
    errs where a server took one at will.
    """
    transfer = passage.transfer
    if _is_service(book, transfer.destination, transfer):
        return True
    if _is_service(book, transfer.source, transfer):
        return False
    if passage.source_port != passage.destination_port:
        return passage.source_port > passage.destination_port
    return transfer.source <= transfer.destination


def _is_service(book: Book, address: Address, transfer: Transfer) -> bool:
    answer = book.who(address, transfer.first_milliseconds, transfer.last_milliseconds)
    return isinstance(answer, Party) and answer.kind is Kind.SERVICE


Place = tuple[bytes, str]
"""An exporter and one of its points."""


def place_of(passage: Passage) -> Place:
    """Where a passage was seen."""
    return passage.exporter or b"", passage.point


def _together(way: Sequence[Passage], slack: int) -> Iterator[list[Passage]]:
    """Runs of passages that overlap, by time."""
    first, *others = sorted(way, key=_order)
    run, until = [first], first.transfer.last_milliseconds
    for passage in others:
        if passage.transfer.first_milliseconds > until + slack:
            yield run
            run = []
        until = max(until, passage.transfer.last_milliseconds)
        run.append(passage)
    yield run


def _order(passage: Passage) -> tuple[int, int, Place]:
    transfer = passage.transfer
    return transfer.first_milliseconds, transfer.last_milliseconds, place_of(passage)


def _chosen(seen: Sequence[Passage], node_of: NodeOf) -> Place | None:
    """The place that counts; None where there is only one. What each tells is added up first."""
    if len({place_of(passage) for passage in seen}) == 1:
        return None
    told: dict[NodeName, dict[Place, int]] = {}
    for passage in seen:
        exporter = passage.exporter
        node = (node_of(exporter, passage.transfer) if exporter else None) or NodeName("")
        place, at = place_of(passage), told.setdefault(node, {})
        at[place] = at.get(place, 0) + passage.transfer.bytes
    transfer = seen[0].transfer
    sender, receiver = (node_of(address, transfer) for address in transfer[:2])
    points = told[_counting_node(told, (receiver, sender))]
    return max(sorted(points), key=points.__getitem__)


def _counting_node(
    told: Mapping[NodeName, Mapping[Place, int]], ends: Iterable[NodeName | None]
) -> NodeName:
    """The first end that told, else who saw most; devices, that have no node, are one."""
    at_ends = (node for node in ends if node is not None and node in told)
    return next(at_ends, None) or max(sorted(told), key=lambda node: max(told[node].values()))
