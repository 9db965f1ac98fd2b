"""Passages that name a Service, named anew by the endpoint that the connection really went to.

A Service's own address is on the wire only between a client and whatever translates it, on the
client's node: before that for what it asks, behind it for what it is answered. Everywhere else the
same packets name the endpoint. So one connection is told of under two pairs of addresses, and would
count twice. What both have in common is the client's address, port and protocol: where exactly one
of the Service's endpoints speaks with these at that time, by whomever that is told, it is the one.
Where none or several do, the passage stays what it was, and its endpoints are an estimate.
"""

from collections.abc import Sequence
from typing import NamedTuple

from shorthaul.traffic.addresses.books import Book
from shorthaul.traffic.addresses.parties import Address, Kind, Party, Unknown
from shorthaul.traffic.passages import Passage

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
    return [_named(passage, services, viewed, slack) for passage in passages]


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
    passage: Passage, services: _Services, viewed: dict[_Client, list[_Peer]], slack: int
) -> Passage:
    client = _client(passage, services)
    if client is None:
        return passage
    transfer = passage.transfer
    answering = transfer.source in services
    endpoints = services[transfer.source if answering else transfer.destination]
    found = {
        peer[:2]
        for peer in viewed[client]
        if peer.address in endpoints
        and peer.first <= transfer.last_milliseconds + slack
        and peer.last >= transfer.first_milliseconds - slack
    }
    if len(found) != 1:
        return passage
    ((address, port),) = found
    if answering:
        return passage._replace(transfer=transfer._replace(source=address), source_port=port)
    return passage._replace(transfer=transfer._replace(destination=address), destination_port=port)
