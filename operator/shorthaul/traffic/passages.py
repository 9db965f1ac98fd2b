"""Passages: one flow record each, as one point of the network saw it go by.

A connection passes several points, and each tells of it. Of the passages of one way of one
connection (same addresses, ports and protocol) that overlap in time, those of one point count; the
others were the same bytes, and are told apart, not dropped. Passages that do not overlap are
different traffic, since ports are used again. Where the point that counts falls silent, or its file
ends, another one counts from when nothing that counts is near.

Points of one node (interfaces, tunnels) see the same bytes: the largest of them is the node's. Of
several nodes the receiver's counts, as with Hubble, whose observers see what arrived; then the
sender's; then the largest along the way.

Two samplers of one connection seldom take the same packets, so that their passages need not
overlap. Where a node at an end tells of two addresses and any point samples, one point counts for
all that goes this way between them, whatever the connection, and others only long after it.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shorthaul.traffic.addresses.bills import Counts, Transfer
from shorthaul.traffic.addresses.books import Book
from shorthaul.traffic.addresses.parties import Address, Kind, Party
from shorthaul.units import NodeName

NodeOf = Callable[[Address, Transfer], NodeName | None]
SAMPLED_GAP_MILLISECONDS = 180_000
"""For how long a sampler may take nothing of what goes on."""


class Passage(NamedTuple):
    """A transfer, its ports, and where it was seen; `exporter` is None where nobody knows.

    `point` tells the points of one exporter apart: its socket, then, after a blank, what stays when
    it is started again. `since` is the moment from which the transfer
    lengthens the stretch that rates are over: its first, or its last where that says little.
    `sampling` is of how many packets one was counted, by which the transfer was multiplied.
    """

    transfer: Transfer
    source_port: int
    destination_port: int
    protocol: int
    exporter: Address | None
    point: str
    since: int
    sampling: int = 1


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

    What is `settled`, having been counted before, counts again, and its place before others.
    """
    counting: list[Passage] = []
    again = Counts()
    for way, gap in _ways(passages, node_of, slack_milliseconds):
        for seen in _together(way, gap):
            here = _counting(seen, node_of, gap, settled)
            counting += here
            if len(here) < len(seen):
                counts = set(map(id, here))
                again = sum((counts_of(each) for each in seen if id(each) not in counts), again)
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


def _ways(
    passages: Iterable[Passage], node_of: NodeOf, slack: int
) -> Iterator[tuple[Sequence[Passage], int]]:
    """What is judged together, and how long a gap parts it."""
    pairs: dict[tuple[Address, Address], list[Passage]] = {}
    for passage in passages:
        pairs.setdefault(passage.transfer[:2], []).append(passage)
    for pair in pairs.values():
        if any(each.sampling > 1 for each in pair) and _told_at_an_end(pair, node_of):
            yield pair, max(slack, SAMPLED_GAP_MILLISECONDS)
            continue
        connections: dict[tuple[int, int, int], list[Passage]] = {}
        for passage in pair:
            connections.setdefault(passage[1:4], []).append(passage)
        for connection in connections.values():
            yield connection, slack


def _told_at_an_end(pair: Sequence[Passage], node_of: NodeOf) -> bool:
    transfer = pair[0].transfer
    ends = {node_of(address, transfer) for address in transfer[:2]} - {None}
    told = {each.exporter: each.transfer for each in pair if each.exporter}
    return any(node_of(exporter, seen) in ends for exporter, seen in told.items())


def _counting(
    seen: Sequence[Passage], node_of: NodeOf, gap: int, settled: Callable[[Passage], bool]
) -> list[Passage]:
    """Those of the place that counts, and of each other one what is apart from all that does."""
    if len({place_of(passage) for passage in seen}) == 1:
        return list(seen)
    counting, told = list[Passage](), dict[Place, list[Passage]]()
    everywhere, settled_at = _Times(), dict[Place, _Times]()
    for passage in seen:
        if settled(passage):
            counting.append(passage)
            everywhere.add(passage)
            settled_at.setdefault(place_of(passage), _Times()).add(passage)
        else:
            told.setdefault(place_of(passage), []).append(passage)
    for place in _in_turn(seen, told, settled_at, node_of):
        own = settled_at.get(place, _NEVER)
        here = [each for each in told[place] if everywhere.near(each, gap) == own.near(each, gap)]
        counting += here
        for each in here:
            everywhere.add(each)
    return counting


def _in_turn(
    seen: Sequence[Passage],
    told: Mapping[Place, Sequence[Passage]],
    settled_at: Mapping[Place, "_Times"],
    node_of: NodeOf,
) -> list[Place]:
    """The places that told what is not settled: those that counted before go first."""
    before = sorted(told.keys() & settled_at.keys())
    new = [each for each in seen if place_of(each) in told and place_of(each) not in settled_at]
    return [*before, *_ranked(new, node_of)]


class _Times:
    """When passages were; each is added and asked for by halving, since a port may have many."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def add(self, passage: Passage) -> None:
        """Takes one more."""
        first, last = passage.transfer[2:4]
        insort(self._firsts, first)
        insort(self._lasts, last)

    def near(self, passage: Passage, gap: int) -> int:
        """How many there are that no gap parts from one."""
        first, last = passage.transfer[2:4]
        return bisect_right(self._firsts, last + gap) - bisect_left(self._lasts, first - gap)


_NEVER = _Times()


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


def _ranked(seen: Sequence[Passage], node_of: NodeOf) -> list[Place]:
    """The places, in the order in which they count. What each tells is added up first.

    Those of the receiver's node go first, then the sender's, then who saw most: devices, that
    have no node, are one.
    """
    if not seen:
        return []
    told: dict[tuple[NodeName, Place], int] = {}
    for passage in seen:
        exporter = passage.exporter
        node = (node_of(exporter, passage.transfer) if exporter else None) or NodeName("")
        at = node, place_of(passage)
        told[at] = told.get(at, 0) + passage.transfer.bytes
    sender, receiver = (node_of(address, seen[0].transfer) for address in seen[0].transfer[:2])
    turns = {sender: 1, receiver: 0}
    ranked = sorted(told, key=lambda at: (turns.get(at[0], 2), -told[at], at))
    return list(dict.fromkeys(place for _, place in ranked))
