"""Topology: which node labels make racks, zones and regions; distance, price and latency of each.

Places outside the cluster that its user names are here too, each with the tier that it is at.

There is one, named `default`; without it the standard labels and distances of `topology.distances`
apply. Distances, prices and latencies may not fall from a nearer tier to a farther one. The spec is
the user's alone: what was measured is in the status, and counts only where `latencySource` says so.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from shorthaul.api.latency_sources import LATENCY_SOURCE_RULES, LatencySource
from shorthaul.api.objects import (
    API_VERSION,
    Conditions,
    Count,
    LabelKey,
    ObjectMeta,
    Report,
    Value,
    keyed,
    rules,
    unique,
    written,
)
from shorthaul.units import Tier

NAME = "default"
Distance = Annotated[float, Meta(ge=0, le=1e9)]
Place = Annotated[str, Meta(min_length=1, max_length=253)]

AnchorName = Annotated[
    str, Meta(min_length=1, max_length=63, pattern="^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
]
_RANGE = "isCIDR(self) ? cidr(self) == cidr(self).masked() : isIP(self)"
Cidr = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=49,
        pattern="^[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?$",
        extra_json_schema=rules(
            (
                _RANGE,
                "has to be an address, or a CIDR without bits of a host, such as 10.1.0.0/16; "
                "IPv4 without ::ffff:",
            )
        ),
    ),
]

_RISING = "self.host <= self.rack && self.rack <= self.zone && self.zone <= self.region && " + (
    "self.region <= self.beyond"
)


class GroupTier(StrEnum):
    """A tier that a node's label decides."""

    RACK = "rack"
    ZONE = "zone"
    REGION = "region"


class TierLabel(Value, frozen=True, kw_only=True):
    """The node label whose value names the node's group in a tier."""

    tier: GroupTier
    label: LabelKey


class TierDistances(Value, frozen=True, kw_only=True):
    """How far apart two pods are by the smallest tier that they share."""

    host: Distance = 0.0
    rack: Distance = 1.0
    zone: Distance = 3.0
    region: Distance = 10.0
    beyond: Distance = 30.0


class TierPrices(Value, frozen=True, kw_only=True):
    """What a gigabyte between two pods costs by the smallest tier that they share."""

    host: Distance
    rack: Distance
    zone: Distance
    region: Distance
    beyond: Distance


class TierLatencies(Value, frozen=True, kw_only=True):
    """How many milliseconds a request takes there and back by the smallest tier shared."""

    host: Distance
    rack: Distance
    zone: Distance
    region: Distance
    beyond: Distance


class MeasuredLatency(Value, frozen=True, kw_only=True):
    """What was measured between two nodes or two zones, there and back."""

    one: Place = msgspec.field(name="from")
    other: Place = msgspec.field(name="to")
    milliseconds: Distance


class NamedAnchor(Value, frozen=True, kw_only=True):
    """A named place outside the cluster: a database, an office, another data centre."""

    name: AnchorName
    cidrs: Annotated[
        tuple[Cidr, ...],
        Meta(
            min_length=1,
            max_length=256,
            description="Its addresses, IPv4 (without ::ffff:) or IPv6; of all anchors the "
            "narrowest range counts.",
            extra_json_schema=unique(),
        ),
    ]
    tier: Annotated[
        Tier, Meta(description="The tier that its traffic counts at, wherever pods are.")
    ]


TOPOLOGY_RULES = (
    (
        "!has(self.latencySource) || has(self.latencies)",
        "latencySource needs latencies, which count for tiers that it cannot tell",
    ),
)


class TopologySpec(Value, frozen=True, kw_only=True):
    """Tiers, distances, prices and latencies."""

    tiers: Annotated[
        tuple[TierLabel, ...],
        Meta(
            max_length=3,
            description="Labels that replace the standard ones; a tier that is left out keeps its "
            "standard label.",
            extra_json_schema=keyed("tier"),
        ),
    ] = ()
    distances: Annotated[
        TierDistances,
        Meta(
            extra_json_schema=rules((_RISING, "distances may not fall from host to beyond")),
        ),
    ] = TierDistances()
    prices_per_gb: Annotated[
        TierPrices | None,
        Meta(
            description="Needed for objective cost; in any currency.",
            extra_json_schema=rules((_RISING, "prices may not fall from host to beyond")),
        ),
    ] = msgspec.field(default=None, name="pricesPerGB")
    latencies: Annotated[
        TierLatencies | None,
        Meta(
            description="Milliseconds there and back; objective latency needs these or measured "
            "ones.",
            extra_json_schema=rules((_RISING, "latencies may not fall from host to beyond")),
        ),
    ] = None
    measured_latencies: Annotated[
        tuple[MeasuredLatency, ...],
        Meta(
            max_length=10000,
            description="Between nodes or zones; each tier's median counts instead of its latency.",
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = ()
    latency_source: Annotated[
        LatencySource | None,
        Meta(
            description="Who measures latencies; those of the status then count instead of the "
            "spec's, tier by tier, while they are new.",
            extra_json_schema=rules(*LATENCY_SOURCE_RULES),
        ),
    ] = None
    anchors: Annotated[
        tuple[NamedAnchor, ...],
        Meta(
            max_length=256,
            description="Places outside whose traffic is shown by name; no plan depends on them.",
            extra_json_schema=keyed("name"),
        ),
    ] = ()


class TierLatency(Report, frozen=True, kw_only=True):
    """What was measured within a tier, there and back."""

    tier: Tier
    milliseconds: Annotated[
        Distance, Meta(description="What plans are made with; it changes when measurements do.")
    ]
    pairs: Annotated[Count, Meta(description="Pairs of nodes that it is from.")] = 0


class TopologyStatus(Report, frozen=True, kw_only=True):
    """How the nodes fit it."""

    observed_generation: Count = 0
    conditions: Conditions = ()
    nodes: Count = 0
    racks: Count = 0
    zones: Count = 0
    regions: Count = 0
    probers: Annotated[Count, Meta(description="Probers that answered of late.")] = 0
    latencies: Annotated[
        tuple[TierLatency, ...],
        Meta(
            max_length=5,
            description="Measured latencies that plans are made with.",
            extra_json_schema=keyed("tier"),
        ),
    ] = ()
    measured_latencies: Annotated[
        tuple[MeasuredLatency, ...],
        Meta(
            max_length=256,
            description="What both ends measured and agree upon, between nodes, or between zones "
            "where there are many nodes.",
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = ()


class Topology(Value, frozen=True, kw_only=True):
    """The tiers of the network and their distances and prices."""

    metadata: ObjectMeta
    spec: Annotated[TopologySpec, Meta(extra_json_schema=rules(*TOPOLOGY_RULES))]
    status: TopologyStatus = TopologyStatus()
    api_version: str = written(API_VERSION)
    kind: str = written("Topology")
