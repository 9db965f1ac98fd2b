"""Which routing a server workload's Services really give it, with the reason in words.

A Service's wish (`trafficDistribution`, `internalTrafficPolicy`) counts only when its
EndpointSlices carry the hints and the flows do not contradict; in doubt traffic is taken as spread
uniformly, which never promises too much. Headless Services leave the choice to the client: a
StatefulSet's pods are addressed one by one and so pinned; other pods are pinned only if the
flows say that clients do not spread over them evenly.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shorthaul.cluster.route_evidence import (
    LEAST_EVENTS,
    LEAST_NEAR_SHARE,
    MOST_UNEVENNESS,
    ZONE_LABEL,
    Traffic,
    node_of,
    zone_of,
)
from shorthaul.cluster.snapshots import Endpoint, Pod, Service, Snapshot
from shorthaul.traffic.graphs import PodEdge, TrafficGraph
from shorthaul.units import Namespace, PodRef, Routing, WorkloadRef

ASKED: Mapping[str, Routing] = {
    "PreferSameZone": Routing.ZONE,
    "PreferClose": Routing.ZONE,
    "PreferSameNode": Routing.NODE,
}
"""What each trafficDistribution asks for."""


@dataclass(frozen=True, slots=True)
class ServiceRouting:
    """How traffic to a workload is spread; `pinned` means to single pods, as observed.

    `doubted` means that a Service asks for nearer pods, or carries hints to them, than is believed.
    """

    routing: Routing
    reason: str
    pinned: bool = False
    doubted: bool = False


class Services:
    """A snapshot's Services, endpoints and pods, by what they are looked up by."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._services: dict[tuple[Namespace, tuple[str, str] | None], list[int]] = {}
        self._endpoints: dict[tuple[Namespace, str], list[Endpoint]] = {}
        self._pods: dict[WorkloadRef, list[Pod]] = {}
        for number, service in enumerate(snapshot.services):
            if service.selector is not None:
                label = service.selector.labels[0] if service.selector.labels else None
                self._services.setdefault((service.namespace, label), []).append(number)
        for endpoint in snapshot.endpoints:
            key = (endpoint.namespace, endpoint.service)
            self._endpoints.setdefault(key, []).append(endpoint)
        for pod in snapshot.pods.values():
            if pod.active:
                self._pods.setdefault(pod.workload, []).append(pod)

    def pods(self, workload: WorkloadRef) -> list[Pod]:
        """A workload's active pods."""
        return self._pods.get(workload, [])

    def selecting(self, workload: WorkloadRef) -> list[Service]:
        """The Services whose selector matches any of the workload's pods."""
        pods = self.pods(workload)
        labels = {None, *(label for pod in pods for label in pod.labels.items())}
        numbers = [n for one in labels for n in self._services.get((workload.namespace, one), ())]
        return [
            service
            for service in (self.snapshot.services[number] for number in sorted(numbers))
            if service.selector is not None
            and (service.selector.labels or service.selector.requirements)
            and any(service.selector.matches(pod.labels) for pod in pods)
        ]

    def ready_endpoints(self, service: Service) -> list[Endpoint]:
        """The endpoints that traffic may go to."""
        found = self._endpoints.get((service.namespace, service.name), [])
        return [endpoint for endpoint in found if endpoint.ready]

    def pinned_client(self, workload: WorkloadRef) -> bool:
        """Whether a client's own pods are told apart: a StatefulSet behind a headless Service."""
        return workload.kind == "StatefulSet" and any(
            service.headless for service in self.selecting(workload)
        )


def service_routings(
    snapshot: Snapshot, graph: TrafficGraph
) -> Mapping[WorkloadRef, ServiceRouting]:
    """The routing of every workload that is a server in the traffic map."""
    services = Services(snapshot)
    servers = {edge.server for edge in graph.edges if isinstance(edge.server, WorkloadRef)}
    traffic = _traffic(services, graph)
    nothing = Traffic((), (), graph.unit, graph.seconds)
    return {
        server: _routing(services, server, traffic.get(server, nothing))
        for server in sorted(servers)
    }


def _traffic(services: Services, graph: TrafficGraph) -> dict[WorkloadRef, Traffic]:
    pods = services.snapshot.pods
    edges: dict[WorkloadRef, list[PodEdge]] = {}
    for edge in graph.pod_edges:
        if edge.client in pods and edge.server in pods:
            edges.setdefault(pods[edge.server].workload, []).append(edge)
    return {
        server: Traffic(tuple(found), _ready(services.pods(server)), graph.unit, graph.seconds)
        for server, found in edges.items()
    }


