"""The limits that pods bring with them, still told pod by pod.

Equal terms of many pods become one term with its owners, so that work grows with the number of
distinct terms, not of pods. What a term means is asked of `cluster`, so that the search and the
reference checker speak of the same pods; only the search's own bookkeeping is here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from shorthaul.cluster.constraints import isolations, spreads
from shorthaul.cluster.snapshots import AffinityTerm, HostPort, Pod, SpreadConstraint
from shorthaul.cluster.worlds import World
from shorthaul.units import Namespace, NodeName, PodRef

T = TypeVar("T")
Pods = frozenset[PodRef]
Domains = tuple[tuple[NodeName, str], ...]
HOST_KEY = ""
ANY_ADDRESS = ("", "0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class PairTerm:
    """Owners and the pods they repel, or need, in one domain of `key`; "" means the node itself."""

    key: str
    owners: Pods
    matched: Pods


@dataclass(frozen=True, slots=True)
class SpreadTerm:
    """One spread constraint, its owners, what it counts, and the domain of each node."""

    constraint: SpreadConstraint
    owners: Pods
    matched: Pods
    domains: Domains


def repulsions(world: World) -> tuple[PairTerm, ...]:
    """Anti-affinity, host ports and trust domains."""
    pods = world.pods()
    return (*_anti_affinity(pods, world), *_host_ports(pods), *_trust_domains(pods, world))


def needs(world: World) -> tuple[PairTerm, ...]:
    """Required affinity; as the scheduler has it, a match fits all terms of its owner."""
    owners = _holders(world.pods(), _affinity_of)
    found = []
    for (namespace, terms), holders in owners.items():
        matched = frozenset.intersection(*(_meant(term, namespace, world) for term in terms))
        keys = dict.fromkeys(term.topology_key for term in terms)
        found += [PairTerm(key, holders, matched) for key in keys]
    return tuple(found)


def spread_terms(world: World) -> tuple[SpreadTerm, ...]:
    """Topology spread constraints with the domains that each of them counts."""
    owners: dict[tuple[Namespace, SpreadConstraint, Domains], set[PodRef]] = {}
    known: dict[tuple[object, ...], Domains] = {}
    for pod in world.pods():
        for constraint in pod.spread:
            shape = _shape(pod, constraint)
            if shape not in known:
                domains = spreads.domains_of(pod, constraint, world)
                known[shape] = tuple((node, value) for node, value in domains.items() if node)
            key = (pod.ref.namespace, constraint, known[shape])
            owners.setdefault(key, set()).add(pod.ref)
    return tuple(
        SpreadTerm(constraint, frozenset(refs), _counted(namespace, constraint, world), domains)
        for (namespace, constraint, domains), refs in owners.items()
    )


def _shape(pod: Pod, constraint: SpreadConstraint) -> tuple[object, ...]:
    """All that decides which nodes take part."""
    labels = tuple(sorted(pod.node_selector.items()))
    return labels, pod.node_terms, pod.tolerations, pod.spread, constraint


def _affinity_of(pod: Pod) -> Iterable[tuple[Namespace, tuple[AffinityTerm, ...]]]:
    return [(pod.ref.namespace, pod.affinity)] if pod.affinity else []


def _anti_affinity(pods: Iterable[Pod], world: World) -> list[PairTerm]:
    owners = _holders(pods, lambda pod: [(pod.ref.namespace, term) for term in pod.anti_affinity])
    return [
        PairTerm(term.topology_key, holders, _meant(term, namespace, world))
        for (namespace, term), holders in owners.items()
    ]


def _holders(pods: Iterable[Pod], of: Callable[[Pod], Iterable[T]]) -> Mapping[T, Pods]:
    found: dict[T, set[PodRef]] = {}
    for pod in pods:
        for item in of(pod):
            found.setdefault(item, set()).add(pod.ref)
    return {item: frozenset(refs) for item, refs in found.items()}


def _meant(term: AffinityTerm, own: Namespace, world: World) -> Pods:
    return frozenset[PodRef]().union(
        *(world.matching(name, term.selector) for name in world.namespaces_of(term, own))
    )


def _counted(namespace: Namespace, constraint: SpreadConstraint, world: World) -> Pods:
    found = world.matching(namespace, constraint.selector)
    return frozenset(ref for ref in found if not world.pod(ref).terminating)


def _host_ports(pods: Iterable[Pod]) -> list[PairTerm]:
    owners = _holders(pods, lambda pod: pod.host_ports)
    return [
        PairTerm(
            HOST_KEY,
            holders,
            frozenset[PodRef]().union(
                *(refs for other, refs in owners.items() if _collide(port, other))
            ),
        )
        for port, holders in owners.items()
    ]


def _collide(one: HostPort, other: HostPort) -> bool:
    if (one.port, one.protocol) != (other.port, other.protocol):
        return False
    everywhere = one.address in ANY_ADDRESS or other.address in ANY_ADDRESS
    return everywhere or one.address == other.address


def _trust_domains(pods: Iterable[Pod], world: World) -> list[PairTerm]:
    owners: dict[str, set[PodRef]] = {}
    for pod in pods:
        domain = isolations.domain_of(pod, world)
        if domain is not None:
            owners.setdefault(domain, set()).add(pod.ref)
    everybody = frozenset(ref for refs in owners.values() for ref in refs)
    return [
        PairTerm(HOST_KEY, frozenset(refs), everybody - refs)
        for domain, refs in owners.items()
        if domain and everybody - refs
    ]
