"""A snapshot indexed so that a constraint can ask its question and a move can be tried and undone.

Constraints are asked about one pod and one node "among all other pods": every question here can
leave a pod out. Pods are found by their labels through an index per namespace and label key, made
when first asked; what looks for pods by terms of its own is found by those labels in turn. Nothing
here decides anything. Not for several threads.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from shorthaul.cluster.lookouts import Lookouts
from shorthaul.cluster.resources import Resources
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.selectors import Selector
from shorthaul.cluster.snapshots import (
    AffinityTerm,
    Budget,
    Node,
    Pod,
    Quota,
    Service,
    Snapshot,
    Workload,
)
from shorthaul.units import Namespace, NodeName, PodRef, ResourceName, WorkloadRef

ServiceName = tuple[Namespace, str]
Clients = Mapping[ServiceName, frozenset[PodRef]]
_Labelled = dict[str, set[PodRef]]
_NONE: Final[Mapping[NodeName, int]] = {}
_Answer = TypeVar("_Answer")
_Named = TypeVar("_Named", Budget, Quota, Service)


class World:
    """What is where now; `clients` are the pods that use a Service, None when nobody knows."""

    def __init__(
        self, snapshot: Snapshot, rules: Rules | None = None, clients: Clients | None = None
    ) -> None:
        """Indexes a snapshot; linear in its pods."""
        self.snapshot = snapshot
        self.rules = rules or Rules()
        self.clients = clients
        self._pods: dict[PodRef, Pod] = {}
        self._on: dict[NodeName, dict[PodRef, Pod]] = {name: {} for name in snapshot.nodes}
        self._used: dict[NodeName, dict[ResourceName, int]] = {name: {} for name in snapshot.nodes}
        self._in: dict[Namespace, dict[PodRef, Pod]] = {}
        self._of: dict[WorkloadRef, set[PodRef]] = {}
        self._serving: dict[WorkloadRef, dict[NodeName, int]] = {}
        self._staying: dict[WorkloadRef, int] = {}
        self._claiming: dict[tuple[Namespace, str], set[PodRef]] = {}
        self._repelling = Lookouts()
        self._attracted = Lookouts()
        self._spreading = Lookouts()
        self._budgets = _by_namespace(snapshot.budgets)
        self._quotas = _by_namespace(snapshot.quotas)
        self._services = _by_namespace(snapshot.services)
        self._copies: dict[PodRef, dict[NodeName | None, Pod]] = {}
        self._kept: dict[object, object] = {}
        self._labelled: dict[Namespace, dict[str, _Labelled]] = {}
        self._chosen: dict[AffinityTerm, frozenset[Namespace]] = {}
        for pod in snapshot.pods.values():
            self.add(pod)

    @property
    def nodes(self) -> Mapping[NodeName, Node]:
        """All nodes."""
        return self.snapshot.nodes

    def pod(self, ref: PodRef) -> Pod:
        """A pod where it is now."""
        return self._pods[ref]

    def has(self, ref: PodRef) -> bool:
        """Whether there is such a pod, finished ones not counted."""
        return ref in self._pods

    def pods(self) -> tuple[Pod, ...]:
        """All pods that are not finished, sorted."""
        return tuple(self._pods[ref] for ref in sorted(self._pods))

    def placement(self) -> Mapping[PodRef, NodeName | None]:
        """Where everything is."""
        return {ref: self._pods[ref].node for ref in sorted(self._pods)}

    def now(self) -> Snapshot:
        """The snapshot with the pods that are in the world, where they are."""
        return replace(self.snapshot, pods={pod.ref: pod for pod in self.pods()})

    def budgets_in(self, namespace: Namespace) -> tuple[Budget, ...]:
        """The budgets of a namespace."""
        return self._budgets.get(namespace, ())

    def quotas_in(self, namespace: Namespace) -> tuple[Quota, ...]:
        """The quotas of a namespace."""
        return self._quotas.get(namespace, ())

    def services_in(self, namespace: Namespace) -> tuple[Service, ...]:
        """The Services of a namespace."""
        return self._services.get(namespace, ())

    def kept(self, key: object, ask: Callable[[], _Answer]) -> _Answer:
        """The answer to a question that depends on nothing that a move can change."""
        if key not in self._kept:
            self._kept[key] = ask()
        return self._kept[key]  # type: ignore[return-value]  # One key, one question.

    def under(self, rules: Rules) -> "World":
        """The same world under other rules; itself when they are its own."""
        return self if rules == self.rules else World(self.now(), rules, self.clients)

    def others_on(self, node: NodeName, pod: Pod) -> tuple[Pod, ...]:
        """The pods that a node holds, this one left out, sorted."""
        held = self._on.get(node, {})
        return tuple(held[ref] for ref in sorted(held) if ref != pod.ref)

    def used_by_others(self, node: NodeName, pod: Pod) -> Resources:
        """What the pods on a node take, this one left out."""
        used = Resources(dict(self._used.get(node, {})))
        here = self._on.get(node, {}).get(pod.ref)
        return used.minus(here.requests) if here is not None else used

    def in_namespace(self, namespace: Namespace) -> tuple[Pod, ...]:
        """The unfinished pods of a namespace, sorted."""
        held = self._in.get(namespace, {})
        return tuple(held[ref] for ref in sorted(held))

    def replicas_of(self, workload: WorkloadRef) -> tuple[Pod, ...]:
        """The unfinished pods of a workload, sorted."""
        return tuple(self._pods[ref] for ref in sorted(self._of.get(workload, ())))

    def staying(self, workload: WorkloadRef) -> int:
        """How many unfinished pods of a workload are not terminating."""
        return self._staying.get(workload, 0)

    def serving(self, workload: WorkloadRef) -> Mapping[NodeName, int]:
        """How many pods of a workload each node holds, those that terminate not counted."""
        return self._serving.get(workload, _NONE)

    def claiming(self, namespace: Namespace, claim: str) -> tuple[Pod, ...]:
        """The unfinished pods that name a claim, sorted."""
        return tuple(self._pods[ref] for ref in sorted(self._claiming.get((namespace, claim), ())))

    def workload_of(self, pod: Pod) -> Workload:
        """The pod's workload; where nothing is known of it, what its pods tell."""
        known = self.snapshot.workloads.get(pod.workload)
        return known or Workload(pod.workload, replicas=len(self._of.get(pod.workload, ())))

    def namespaces_of(self, term: AffinityTerm, own: Namespace) -> frozenset[Namespace]:
        """The namespaces that a term of a pod in `own` looks into."""
        if not term.namespaces and term.namespace_selector is None:
            return frozenset({own})
        if term not in self._chosen:
            self._chosen[term] = frozenset(term.namespaces) | self._selected(term)
        return self._chosen[term]

    def _selected(self, term: AffinityTerm) -> frozenset[Namespace]:
        """An unlabelled namespace is matched by the empty selector too."""
        if term.namespace_selector is None:
            return frozenset()
        labels = self.snapshot.namespaces
        return frozenset(
            name
            for name in {*labels, *self._in}
            if term.namespace_selector.matches(labels.get(name, {}))
        )

    def matches(self, term: AffinityTerm, owner: Pod, other: Pod) -> bool:
        """Whether a term of one pod means the other."""
        return (
            term.selector is not None
            and other.ref.namespace in self.namespaces_of(term, owner.ref.namespace)
            and term.selector.matches(other.labels)
        )

    def matching(self, namespace: Namespace, selector: Selector | None) -> frozenset[PodRef]:
        """The unfinished pods of a namespace that a selector matches; None matches none."""
        if selector is None:
            return frozenset()
        held = self._in.get(namespace, {})
        return frozenset(
            ref
            for ref in self._candidates(namespace, selector)
            if selector.matches(held[ref].labels)
        )

    def _candidates(self, namespace: Namespace, selector: Selector) -> Iterable[PodRef]:
        """The pods that one label of the selector leaves; all where it names no values."""
        for key, value in selector.labels:
            return self._with_label(namespace, key).get(value, ())
        for part in selector.requirements:
            if part.operator == "In":
                known = self._with_label(namespace, part.key)
                return {ref for value in part.values for ref in known.get(value, ())}
        return self._in.get(namespace, {})

    def _with_label(self, namespace: Namespace, key: str) -> _Labelled:
        index = self._labelled.setdefault(namespace, {})
        if key not in index:
            index[key] = {}
            for ref, pod in self._in.get(namespace, {}).items():
                if key in pod.labels:
                    index[key].setdefault(pod.labels[key], set()).add(ref)
        return index[key]

    def repelled_by(self, newcomer: Pod) -> Iterable[tuple[AffinityTerm, Pod]]:
        """Every required anti-affinity term of another pod that means the newcomer."""
        for term, own, refs in self._repelling.matching(newcomer.labels):
            if newcomer.ref.namespace in self.namespaces_of(term, own):
                yield from ((term, self._pods[ref]) for ref in sorted(refs) if ref != newcomer.ref)

    def attracted_to(self, pods: Iterable[Pod]) -> tuple[Pod, ...]:
        """The pods with a required affinity term that means any of some pods, sorted."""
        found: set[PodRef] = set()
        for pod in pods:
            for term, own, refs in self._attracted.matching(pod.labels):
                if pod.ref.namespace in self.namespaces_of(term, own):
                    found |= refs
        return tuple(self._pods[ref] for ref in sorted(found))

    def minding(self, pod: Pod) -> frozenset[PodRef]:
        """The pods with any term about where this pod is, and those that its own refusals mean."""
        found: set[PodRef] = set()
        for index in (self._repelling, self._attracted, self._spreading):
            for term, own, refs in index.matching(pod.labels):
                if pod.ref.namespace in self.namespaces_of(term, own):
                    found |= refs
        for term in pod.anti_affinity:
            for namespace in self.namespaces_of(term, pod.ref.namespace):
                found |= self.matching(namespace, term.selector)
        return frozenset(found)

    def move(self, ref: PodRef, target: NodeName | None) -> NodeName | None:
        """Puts a pod elsewhere and tells where it was; moving it back there undoes it."""
        pod = self._pods[ref]
        copies = self._copies.setdefault(ref, {pod.node: pod})
        if target not in copies:
            copies[target] = replace(pod, node=target)
        self._leave(pod)
        self._enter(copies[target])
        return pod.node

    def add(self, pod: Pod) -> None:
        """Adds a pod, unless it is finished; one that is there already is an error."""
        if not pod.active:
            return
        if pod.ref in self._pods:
            raise ValueError(f"pod {pod.ref} is in the world already")
        self._in.setdefault(pod.ref.namespace, {})[pod.ref] = pod
        self._of.setdefault(pod.workload, set()).add(pod.ref)
        for index, term in self._terms(pod):
            index.add(term, pod.ref)
        for volume in pod.volumes:
            if volume.claim:
                known_by = self._claiming.setdefault((pod.ref.namespace, volume.claim), set())
                known_by.add(pod.ref)
        self._staying[pod.workload] = self._staying.get(pod.workload, 0) + (not pod.terminating)
        for key, known in self._labelled.get(pod.ref.namespace, {}).items():
            if key in pod.labels:
                known.setdefault(pod.labels[key], set()).add(pod.ref)
        self._enter(pod)

    def remove(self, ref: PodRef) -> Pod:
        """Takes a pod out; adding what is returned undoes it."""
        pod = self._pods[ref]
        self._leave(pod)
        self._copies.pop(ref, None)
        del self._in[ref.namespace][ref]
        self._of[pod.workload].discard(ref)
        for index, term in self._terms(pod):
            index.discard(term, ref)
        for volume in pod.volumes:
            if volume.claim:
                self._claiming[ref.namespace, volume.claim].discard(ref)
        self._staying[pod.workload] -= not pod.terminating
        for key, known in self._labelled.get(ref.namespace, {}).items():
            if key in pod.labels:
                known[pod.labels[key]].discard(ref)
        return pod

    def _terms(self, pod: Pod) -> Iterable[tuple[Lookouts, AffinityTerm]]:
        yield from ((self._repelling, term) for term in pod.anti_affinity)
        yield from ((self._attracted, term) for term in pod.affinity)
        for part in pod.spread:
            yield self._spreading, AffinityTerm(part.topology_key, part.selector, ())

    def _enter(self, pod: Pod) -> None:
        self._pods[pod.ref] = pod
        self._in[pod.ref.namespace][pod.ref] = pod
        if pod.node in self._on:
            self._on[pod.node][pod.ref] = pod
            self._count(pod.node, pod, +1)
        self._serve(pod, +1)

    def _leave(self, pod: Pod) -> None:
        del self._pods[pod.ref]
        if pod.node in self._on:
            del self._on[pod.node][pod.ref]
            self._count(pod.node, pod, -1)
        self._serve(pod, -1)

    def _count(self, node: NodeName, pod: Pod, times: int) -> None:
        used = self._used[node]
        for name, amount in pod.requests.amounts.items():
            used[name] = used.get(name, 0) + times * amount

    def _serve(self, pod: Pod, times: int) -> None:
        if pod.node is None or pod.terminating:
            return
        places = self._serving.setdefault(pod.workload, {})
        places[pod.node] = places.get(pod.node, 0) + times
        if not places[pod.node]:
            del places[pod.node]


def _by_namespace(found: Iterable[_Named]) -> Mapping[Namespace, tuple[_Named, ...]]:
    known: dict[Namespace, list[_Named]] = {}
    for one in found:
        known.setdefault(one.namespace, []).append(one)
    return {namespace: tuple(held) for namespace, held in known.items()}