def _ready(pods: list[Pod]) -> tuple[PodRef, ...]:
    return tuple(pod.ref for pod in pods if pod.ready and pod.node is not None)


def _routing(services: Services, server: WorkloadRef, traffic: Traffic) -> ServiceRouting:
    found = services.selecting(server)
    headless = [service for service in found if service.headless]
    plain = [service for service in found if not service.headless]
    stateful = server.kind == "StatefulSet"
    if stateful and headless and not plain:
        reason = (
            f"StatefulSet behind headless Service {headless[0].name}: pods are addressed singly"
        )
        return ServiceRouting(Routing.UNIFORM, reason, pinned=True)
    if (headless and not plain) or (stateful and (headless or not plain)):
        chosen = _chosen_singly(traffic)
        if chosen is not None:
            return ServiceRouting(Routing.UNIFORM, chosen, pinned=True)
    if plain:
        return _agreed([_of_service(services, service, traffic) for service in plain])
    if headless:
        reason = f"headless Service {headless[0].name}, but clients spread over its pods evenly"
        return ServiceRouting(Routing.UNIFORM, reason)
    return ServiceRouting(Routing.UNIFORM, "no Service selects it")


def _chosen_singly(traffic: Traffic) -> str | None:
    """Why clients are taken to choose single pods, None when the flows do not show it."""
    uneven = traffic.unevenness()
    if not uneven.enough or uneven.share <= MOST_UNEVENNESS:
        return None
    return (
        f"clients choose single pods: {uneven.share:.0%} of the traffic is off an even spread, "
        f"above {MOST_UNEVENNESS:.0%}"
    )


def _agreed(routings: list[ServiceRouting]) -> ServiceRouting:
    """What all Services make of it; one that is not believed is told before those that are."""
    first = routings[0]
    if any(other.routing is not first.routing for other in routings):
        reasons = "; ".join(sorted({other.reason for other in routings}))
        return ServiceRouting(Routing.UNIFORM, f"its Services disagree: {reasons}", doubted=True)
    return next((each for each in routings if each.doubted), first)


def _of_service(services: Services, service: Service, traffic: Traffic) -> ServiceRouting:
    wish, words = _wish(services, service)
    if wish is Routing.UNIFORM:
        return ServiceRouting(wish, words, doubted=bool(service.distribution))
    snapshot = services.snapshot
    zones = traffic.near(zone_of(snapshot))
    near = traffic.near(node_of(snapshot)) if wish is Routing.NODE else zones
    judged = near if near.enough or service.internal_policy == "Local" else zones
    if not judged.enough:
        doubt = f"only {judged.events:.0f} of {LEAST_EVENTS} events to tell by"
        return ServiceRouting(Routing.UNIFORM, f"{words}, but there are {doubt}", doubted=True)
    if judged.share < LEAST_NEAR_SHARE:
        doubt = f"only {judged.share:.0%} of the traffic that could stay near does"
        return ServiceRouting(Routing.UNIFORM, f"{words}, but {doubt}", doubted=True)
    return ServiceRouting(wish, f"{words}, and {judged.share:.0%} of the traffic stays near")


def _wish(services: Services, service: Service) -> tuple[Routing, str]:
    """What a Service asks for, as far as its EndpointSlices carry it out."""
    name = f"Service {service.name}"
    if service.internal_policy == "Local":
        return Routing.NODE, f"{name} has internalTrafficPolicy Local"
    endpoints = services.ready_endpoints(service)
    to_zones = bool(endpoints) and all(_own_zone(services, point) for point in endpoints)
    to_nodes = bool(endpoints) and all(point.node_hints == (point.node,) for point in endpoints)
    asked = service.distribution
    wanted = ASKED.get(asked)
    if wanted is Routing.NODE and to_nodes:
        return Routing.NODE, f"{name} asks for {asked} and its endpoints carry node hints"
    if (wanted is Routing.ZONE or not asked) and to_zones:
        wish = f"asks for {asked} and its" if asked else "asks for nothing but its"
        return Routing.ZONE, f"{name} {wish} endpoints carry zone hints"
    if not asked:
        return Routing.UNIFORM, f"{name} spreads uniformly"
    return Routing.UNIFORM, f"{name} asks for {asked} but its endpoints carry no such hints"


def _own_zone(services: Services, endpoint: Endpoint) -> bool:
    node = services.snapshot.nodes.get(endpoint.node) if endpoint.node else None
    zone = node.labels.get(ZONE_LABEL) if node else None
    return zone is not None and endpoint.zone_hints == (zone,)
