"""The part of a Topology that names who measures latency: probers, Prometheus, or requests."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from shorthaul.api.addresses import host_and_port
from shorthaul.api.engines import ENGINE_RULES, EngineAddress, TlsFolder, TokenFile
from shorthaul.api.metric_profiles import Conditions, LabelName, MetricName
from shorthaul.api.objects import Value, rules
from shorthaul.api.paths import absolute_path
from shorthaul.api.relays import RelayAddress, RelayEncryption

StaleSeconds = Annotated[
    int,
    Meta(
        ge=10,
        le=86400,
        description="After so long without a new measurement the spec's latencies count again.",
    ),
]


class LatencySourceType(StrEnum):
    """Who measures latency."""

    PROBES = "Probes"
    PROMETHEUS = "Prometheus"
    HUBBLE_REQUESTS = "HubbleRequests"


class RoundTripProfile(StrEnum):
    """The histograms of round trips that Shorthaul knows."""

    NETOBSERV = "netobserv"


class ProbesSource(Value, frozen=True, kw_only=True):
    """Probers on the nodes (`shorthaul prober`, the chart's `prober.enabled`)."""

    address: Annotated[
        str,
        host_and_port(
            "Host and report port of all probers: a headless Service, such as "
            "shorthaul-prober.shorthaul-system.svc:8621.",
        ),
    ]
    stale_seconds: StaleSeconds = 900


class RoundTripHistogram(Value, frozen=True, kw_only=True):
    """A histogram of round trips in seconds, whose labels name the node at both ends."""

    metric: Annotated[MetricName, Meta(description="Its name, without _bucket.")]
    source: LabelName
    destination: LabelName


class RoundTripQuery(Value, frozen=True, kw_only=True):
    """A query that answers one round trip in seconds for each pair of nodes and direction."""

    query: Annotated[str, Meta(min_length=1, max_length=2000)]
    source: LabelName
    destination: LabelName


class RoundTripSource(Value, frozen=True, kw_only=True):
    """Round trips between nodes in Prometheus, Thanos, Mimir or VictoriaMetrics."""

    address: EngineAddress
    profile: Annotated[
        RoundTripProfile | None,
        Meta(description="Whose histogram it is, if a profile knows it."),
    ] = None
    own_histogram: Annotated[
        RoundTripHistogram | None,
        Meta(description="Which histogram and labels, if no profile does."),
    ] = None
    own_query: Annotated[
        RoundTripQuery | None,
        Meta(description="What to ask, where it is no histogram."),
    ] = None
    where: Conditions = ()
    tls_folder: TlsFolder | None = None
    token_file: TokenFile | None = None
    window_seconds: Annotated[
        int,
        Meta(
            ge=60,
            le=86400,
            description="Of how long a histogram's median is taken; the engine is asked five times "
            "in it. Longer than two scrape intervals.",
        ),
    ] = 300
    stale_seconds: StaleSeconds = 900


_ROUND_TRIP_RULES = (
    (
        "[has(self.profile), has(self.ownHistogram), has(self.ownQuery)].filter(given, given)"
        ".size() == 1",
        "give one of profile, ownHistogram and ownQuery",
    ),
    (
        "!has(self.ownQuery) || !has(self.where) || self.where.size() == 0",
        "where narrows histograms; put conditions into the query itself",
    ),
    *(
        (
            f"!has(self.{part}) || self.{part}.source != self.{part}.destination",
            f"the labels of {part} have to be two, one for each end",
        )
        for part in ("ownHistogram", "ownQuery")
    ),
    *ENGINE_RULES,
)


RequestsPath = Annotated[
    str,
    absolute_path(
        "path",
        "Absolute path of all nodes' export files as the operator sees them; * ? and [ ] match "
        "within one folder.",
    ),
]


class RequestsRelay(Value, frozen=True, kw_only=True):
    """Hubble Relay, which tells of the requests that the proxies of all nodes see."""

    address: RelayAddress
    tls: RelayEncryption = None


class HubbleRequestsSource(Value, frozen=True, kw_only=True):
    """HTTP requests that Cilium's proxies at both their ends timed, as Hubble tells of them."""

    path: RequestsPath | None = None
    relay: Annotated[
        RequestsRelay | None, Meta(description="Who tells of them as they happen, without files.")
    ] = None
    window_seconds: Annotated[
        int,
        Meta(ge=60, le=86400, description="Of how long the least difference is taken."),
    ] = 900
    stale_seconds: StaleSeconds = 900


_HUBBLE_REQUESTS_RULES = (("has(self.path) != has(self.relay)", "give one of path and relay"),)


class LatencySource(Value, frozen=True, kw_only=True):
    """Where latencies come from that count instead of the spec's."""

    type: LatencySourceType
    probes: ProbesSource | None = None
    prometheus: Annotated[
        RoundTripSource | None, Meta(extra_json_schema=rules(*_ROUND_TRIP_RULES))
    ] = None
    hubble_requests: Annotated[
        HubbleRequestsSource | None, Meta(extra_json_schema=rules(*_HUBBLE_REQUESTS_RULES))
    ] = None


_PARTS = {
    LatencySourceType.PROBES: "probes",
    LatencySourceType.PROMETHEUS: "prometheus",
    LatencySourceType.HUBBLE_REQUESTS: "hubbleRequests",
}
LATENCY_SOURCE_RULES = tuple(
    (
        f"self.type == '{kind}' ? has(self.{part}) : !has(self.{part})",
        f"{part} is needed for type {kind}, and for no other",
    )
    for kind, part in _PARTS.items()
)
