"""Raw Services, EndpointSlices and PodDisruptionBudgets to the values of `cluster`."""

from shorthaul.cluster import snapshots
from shorthaul.kube import conversion_selectors, objects
from shorthaul.kube.conversion_owners import namespace_of
from shorthaul.units import Namespace, NodeName, PodRef

_SERVICE_LABEL = "kubernetes.io/service-name"


def service_of(raw: objects.Service) -> snapshots.Service:
    """One Service."""
    spec = raw.spec
    return snapshots.Service(
        namespace=namespace_of(raw.metadata),
        name=raw.metadata.name,
        selector=conversion_selectors.selector_of_labels(spec.selector),
        headless=spec.cluster_ip == "None",
        distribution=spec.traffic_distribution or "",
        internal_policy=spec.internal_traffic_policy or "Cluster",
        external_policy=spec.external_traffic_policy or "Cluster",
        addresses=_addresses(spec),
    )


def _addresses(spec: objects.ServiceSpec) -> tuple[str, ...]:
    told = spec.cluster_ips or [spec.cluster_ip]
    return tuple(address for address in told if address not in ("", "None"))


def endpoints_of(raw: objects.EndpointSlice) -> tuple[snapshots.Endpoint, ...]:
    """The endpoints of one slice; a slice of no Service has none that matter."""
    service = (raw.metadata.labels or {}).get(_SERVICE_LABEL, "")
    if not service:
        return ()
    namespace = namespace_of(raw.metadata)
    return tuple(_endpoint(part, namespace, service) for part in raw.endpoints or ())


def _endpoint(raw: objects.SliceEndpoint, namespace: Namespace, service: str) -> snapshots.Endpoint:
    hints = raw.hints or objects.EndpointHints()
    return snapshots.Endpoint(
        namespace=namespace,
        service=service,
        addresses=tuple(raw.addresses or ()),
        pod=_pod(raw.target_ref, namespace),
        node=NodeName(raw.node_name) if raw.node_name else None,
        ready=raw.conditions.ready is not False,
        zone_hints=tuple(zone.name for zone in hints.for_zones or ()),
        node_hints=tuple(node.name for node in hints.for_nodes or ()),
    )


def _pod(raw: objects.ObjectReference | None, namespace: Namespace) -> PodRef | None:
    if raw is None or raw.kind != "Pod":
        return None
    return PodRef(Namespace(raw.namespace or namespace), raw.name)


def budget_of(raw: objects.PodDisruptionBudget) -> snapshots.Budget:
    """One budget; it is stale when its controller has not seen its newest spec."""
    spec, status = raw.spec, raw.status
    observed = status.observed_generation
    return snapshots.Budget(
        namespace=namespace_of(raw.metadata),
        name=raw.metadata.name,
        selector=conversion_selectors.selector_of(spec.selector),
        min_available=None if spec.min_available is None else str(spec.min_available),
        max_unavailable=None if spec.max_unavailable is None else str(spec.max_unavailable),
        always_allow_unhealthy=spec.unhealthy_pod_eviction_policy == "AlwaysAllow",
        disruptions_allowed=status.disruptions_allowed,
        current_healthy=status.current_healthy,
        desired_healthy=status.desired_healthy,
        stale=observed is not None and observed < raw.metadata.generation,
    )
