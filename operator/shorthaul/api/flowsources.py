"""FlowSource: one source of flow telemetry, and in its status how well it does.

Written by who runs the cluster, because what a source says can move pods. A new type is one more
value of the type and one more optional part beside `hubbleExport`; a large one has its own module.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from shorthaul.api.collector_sources import Collector
from shorthaul.api.objects import (
    API_VERSION,
    Amount,
    Conditions,
    Count,
    Message,
    Moment,
    ObjectMeta,
    Report,
    Value,
    rules,
    written,
)
from shorthaul.api.paths import absolute_path
from shorthaul.api.prometheus_sources import PrometheusPart
from shorthaul.api.relays import RelayAddress, RelayEncryption


class SourceType(StrEnum):
    """How flows arrive."""

    HUBBLE_EXPORT = "HubbleExport"
    HUBBLE_RELAY = "HubbleRelay"
    COLLECTOR = "Collector"
    PROMETHEUS = "Prometheus"


class Trust(StrEnum):
    """What a source's flows may do."""

    FULL = "Full"
    REPORT_ONLY = "ReportOnly"


class HubbleExport(Value, frozen=True, kw_only=True):
    """Files that Cilium's Hubble exporter writes, one or more per node, rotated or not."""

    path: Annotated[
        str,
        absolute_path(
            "path",
            "Absolute path of the files as the operator sees them; * ? and [ ] match "
            "within one folder.",
        ),
    ]
    from_beginning: Annotated[
        bool,
        Meta(
            description="Whether lines from before the operator's start count, as far back as it "
            "keeps windows; without, it gathers anew after each restart."
        ),
    ] = True


class HubbleRelay(Value, frozen=True, kw_only=True):
    """Hubble Relay, or one agent, over gRPC; what was before the first connection is not read."""

    address: RelayAddress
    tls: RelayEncryption = None
    least_coverage_percent: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="Of how many of the cluster's nodes the flows have to arrive, else nothing "
            "is planned and nothing moves.",
        ),
    ] = 90


class FlowSourceSpec(Value, frozen=True, kw_only=True):
    """Where flows come from and how far they are trusted."""

    type: SourceType
    hubble_export: HubbleExport | None = None
    hubble_relay: HubbleRelay | None = None
    collector: Collector | None = None
    prometheus: PrometheusPart | None = None
    trust: Annotated[
        Trust,
        Meta(description="Full lets its flows attract pods, ReportOnly only shows them."),
    ] = Trust.FULL


_PARTS = {
    SourceType.HUBBLE_EXPORT: "hubbleExport",
    SourceType.HUBBLE_RELAY: "hubbleRelay",
    SourceType.COLLECTOR: "collector",
    SourceType.PROMETHEUS: "prometheus",
}
FLOW_SOURCE_RULES = tuple(
    (
        f"self.type == '{kind}' ? has(self.{part}) : !has(self.{part})",
        f"{part} is needed for type {kind}, and for no other",
    )
    for kind, part in _PARTS.items()
)


class SourceHealth(Report, frozen=True, kw_only=True):
    """Counts since the operator was started, and how far behind it is."""

    lines: Count = 0
    flows: Count = 0
    lost_events: Count = 0
    bad_lines: Count = 0
    ignored_lines: Annotated[
        Count, Meta(description="Lines or messages that were never meant to weigh, repeats too.")
    ] = 0
    leftover_lines: Annotated[
        Count,
        Meta(description="Those that carry no weight though they might have, bad ones too."),
    ] = 0
    late_events: Annotated[
        Count, Meta(description="Events that came when their window was closed or too old.")
    ] = 0
    early_events: Annotated[Count, Meta(description="Events of a time that is still to come.")] = 0
    refused_windows: Annotated[
        Count,
        Meta(description="Windows of bytes of another length, too old, or still to come."),
    ] = 0
    files: Count = 0
    silent_collectors: Annotated[
        Count,
        Meta(
            description="Collectors that are there and do not answer, also since before the "
            "operator's start, or are gone and missed."
        ),
    ] = 0
    truncations: Annotated[
        Count, Meta(description="Times that a file was cut off under the reader.")
    ] = 0
    nodes: Annotated[Count, Meta(description="Nodes that the source knows of.")] = 0
    connected_nodes: Annotated[Count, Meta(description="Nodes whose flows arrive.")] = 0
    windows: Annotated[Count, Meta(description="Windows of bytes that are kept.")] = 0
    incomplete_windows: Annotated[
        Count, Meta(description="Those of them that say nothing, since they are not whole.")
    ] = 0
    bytes: Annotated[Count, Meta(description="Bytes between workloads in these windows.")] = 0
    unattributed_bytes: Annotated[
        Count, Meta(description="Bytes in them that name no two workloads, which move nothing.")
    ] = 0
    flows_per_second: Amount = 0.0
    lag_seconds: Amount = 0.0
    last_flow_time: Moment | None = None
    last_error: Message = ""


class FlowSourceStatus(Report, frozen=True, kw_only=True):
    """How the source does."""

    observed_generation: Count = 0
    conditions: Conditions = ()
    health: SourceHealth | None = None


class FlowSource(Value, frozen=True, kw_only=True):
    """One source of flow telemetry."""

    metadata: ObjectMeta
    spec: Annotated[FlowSourceSpec, Meta(extra_json_schema=rules(*FLOW_SOURCE_RULES))]
    status: FlowSourceStatus = FlowSourceStatus()
    api_version: str = written(API_VERSION)
    kind: str = written("FlowSource")
