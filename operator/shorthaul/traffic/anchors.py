"""Named places outside the cluster, as ends of traffic: a database, an office, another data centre.

An anchor never moves, and it is as far away wherever pods are, since only a tier is known of it. So
its traffic is shown by name and counted at that tier, and no plan is made with it. In maps, edge
lists and ledgers it stands where workloads do, with the kind Anchor and no namespace, which no
object of Kubernetes that owns pods can have.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from shorthaul.errors import BadInput
from shorthaul.traffic.addresses import ranges
from shorthaul.traffic.addresses.parties import Answer, Kind, Party
from shorthaul.traffic.graphs import Edge, Vertex
from shorthaul.units import Namespace, Tier, WorkloadRef

KIND = "Anchor"
_NO_NAMESPACE = Namespace("")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place, the ranges of its addresses, and the tier that its traffic counts at."""

    name: str
    cidrs: tuple[str, ...]
    tier: Tier


def vertex(name: str) -> WorkloadRef:
    """An anchor as an end of traffic."""
    return WorkloadRef(_NO_NAMESPACE, KIND, name)


def named(answer: Answer | None) -> WorkloadRef | None:
    """The place that an address turned out to be in, if it is one."""
    if isinstance(answer, Party) and answer.kind is Kind.ANCHOR:
        return vertex(answer.name)
    return None


def is_anchor(end: Vertex) -> bool:
    """Whether an end of traffic is a named place outside."""
    return isinstance(end, WorkloadRef) and end.kind == KIND and not end.namespace


def is_outside(client: Vertex, server: Vertex) -> bool:
    """Whether traffic has such a place at one end or at both."""
    return is_anchor(client) or is_anchor(server)


def place_of(edge: Edge) -> Vertex:
    """The end of an anchored edge that is the place."""
    return edge.client if is_anchor(edge.client) else edge.server


def inside_of(edge: Edge) -> Vertex:
    """Its other end."""
    return edge.server if is_anchor(edge.client) else edge.client


def rates_by_place(edges: Iterable[Edge]) -> dict[str, float]:
    """All the traffic of anchored edges with each place, by its name."""
    rates: dict[str, list[float]] = {}
    for edge in edges:
        rates.setdefault(place_of(edge).name, []).append(edge.rate)
    return {name: math.fsum(each) for name, each in rates.items()}


def ranges_of(anchors: Iterable[Anchor]) -> tuple[ranges.Range, ...]:
    """The ranges of all anchors; raises BadInput for what is none, or stands there twice."""
    found: list[ranges.Range] = []
    names: set[str] = set()
    for anchor in anchors:
        if anchor.name in names:
            raise BadInput(f"anchor {anchor.name} is there twice; give it once, with all its CIDRs")
        names.add(anchor.name)
        found += _ranges(anchor)
    try:
        ranges.Ranges((ranges.dns(), *found))
    except BadInput as error:
        raise BadInput(f"anchors: {error}") from error
    return tuple(found)


def _ranges(anchor: Anchor) -> list[ranges.Range]:
    found: dict[tuple[int, int], ranges.Range] = {}
    for cidr in anchor.cidrs:
        try:
            prefix = ranges.prefix(cidr)
        except BadInput as error:
            raise BadInput(f"anchor {anchor.name}: {error}") from error
        if prefix in found:
            raise BadInput(
                f"anchor {anchor.name}: {cidr} is the same range as {found[prefix].cidr}; give one"
            )
        found[prefix] = ranges.anchor(anchor.name, cidr, anchor.tier)
    return list(found.values())
