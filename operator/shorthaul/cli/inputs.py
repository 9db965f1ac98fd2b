"""From the options of a command to the values that the pure parts take; shared by all commands.

Reading is in this order, so that the cheap mistakes are told before the dear work: topology, then
cluster, then flows. The word `live` stands for the cluster of the current kubeconfig context; a
list that cannot be read there stops the command, since a plan on half a cluster could break what
it does not see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shorthaul.api import anchors
from shorthaul.api.latencies import latencies
from shorthaul.api.topologies import Topology
from shorthaul.cli.object_files import read_objects
from shorthaul.cli.options import LIVE, SERVICES
from shorthaul.cli.progress import Progress
from shorthaul.cluster.directories import directory_of
from shorthaul.cluster.routings import (
    RoutedEdge,
    ServiceRouting,
    overridden,
    route,
    routed,
    service_routings,
)
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.errors import BadInput
from shorthaul.report.note_texts import notes_of, reading_text
from shorthaul.telemetry.flow_files import read_flows_and_events
from shorthaul.topology.distances import DEFAULT_SCALE, Distances, Scale, measure
from shorthaul.topology.latencies import Latencies, per_tier
from shorthaul.traffic.addresses.ranges import Range
from shorthaul.traffic.attribution import attribute, build_graph
from shorthaul.traffic.comparisons import comparison_text
from shorthaul.traffic.graphs import TrafficGraph
from shorthaul.traffic.joins import join
from shorthaul.traffic.observations import Observations, clusters_text
from shorthaul.units import TIERS, Objective, Routing, Tier, Unit, WorkloadRef

Prices = Mapping[Tier, float]


@dataclass(frozen=True, slots=True)
class Paths:
    """What --cluster, --flows and --topology were given."""

    cluster: Sequence[str]
    flows: Sequence[str]
    topology: str | None


@dataclass(frozen=True, slots=True)
class Network:
    """Tiers with their distances; prices per GB, latencies, places outside where there are any."""

    scale: Scale
    prices: Prices | None
    latencies: Latencies | None = None
    places: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """The cluster and its distances, and what their reader should know of both."""

    snapshot: Snapshot
    network: Network
    distances: Distances
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traffic:
    """A traffic map and what its reader should know of the files."""

    graph: TrafficGraph
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inputs:
    """The cluster, its distances, its traffic, and how Services route it."""

    snapshot: Snapshot
    network: Network
    distances: Distances
    graph: TrafficGraph
    routed: tuple[RoutedEdge, ...]
    routings: Mapping[WorkloadRef, ServiceRouting]
    notes: tuple[str, ...]


def read_inputs(
    paths: Paths, objective: Objective | None, routing: str, progress: Progress
) -> Inputs:
    """Everything that a plan is made from."""
    ground = read_ground(paths.cluster, paths.topology, progress)
    traffic = read_traffic(paths.flows, objective, ground.network, ground.snapshot, progress)
    edges, routings = _routed(traffic.graph, ground.snapshot, routing)
    return Inputs(
        ground.snapshot,
        ground.network,
        ground.distances,
        traffic.graph,
        edges,
        routings,
        (*ground.notes, *traffic.notes),
    )


def _routed(
    graph: TrafficGraph, snapshot: Snapshot, routing: str
) -> tuple[tuple[RoutedEdge, ...], Mapping[WorkloadRef, ServiceRouting]]:
    """The edges as they are routed, and how that was told of each server."""
    if routing == SERVICES:
        routings = service_routings(snapshot, graph)
        return routed(graph, snapshot, routings), routings
    override = Routing(routing)
    return route(graph, snapshot, override), overridden(graph, override)


def read_ground(cluster: Sequence[str], topology: str | None, progress: Progress) -> Ground:
    """The cluster, and how far apart its nodes are."""
    network = read_network(topology)
    progress.begin("reading the cluster")
    snapshot = read_cluster(cluster)
    distances = measure({name: node.labels for name, node in snapshot.nodes.items()}, network.scale)
    notes = (*_cluster_notes(snapshot), *distances.warnings)
    return Ground(snapshot, network, distances, notes)


def read_traffic(
    flows: Sequence[str],
    objective: Objective | None,
    network: Network,
    snapshot: Snapshot | None,
    progress: Progress,
) -> Traffic:
    """The traffic map of some files, in the unit that the objective needs."""
    progress.begin("reading flows")
    observations, events = read_flows_and_events(
        flows, unit=unit_of(objective), places=network.places, progress=progress.advance
    )
    if snapshot is not None:
        _require_one_cluster(events or observations)
    directory = None if snapshot is None else directory_of(snapshot)
    difference: tuple[str, ...] = ()
    if events is not None:
        observations = join(observations, events, directory)
    graph = build_graph(observations, directory)
    if events is not None:
        difference = comparison_text(graph, attribute(events, directory))
    reading = reading_text(observations)
    return Traffic(
        graph,
        (*notes_of(graph, network.scale.anchors), *difference, *([reading] if reading else [])),
    )


def _require_one_cluster(observations: Observations) -> None:
    """Names may be the same in all clusters, so flows of others would be taken for this one's."""
    found = observations.clusters
    if len(found) > 1:
        places = clusters_text(found)
        raise BadInput(
            f"the flows are of {len(found)} clusters: {places}; give one cluster's flows"
        )


