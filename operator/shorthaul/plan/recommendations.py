"""Which trafficDistribution each Service should have after the moves, and what it does to load.

Traffic that prefers near endpoints travels less, but an endpoint gets what its neighbours send,
not its fair share. So for each Service the load of every endpoint is predicted as kube-proxy routes
(node, else zone, else all), and a distribution under which any endpoint gets more than a limit of
its fair share is refused. The load is that of all edges to a workload, whoever sends them; the gain
is that of the edges that count for the plan.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.service_routings import ASKED, Services
from shorthaul.cluster.snapshots import Service, Snapshot
from shorthaul.plan.plans import Recommendation, RoutingRefusal
from shorthaul.plan.requests import Request
from shorthaul.solve import costs
from shorthaul.topology.distances import Distances
from shorthaul.units import Namespace, NodeName, Routing, WorkloadRef

FAIR_SHARES = 1.5
LEAST_SHARE = 1e-9
ROUNDING = 1e-9
DISTRIBUTIONS: Mapping[str, Routing] = {
    wish: ASKED[wish] for wish in ("PreferSameZone", "PreferSameNode")
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What is recommended and what is refused, sorted by Service."""

    recommended: tuple[Recommendation, ...]
    refused: tuple[RoutingRefusal, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """The most loaded endpoints of a workload: their node and how many fair shares each gets."""

    node: NodeName
    shares: float


@dataclass(frozen=True, slots=True)
class _Front:
    """A Service with the workloads behind it, and what speaks against changing it."""

    service: Service
    workloads: tuple[WorkloadRef, ...]
    obstacle: Reason | None


def advise(
    request: Request,
    where: costs.Places,
    limit: float = FAIR_SHARES,
    only: Iterable[Recommendation] | None = None,
) -> Advice:
    """The best distribution within the limit of each Service, for a placement.

    With `only` nothing else is looked at than whether these recommendations hold.
    """
    asked = None if only is None else {(one.namespace, one.service, one.after) for one in only}
    by_server = _by_server(costs.priced(request.edges, where))
    attracting = _by_server(costs.priced(request.attracting, where))
    recommended, refused = [], []
    for front in _fronts(request.snapshot, by_server):
        counted = [edge for one in front.workloads for edge in attracting.get(one, ())]
        options = _options(request, where, counted)
        for gain, wish in options:
            if asked is not None and (*_key(front.service), wish) not in asked:
                continue
            routing = DISTRIBUTIONS[wish]
            loads = {
                one: load(by_server[one], routing, where, request.distances)
                for one in front.workloads
            }
            reason = (
                front.obstacle
                or _unheeded(front.service, wish)
                or _overload(front, loads, where, limit)
            )
            service = front.service
            if reason is None:
                most = min(limit, max(found.shares for found in loads.values()))
                recommended.append(
                    Recommendation(
                        service.namespace, service.name, service.distribution, wish, gain, most
                    )
                )
                break
            refused.append(RoutingRefusal(service.namespace, service.name, wish, reason))
    return Advice(tuple(sorted(recommended)), tuple(sorted(refused)))


def changeable(request: Request, where: costs.Places) -> Mapping[WorkloadRef, Service]:
    """The servers whose routing is their Service's alone to change, with that Service."""
    fronts = _fronts(request.snapshot, _by_server(costs.priced(request.edges, where)))
    return {
        workload: front.service
        for front in fronts
        if front.obstacle is None
        for workload in front.workloads
    }


def open_wishes(service: Service) -> tuple[str, ...]:
    """The distributions that a Service does not ask for yet."""
    return tuple(wish for wish in DISTRIBUTIONS if not _unheeded(service, wish))


def rerouted(
    edges: Iterable[RoutedEdge], snapshot: Snapshot, advice: Iterable[Recommendation]
) -> tuple[RoutedEdge, ...]:
    """The edges as the Services would route them after the advice."""
    given = tuple(edges)
    wishes = {(one.namespace, one.service): DISTRIBUTIONS[one.after] for one in advice}
    routings = {
        workload: wishes[_key(front.service)]
        for front in _fronts(snapshot, _by_server(given))
        if _key(front.service) in wishes
        for workload in front.workloads
    }
    return tuple(
        replace(edge, routing=routings[edge.server])
        if isinstance(edge.server, WorkloadRef) and edge.server in routings
        else edge
        for edge in given
    )


def load(
    edges: Iterable[RoutedEdge], routing: Routing, where: costs.Places, distances: Distances
) -> Load:
    """The largest load of an endpoint of one workload, all of its edges being routed in one way."""
    loads: dict[NodeName, float] = {}
    total, endpoints = 0.0, 1
    for edge in edges:
        clients, servers = where.counts(edge.client), where.counts(edge.server)
        size, endpoints = sum(clients.values()), sum(servers.values())
        total += edge.rate
        for group, chosen in costs.parts(routing, clients, servers, distances):
            each = edge.rate * sum(group.values()) / size / sum(chosen.values())
            for node in chosen:
                loads[node] = loads.get(node, 0.0) + each
    node = max(sorted(loads), key=lambda one: loads[one])
    return Load(node, loads[node] * endpoints / total)


def _options(
    request: Request, where: costs.Places, edges: Sequence[RoutedEdge]
) -> list[tuple[float, str]]:
    """The distributions that gain, best first."""
    distances, pricing = request.distances, request.pricing
    now = costs.cost(edges, where, distances, pricing)
    found = []
    for wish, routing in DISTRIBUTIONS.items():
        then = [replace(edge, routing=routing) for edge in edges]
        gain = now - costs.cost(then, where, distances, pricing)
        if gain > LEAST_SHARE * now:
            found.append((gain, wish))
    return sorted(found, key=lambda option: (-option[0], option[1] == "PreferSameNode"))


def _key(service: Service) -> tuple[Namespace, str]:
    return service.namespace, service.name


def _overload(
    front: _Front, loads: Mapping[WorkloadRef, Load], where: costs.Places, limit: float
) -> Reason | None:
    workload, found = max(loads.items(), key=lambda item: (item[1].shares, item[0]))
    if found.shares <= limit * (1 + ROUNDING):
        return None
    pod = next(ref for ref in where.members[workload] if where.nodes[ref] == found.node)
    return Reason(
        "EndpointOverloaded",
        f"endpoint {pod} on {found.node} would get {found.shares:.3g} x its fair share, limit "
        f"{limit:g}",
    )


def _unheeded(service: Service, wish: str) -> Reason | None:
    """Why asking once more would change nothing, where a Service asks already and traffic is not
    routed so."""
    if ASKED.get(service.distribution) is not ASKED[wish]:
        return None
    return Reason(
        "AlreadyAsked",
        f"Service {service.namespace}/{service.name} has trafficDistribution "
        f"{service.distribution} and its traffic is not near; see whether its EndpointSlices carry "
        "hints and the proxies honour them",
    )


def _by_server(edges: Iterable[RoutedEdge]) -> Mapping[WorkloadRef, list[RoutedEdge]]:
    found: dict[WorkloadRef, list[RoutedEdge]] = {}
    for edge in edges:
        if isinstance(edge.server, WorkloadRef) and edge.routing is not Routing.LOCAL:
            found.setdefault(edge.server, []).append(edge)
    return found


def _fronts(snapshot: Snapshot, servers: Iterable[WorkloadRef]) -> list[_Front]:
    """The Services with a cluster address in front of servers."""
    services = Services(snapshot)
    behind: dict[tuple[Namespace, str], list[WorkloadRef]] = {}
    plain: dict[WorkloadRef, list[Service]] = {}
    known: dict[tuple[Namespace, str], Service] = {}
    for server in sorted(servers):
        plain[server] = [one for one in services.selecting(server) if not one.headless]
        for one in plain[server]:
            known[_key(one)] = one
            behind.setdefault(_key(one), []).append(server)
    return [
        _Front(known[key], tuple(behind[key]), _obstacle(known[key], behind[key], plain))
        for key in sorted(known)
    ]


def _obstacle(
    service: Service, workloads: Iterable[WorkloadRef], plain: Mapping[WorkloadRef, list[Service]]
) -> Reason | None:
    if service.internal_policy == "Local":
        text = f"Service {service.namespace}/{service.name} has internalTrafficPolicy Local"
        return Reason("LocalPolicy", f"{text}, which goes before trafficDistribution")
    for workload in workloads:
        names = ", ".join(sorted(one.name for one in plain[workload]))
        if len(plain[workload]) > 1:
            text = f"{workload} is behind {len(plain[workload])} Services ({names})"
            return Reason("SeveralServices", f"{text}, so nobody knows whose traffic it is")
    return None
