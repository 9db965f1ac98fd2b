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


class _Client(NamedTuple):
    """What stays the same of a connection on both sides of the translation."""

    address: Address
    port: int
    protocol: int


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
    viewed = {client: list[_Peer]() for p in passages if (client := _asking(p, services))}
    if not viewed:
        return list(passages)
    for passage in passages:
        transfer = passage.transfer
        if transfer.source in services or transfer.destination in services:
            continue
        for client, peer in zip(_ends(passage), reversed(_ends(passage)), strict=True):
            if client in viewed:
                viewed[client].append(_Peer(*peer[:2], *transfer[2:4]))
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


def _asking(passage: Passage, services: _Services) -> _Client | None:
    """The client of a passage that names one Service; None for all others."""
    source, destination = _ends(passage)
    if source.address in services:
        return None if destination.address in services else destination
    return source if destination.address in services else None


def _named(
    passage: Passage, services: _Services, viewed: dict[_Client, list[_Peer]], slack: int
) -> Passage:
    client = _asking(passage, services)
    if client is None:
        return passage
    transfer = passage.transfer
    answering = client.address == transfer.destination and transfer.source in services
    service = transfer.source if answering else transfer.destination
    found = {
        peer[:2]
        for peer in viewed[client]
        if peer.address in services[service]
        and peer.first <= transfer.last_milliseconds + slack
        and peer.last >= transfer.first_milliseconds - slack
    }
    if len(found) != 1:
        return passage
    ((address, port),) = found
    if answering:
        return passage._replace(transfer=transfer._replace(source=address), source_port=port)
    return passage._replace(transfer=transfer._replace(destination=address), destination_port=port)


def _ends(passage: Passage) -> tuple[_Client, _Client]:
    """The sender and the receiver."""
    transfer = passage.transfer
    return (
        _Client(transfer.source, passage.source_port, passage.protocol),
        _Client(transfer.destination, passage.destination_port, passage.protocol),
    )
