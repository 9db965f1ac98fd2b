"""How much traffic a level could keep around one vertex: a knapsack of its neighbours' pods.

A pod of a vertex shares its cell with no more of its neighbours' pods than there is room for, each
worth what a pair keeps. The knapsack is fractional, one resource at a time, the smallest counts;
all pods of the vertex together keep at most so many times that. Each link is half its client's and
half its server's, so the sum over vertices bounds the sum over links.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shorthaul.solve.cells import Cells
from shorthaul.solve.envelopes import Envelope
from shorthaul.solve.problems import Link
from shorthaul.units import Routing


@dataclass(frozen=True, slots=True)
class _Item:
    """So many pods of a neighbour, what each is worth beside one pod, and what each takes."""

    worth: float
    count: float
    takes: tuple[int, ...]


def kept(vertex: int, links: Sequence[Link], level: int, cells: Cells, known: Envelope) -> float:
    """The most weight that the links of a vertex keep at a level; links without shared pods."""
    part = cells.slice(level)
    within = known.possible[vertex, part]
    if not within.any():
        return 0.0
    room = known.room[:, part][:, within].max(axis=1)
    fixed_only = not known.groups[vertex]
    left = room if fixed_only else np.maximum(0, room - known.requests[vertex])
    items = [
        item
        for other, shared in _by_neighbour(vertex, links).items()
        for item in _items(vertex, other, shared, part, known)
    ]
    best = min(
        (_knapsack(items, resource, int(left[resource])) for resource in range(len(left))),
        default=sum(item.worth * item.count for item in items),
    )
    return int(known.sizes[vertex]) * best


def _by_neighbour(vertex: int, links: Sequence[Link]) -> dict[int, list[Link]]:
    """The links by their other end: a pod takes its room once, however many links it has."""
    found: dict[int, list[Link]] = {}
    for link in links:
        other = link.server if link.client == vertex else link.client
        found.setdefault(other, []).append(link)
    return found


def _items(
    vertex: int, other: int, links: Sequence[Link], part: slice, known: Envelope
) -> list[_Item]:
    """A neighbour's pods in pieces of falling worth: first those that stay, which take no room."""
    both = known.possible[vertex, part] & known.possible[other, part]
    if not both.any():
        return []
    most = float(known.most[other, part][both].max())
    free = float(known.fixed[other, part][both].max())
    sizes = int(known.sizes[vertex]), int(known.sizes[other])
    worths = [_worth(link, vertex, *sizes) for link in links]
    takes = tuple(int(amount) for amount in known.requests[other])
    found, begin = [], 0.0
    for end in sorted({min(most, limit) for _, limit in worths} | {min(free, most)}):
        worth = math.fsum(worth for worth, limit in worths if min(most, limit) >= end)
        size = tuple(0 for _ in takes) if end <= free else takes
        found.append(_Item(worth, end - begin, size))
        begin = end
    return found


def _worth(link: Link, vertex: int, own: int, other: int) -> tuple[float, float]:
    """What one pod of the other end is worth to one pod of this one, and for how many of them."""
    if link.routing is Routing.UNIFORM:
        return link.weight / (own * other), float(other)
    if link.routing is Routing.LOCAL:
        return link.weight / other, other / own
    if link.client == vertex:
        return link.weight / own, 1.0
    return link.weight / other, float(other)


def _knapsack(items: Sequence[_Item], resource: int, room: int) -> float:
    """The fractional knapsack by one resource."""
    total, left = 0.0, float(room)
    free = [item for item in items if item.takes[resource] == 0]
    for item in free:
        total += item.worth * item.count
    sized = [item for item in items if item.takes[resource] > 0]
    for item in sorted(sized, key=lambda item: -item.worth / item.takes[resource]):
        count = min(item.count, left / item.takes[resource])
        total += item.worth * count
        left -= count * item.takes[resource]
    return total


def overlapping(links: Sequence[Link], known: Envelope) -> list[bool]:
    """Which links are no matter for a star: to itself, or of pods that are in several vertices."""
    owners: dict[int, int] = {}
    for groups in known.groups:
        for group in groups:
            owners[group] = owners.get(group, 0) + 1
    shared = [any(owners[group] > 1 for group in groups) for groups in known.groups]
    return [
        link.client == link.server or shared[link.client] or shared[link.server] for link in links
    ]
