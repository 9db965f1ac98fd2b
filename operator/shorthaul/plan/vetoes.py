"""Which pods may move at all, and to which nodes each of them could ever go.

The constraints say no, this module only asks them, each question once: what depends on the pod and
the node alone is asked once for all pods that bring the same wishes. Pods of workloads that were
not selected stay without a word: nobody asked for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shorthaul.cluster.constraints import catalogue, claim_accesses
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, Pod
from shorthaul.cluster.worlds import World
from shorthaul.plan.requests import Request
from shorthaul.units import NodeName, PodRef


@dataclass(frozen=True, slots=True)
class Vetting:
    """The movable pods with the nodes they may go to, and why each of the others may not move."""

    allowed: Mapping[PodRef, frozenset[NodeName]]
    vetoed: Mapping[PodRef, Reason]


def vet(request: Request, world: World) -> Vetting:
    """Asks the vetoes of every pod on a node, and the static constraints of those that pass."""
    allowed: dict[PodRef, frozenset[NodeName]] = {}
    vetoed: dict[PodRef, Reason] = {}
    known: dict[tuple[object, ...], frozenset[NodeName]] = {}
    for pod in world.pods():
        if pod.node is None or not _selected(pod, request):
            continue
        reason = catalogue.first_veto(pod, world, request.rules, request.now_seconds)
        if reason is not None:
            vetoed[pod.ref] = reason
            continue
        kind = _kind(pod)
        if kind not in known:
            known[kind] = _open_nodes(pod, world)
        allowed[pod.ref] = known[kind]
    return Vetting(allowed, vetoed)


def static_reason(pod: Pod, node: Node, world: World) -> Reason | None:
    """Why a pod could never go to a node, wherever the others are."""
    for check in (*catalogue.STATIC, claim_accesses.check):
        reason = check(pod, node, world)
        if reason is not None:
            return reason
    return None


def _selected(pod: Pod, request: Request) -> bool:
    return request.selected is None or pod.workload in request.selected


def _open_nodes(pod: Pod, world: World) -> frozenset[NodeName]:
    nodes = world.nodes.values()
    return frozenset(node.name for node in nodes if static_reason(pod, node, world) is None)


def _kind(pod: Pod) -> tuple[object, ...]:
    """Pods of one kind get the same answers; one with claims is its own kind."""
    labels = tuple(sorted(pod.node_selector.items()))
    single = pod.ref if any(volume.claim for volume in pod.volumes) else None
    return labels, pod.node_terms, pod.tolerations, single
