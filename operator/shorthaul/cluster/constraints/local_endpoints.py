"""The last endpoint on a node of a Service with a `Local` traffic policy stays there.

Such a Service drops what reaches a node without an endpoint of its own. Inside traffic comes from
the clients on that node; who they are is told by the traffic map, and where nobody knows, any other
pod there may be one. Traffic from outside may come to any node.
"""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod, Service
from shorthaul.cluster.worlds import World
from shorthaul.units import PodRef


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether a node's clients would lose their last endpoint."""
    return veto_among(pod, world, frozenset())


def veto_among(pod: Pod, world: World, leaving: frozenset[PodRef]) -> Reason | None:
    """The same when other pods are about to leave too: they serve nobody then."""
    for service in world.services_in(pod.ref.namespace):
        if not _serves(service, pod) or _has_another(service, pod, world, leaving):
            continue
        name = f"{service.namespace}/{service.name}"
        if service.external_policy == "Local":
            return Reason(
                "LastLocalEndpoint",
                f"pod {pod.ref} is the last endpoint of {name} on node {pod.node}, and its "
                "external traffic policy is Local",
            )
        client = _client(service, pod, world)
        if client is not None:
            return Reason(
                "LastLocalEndpoint",
                f"pod {pod.ref} is the last endpoint of {name} on node {pod.node} for clients "
                f"there ({client.ref}), and its internal traffic policy is Local",
            )
    return None


def _serves(service: Service, pod: Pod) -> bool:
    return (
        "Local" in (service.internal_policy, service.external_policy)
        and service.namespace == pod.ref.namespace
        and service.selector is not None
        and service.selector.matches(pod.labels)
    )


def _has_another(service: Service, pod: Pod, world: World, leaving: frozenset[PodRef]) -> bool:
    others = world.others_on(pod.node, pod) if pod.node is not None else ()
    return any(
        _serves(service, other)
        and other.ready
        and not other.terminating
        and other.ref not in leaving
        for other in others
    )


def _client(service: Service, pod: Pod, world: World) -> Pod | None:
    """A client of the Service on the pod's node."""
    if service.internal_policy != "Local" or pod.node is None:
        return None
    here = world.others_on(pod.node, pod)
    if world.clients is None:
        return here[0] if here else None
    known = world.clients.get((service.namespace, service.name), frozenset())
    return next((other for other in here if other.ref in known), None)