def unit_of(objective: Objective | None) -> Unit | None:
    """The unit that an objective counts; None lets the flows decide."""
    match objective:
        case None:
            return None
        case Objective.FLOWS | Objective.LATENCY:
            return Unit.FLOWS
        case _:
            return Unit.BYTES


def prices_of(objective: Objective, found: Inputs) -> tuple[Prices | None, tuple[str, ...]]:
    """What the Topology gives for an objective by tier, with notes: dollars or milliseconds."""
    if objective is not Objective.LATENCY:
        return found.network.prices, ()
    if found.network.latencies is None:
        return None, ()
    known = per_tier(found.network.latencies, found.distances)
    return known.tiers, known.notes


def objective_of(asked: Objective | None, graph: TrafficGraph) -> Objective:
    """What was asked for, or what the unit of the flows stands for."""
    if asked is not None:
        return asked
    return Objective.BYTES if graph.unit is Unit.BYTES else Objective.FLOWS


def read_cluster(paths: Sequence[str]) -> Snapshot:
    """A cluster from files, or the live one."""
    if LIVE not in paths:
        from shorthaul.kube.dumps import read_dump

        return read_dump(paths)
    if len(paths) > 1:
        raise BadInput(f"--cluster {' '.join(paths)}: {LIVE} cannot be joined with files; give one")
    from shorthaul.kube.stores import read_live

    return read_live()


def read_network(path: str | None) -> Network:
    """Labels, distances and prices of a Topology file, or the standard ones."""
    if path is None:
        return Network(DEFAULT_SCALE, None)
    found = read_objects([path], Topology)
    if len(found) > 1:
        raise BadInput(f"{path}: {len(found)} Topology objects in there; give one")
    spec = found[0].spec
    labels = dict(DEFAULT_SCALE.labels) | {Tier(tier.tier): tier.label for tier in spec.tiers}
    try:
        distances = {tier: getattr(spec.distances, tier) for tier in TIERS}
        scale = Scale(labels, distances, anchors.tiers(found[0]))
        places = anchors.ranges(found[0])
    except BadInput as error:
        raise BadInput(f"{path}: Topology {found[0].metadata.name}: {error}") from error
    prices = spec.prices_per_gb
    per_gb = None if prices is None else {tier: getattr(prices, tier) for tier in TIERS}
    return Network(scale, per_gb, latencies(found[0]), places)


def _cluster_notes(snapshot: Snapshot) -> list[str]:
    notes = []
    if snapshot.absent_kinds:
        kinds = ", ".join(sorted(snapshot.absent_kinds))
        notes.append(f"not in the cluster files, so taken as none: {kinds}")
    if snapshot.ignored_kinds:
        counts = ", ".join(f"{kind} ({n:,})" for kind, n in sorted(snapshot.ignored_kinds.items()))
        notes.append(f"objects of no use here, ignored: {counts}")
    return notes
