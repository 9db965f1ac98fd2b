"""Passages that name a Service, named anew by the endpoint that the connection really went to.

A Service's own address is on the wire only between a client and whatever translates it, on the
client's node: before that for what it asks, behind it for what it is answered. Everywhere else the
same packets name the endpoint. So one connection is told of under two pairs of addresses, and would
count twice. What both have in common is the client's address, port and protocol: where exactly one
of the Service's endpoints speaks with these at that time, by whomever that is told, it is the one.
Where none or several do, the passage stays what it was, and its endpoints are an estimate.
"""

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from shorthaul.traffic.addresses.books import Book
from shorthaul.traffic.addresses.parties import Address, Kind, Party, Unknown
from shorthaul.traffic.passages import Passage

MOST_PEERS = 64
_UNTOLD = frozenset({Unknown.EARLY, Unknown.LATE, Unknown.FULL})


_Client = tuple[Address, int, int]
"""Address, port and protocol: what stays of a connection on both sides of the translation."""


class _Peer(NamedTuple):
    """Whom a client spoke with, and when."""

    address: Address
    port: int
    first: int
    last: int


_Services = dict[Address, frozenset[Address]]
_Spoken = dict[tuple[Address, int], list[tuple[int, int]]]


def by_endpoints(passages: Sequence[Passage], book: Book) -> list[Passage]:
    """All passages in their order; those of a Service by its endpoint, where others tell which."""
    services = _services(passages, book)
    viewed = {client: list[_Peer]() for p in passages if (client := _client(p, services))}
    if not viewed:
        return list(passages)
    for (source, destination, first, last, *_), source_port, destination_port, kind, *_ in passages:
        if source in services or destination in services:
            continue
        for address, port, peer, peer_port in (
            (source, source_port, destination, destination_port),
            (destination, destination_port, source, source_port),
        ):
            peers = viewed.get((address, port, kind))
            if peers is not None:
                peers.append(_Peer(peer, peer_port, first, last))
    slack = book.rules.slack_milliseconds
    spoken = {client: _stretches(peers, slack) for client, peers in viewed.items()}
    return [_named(passage, services, spoken, slack) for passage in passages]


def _stretches(peers: list[_Peer], slack: int) -> _Spoken:
    """By peer when it spoke, in order and apart: a long connection is told of again and again.

    Nothing of a client that speaks with so many from one port that it tells nothing.
    """
    found: _Spoken = {}
    for address, port, first, last in sorted(peers):
        stretches = found.setdefault((address, port), [])
        if stretches and first <= stretches[-1][1] + slack:
            stretches[-1] = stretches[-1][0], max(stretches[-1][1], last)
        else:
            stretches.append((first, last))
    return found if len(found) <= MOST_PEERS else {}


def _met(stretches: Sequence[tuple[int, int]], first: int, last: int) -> bool:
    """Whether any of these stretches touches another one."""
    at = bisect_right(stretches, last, key=itemgetter(0))
    return at > 0 and stretches[at - 1][1] >= first


def _services(passages: Sequence[Passage], book: Book) -> _Services:
    """The addresses that are Services', each with those of its endpoints."""
    found: _Services = {}
    others = set[Address]()
    for passage in passages:
        transfer = passage.transfer
        for address in transfer[:2]:
            if address in others or address in found:
                continue
            answer = book.who(address, *transfer[2:4])
            if isinstance(answer, Party) and answer.kind is Kind.SERVICE:
                found[address] = frozenset(book.behind(answer))
            elif answer not in _UNTOLD:
                others.add(address)
    return found


def _client(passage: Passage, services: _Services) -> _Client | None:
    """The client of a passage that names one Service; None for all others."""
    (source, destination, *_), source_port, destination_port, protocol, *_ = passage
    if source in services:
        return None if destination in services else (destination, destination_port, protocol)
    return (source, source_port, protocol) if destination in services else None


def _named(
    passage: Passage, services: _Services, spoken: dict[_Client, _Spoken], slack: int
) -> Passage:
    client = _client(passage, services)
    if client is None:
        return passage
    transfer = passage.transfer
    answering = transfer.source in services
    endpoints = services[transfer.source if answering else transfer.destination]
    first, last = transfer.first_milliseconds - slack, transfer.last_milliseconds + slack
    found = [
        peer
        for peer, stretches in spoken[client].items()
        if peer[0] in endpoints and _met(stretches, first, last)
    ]
    if len(found) != 1:
        return passage
    ((address, port),) = found
    if answering:
        return passage._replace(transfer=transfer._replace(source=address), source_port=port)
    return passage._replace(transfer=transfer._replace(destination=address), destination_port=port)
