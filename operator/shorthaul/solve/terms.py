"""The limits that pods bring with them, still told pod by pod.

Equal terms of many pods become one term with its owners, so that work grows with the number of
distinct terms, not of pods. Pods that are finished, or on no node, hold nothing. A DaemonSet's
pods, static pods and protected namespaces belong to no trust domain: they are on every node.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import (
    AffinityTerm,
    HostPort,
    Node,
    Pod,
    Snapshot,
    SpreadConstraint,
)
from shorthaul.units import Namespace, NodeName, PodRef

T = TypeVar("T")
Pods = frozenset[PodRef]
EVERYWHERE = ("DaemonSet", "Node")
HOST_KEY = ""


@dataclass(frozen=True, slots=True)
class PairTerm:
    """Owners and the pods they repel, or need, in one domain of `key`; "" means the node itself."""

    key: str
    owners: Pods
    matched: Pods


@dataclass(frozen=True, slots=True)
class SpreadTerm:
    """One spread constraint, its owners, what it counts, and the nodes that take part."""

    constraint: SpreadConstraint
    owners: Pods
    matched: Pods
    nodes: frozenset[NodeName]


def placed(snapshot: Snapshot) -> tuple[Pod, ...]:
    """The pods that hold room on a node that exists."""
    return tuple(
        pod for _, pod in sorted(snapshot.pods.items()) if pod.active and pod.node in snapshot.nodes
    )


def repulsions(snapshot: Snapshot, rules: Rules) -> tuple[PairTerm, ...]:
    """Anti-affinity, host ports and trust domains."""
    pods = placed(snapshot)
    return (*_anti_affinity(snapshot, pods), *_host_ports(pods), *_trust_domains(pods, rules))


def needs(snapshot: Snapshot) -> tuple[PairTerm, ...]:
    """Required affinity; as the scheduler has it, a match fits all terms of its owner."""
    pods = placed(snapshot)
    owners = _holders(pods, lambda pod: [pod.affinity] if pod.affinity else [])
    found = []
    for terms, holders in owners.items():
        matched = frozenset.intersection(*(_matching(term, pods, snapshot) for term in terms))
        keys = dict.fromkeys(term.topology_key for term in terms)
        found += [PairTerm(key, holders, matched) for key in keys]
    return tuple(found)


def spreads(snapshot: Snapshot) -> tuple[SpreadTerm, ...]:
    """Topology spread constraints with the nodes that each of them counts."""
    pods = [pod for pod in placed(snapshot) if not pod.terminating]
    by_key: dict[tuple[Namespace, SpreadConstraint, frozenset[NodeName]], set[PodRef]] = {}
    eligible: dict[tuple[object, ...], frozenset[NodeName]] = {}
    for pod in pods:
        for constraint in pod.spread:
            shape = (
                tuple(sorted(pod.node_selector.items())),
                pod.node_terms,
                pod.tolerations,
                constraint,
            )
            if shape not in eligible:
                eligible[shape] = _taking_part(pod, constraint, snapshot.nodes.values())
            key = (pod.ref.namespace, constraint, eligible[shape])
            by_key.setdefault(key, set()).add(pod.ref)
    return tuple(
        SpreadTerm(constraint, frozenset(owners), _counted(namespace, constraint, pods), nodes)
        for (namespace, constraint, nodes), owners in by_key.items()
    )


def _anti_affinity(snapshot: Snapshot, pods: tuple[Pod, ...]) -> list[PairTerm]:
    owners = _holders(pods, lambda pod: list(pod.anti_affinity))
    return [
        PairTerm(term.topology_key, holders, _matching(term, pods, snapshot))
        for term, holders in owners.items()
    ]


def _holders(pods: Iterable[Pod], of: Callable[[Pod], Iterable[T]]) -> Mapping[T, Pods]:
    found: dict[T, set[PodRef]] = {}
    for pod in pods:
        for item in of(pod):
            found.setdefault(item, set()).add(pod.ref)
    return {item: frozenset(refs) for item, refs in found.items()}


def _matching(term: AffinityTerm, pods: Iterable[Pod], snapshot: Snapshot) -> Pods:
    if term.selector is None:
        return frozenset()
    selector, names = term.selector, set(term.namespaces)
    if term.namespace_selector is not None:
        wanted = term.namespace_selector
        names |= {name for name, labels in snapshot.namespaces.items() if wanted.matches(labels)}
    return frozenset(
        pod.ref for pod in pods if pod.ref.namespace in names and selector.matches(pod.labels)
    )


def _counted(namespace: Namespace, constraint: SpreadConstraint, pods: Iterable[Pod]) -> Pods:
    selector = constraint.selector
    if selector is None:
        return frozenset()
    return frozenset(
        pod.ref for pod in pods if pod.ref.namespace == namespace and selector.matches(pod.labels)
    )


def _taking_part(
    pod: Pod, constraint: SpreadConstraint, nodes: Iterable[Node]
) -> frozenset[NodeName]:
    return frozenset(
        node.name
        for node in nodes
        if constraint.topology_key in node.labels
        and (not constraint.honor_affinity or _wanted(pod, node))
        and (not constraint.honor_taints or _tolerated(pod, node))
    )


def _wanted(pod: Pod, node: Node) -> bool:
    if any(node.labels.get(key) != value for key, value in pod.node_selector.items()):
        return False
    terms = pod.node_terms
    return terms is None or any(term.matches(node.labels, node.name) for term in terms)


def _tolerated(pod: Pod, node: Node) -> bool:
    hard = [taint for taint in node.taints if taint.effect in ("NoSchedule", "NoExecute")]
    return all(any(one.tolerates(taint) for one in pod.tolerations) for taint in hard)


def _host_ports(pods: tuple[Pod, ...]) -> list[PairTerm]:
    owners = _holders(pods, lambda pod: list(pod.host_ports))
    return [
        PairTerm(
            HOST_KEY,
            holders,
            frozenset[PodRef]().union(
                *(refs for other, refs in owners.items() if _clash(port, other))
            ),
        )
        for port, holders in owners.items()
    ]


def _clash(one: HostPort, other: HostPort) -> bool:
    if (one.port, one.protocol) != (other.port, other.protocol):
        return False
    everywhere = ("", "0.0.0.0")
    return one.address == other.address or one.address in everywhere or other.address in everywhere


def _trust_domains(pods: tuple[Pod, ...], rules: Rules) -> list[PairTerm]:
    subject = [
        pod
        for pod in pods
        if pod.owner_kind not in EVERYWHERE and pod.ref.namespace not in rules.protected_namespaces
    ]
    owners = _holders(subject, lambda pod: [rules.of(pod.workload).trust_domain])
    everybody = frozenset(pod.ref for pod in subject)
    return [
        PairTerm(HOST_KEY, holders, everybody - holders)
        for domain, holders in owners.items()
        if domain and everybody - holders
    ]
