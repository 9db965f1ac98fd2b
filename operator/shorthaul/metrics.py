"""Everything that moves has a counter: the operator's own Prometheus metrics, in one place.

Labels are bounded: phases, modes and reason codes, never pods or nodes. The traffic map, with names
as far as its owner wants, is in `map_metrics`.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

FLOW_RECORDS = Counter(
    "shorthaul_flow_records_total",
    "Flow records read, by what became of them",
    ["outcome"],
    registry=REGISTRY,
)
LOST_EVENTS = Counter(
    "shorthaul_lost_flow_events_total", "Events that sources declared lost", registry=REGISTRY
)
SOURCE_NODES = Gauge(
    "shorthaul_flow_source_nodes",
    "Nodes that Hubble Relays know of, by whether their flows arrive",
    ["state"],
    registry=REGISTRY,
)
SILENT_COLLECTORS = Gauge(
    "shorthaul_silent_collectors",
    "Collectors that are there and do not answer, or are gone and missed",
    registry=REGISTRY,
)
WINDOWS = Counter(
    "shorthaul_windows_total", "Traffic windows closed, by usability", ["state"], registry=REGISTRY
)
BYTE_WINDOWS = Counter(
    "shorthaul_byte_windows_total",
    "Windows that sources of bytes told, by whether they are whole",
    ["state"],
    registry=REGISTRY,
)
BYTES = Counter(
    "shorthaul_traffic_bytes_total",
    "Bytes that sources told of, by whether they name two workloads",
    ["outcome"],
    registry=REGISTRY,
)
UNPLACED_EVENTS = Counter(
    "shorthaul_unplaced_flow_events_total",
    "Events of trusted sources that are in no window, by why",
    ["reason"],
    registry=REGISTRY,
)
REFUSED_WINDOWS = Counter(
    "shorthaul_refused_byte_windows_total",
    "Windows of sources of bytes that were refused, by why",
    ["reason"],
    registry=REGISTRY,
)
ADDRESS_NEWS = Counter(
    "shorthaul_address_news_total",
    "News of who holds an address that came after its time was judged, or that nobody asked for "
    "until there was no room",
    ["outcome"],
    registry=REGISTRY,
)
PLANS = Counter(
    "shorthaul_plans_total", "Plans made, by what became of them", ["outcome"], registry=REGISTRY
)
MOVES = Counter("shorthaul_moves_total", "Moves that reached a phase", ["phase"], registry=REGISTRY)
EVICTIONS = Counter(
    "shorthaul_evictions_total", "Eviction requests, by answer", ["answer"], registry=REGISTRY
)
SOLVE_SECONDS = Histogram(
    "shorthaul_solve_seconds", "Wall seconds that a plan took", registry=REGISTRY
)
SEARCHES = Counter(
    "shorthaul_searches_total",
    "Searches for a placement, by how much of it was searched",
    ["size"],
    registry=REGISTRY,
)
SEARCH_TRIES = Counter(
    "shorthaul_search_tries_total",
    "Pods tried elsewhere and turns of ruin, in all searches",
    registry=REGISTRY,
)
PROBERS = Gauge(
    "shorthaul_probers",
    "Probers of latency in the last sweep, by state",
    ["state"],
    registry=REGISTRY,
)
LATENCY_PAIRS = Gauge(
    "shorthaul_latency_pairs",
    "Pairs of nodes that were measured of late, by whether both ends agree",
    ["state"],
    registry=REGISTRY,
)
ROUND_TRIPS = Counter(
    "shorthaul_round_trips_total",
    "Round trips between nodes that Prometheus answered, by what became of them",
    ["outcome"],
    registry=REGISTRY,
)
ROUND_TRIP_FAILURES = Counter(
    "shorthaul_round_trip_failures_total",
    "Times that Prometheus was asked for round trips in vain",
    registry=REGISTRY,
)
LATENCY = Gauge(
    "shorthaul_latency_seconds",
    "Measured latency that plans are made with, by tier, there and back",
    ["tier"],
    registry=REGISTRY,
)
LEADER = Gauge("shorthaul_leader_state", "1 while this process holds the Lease", registry=REGISTRY)
CYCLE_AGE = Gauge(
    "shorthaul_last_cycle_timestamp_seconds", "When the last cycle ended", registry=REGISTRY
)
