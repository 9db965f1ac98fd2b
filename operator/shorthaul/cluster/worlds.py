"""A snapshot indexed so that a constraint can ask its question and a move can be tried and undone.

Constraints are asked about one pod and one node "among all other pods": every question here can
leave a pod out. Pods are found by their labels through an index per namespace and label key, made
when first asked. Nothing here decides anything. Not for several threads.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from shorthaul.cluster.resources import Resources
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.selectors import Selector
from shorthaul.cluster.snapshots import AffinityTerm, Node, Pod, Snapshot, Workload
from shorthaul.units import Namespace, NodeName, PodRef, ResourceName, WorkloadRef

ServiceName = tuple[Namespace, str]
Clients = Mapping[ServiceName, frozenset[PodRef]]
_Labelled = dict[str, set[PodRef]]


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
        self._repelling: dict[AffinityTerm, dict[Namespace, set[PodRef]]] = {}
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
        for term in self._repelling:
            if term.selector is None or not term.selector.matches(newcomer.labels):
                continue
            for own, refs in self._repelling[term].items():
                if newcomer.ref.namespace in self.namespaces_of(term, own):
                    yield from (
                        (term, self._pods[ref]) for ref in sorted(refs) if ref != newcomer.ref
                    )

    def move(self, ref: PodRef, target: NodeName | None) -> NodeName | None:
        """Puts a pod elsewhere and tells where it was; moving it back there undoes it."""
        pod = self._pods[ref]
        self._leave(pod)
        self._enter(replace(pod, node=target))
        return pod.node

    def add(self, pod: Pod) -> None:
        """Adds a pod, unless it is finished; one that is there already is an error."""
        if not pod.active:
            return
        if pod.ref in self._pods:
            raise ValueError(f"pod {pod.ref} is in the world already")
        self._in.setdefault(pod.ref.namespace, {})[pod.ref] = pod
        self._of.setdefault(pod.workload, set()).add(pod.ref)
        for term in pod.anti_affinity:
            owners = self._repelling.setdefault(term, {})
            owners.setdefault(pod.ref.namespace, set()).add(pod.ref)
        for key, known in self._labelled.get(pod.ref.namespace, {}).items():
            if key in pod.labels:
                known.setdefault(pod.labels[key], set()).add(pod.ref)
        self._enter(pod)

    def remove(self, ref: PodRef) -> Pod:
        """Takes a pod out; adding what is returned undoes it."""
        pod = self._pods[ref]
        self._leave(pod)
        del self._in[ref.namespace][ref]
        self._of[pod.workload].discard(ref)
        for term in pod.anti_affinity:
            self._repelling[term][ref.namespace].discard(ref)
        for key, known in self._labelled.get(ref.namespace, {}).items():
            if key in pod.labels:
                known[pod.labels[key]].discard(ref)
        return pod

    def _enter(self, pod: Pod) -> None:
        self._pods[pod.ref] = pod
        self._in[pod.ref.namespace][pod.ref] = pod
        if pod.node in self._on:
            self._on[pod.node][pod.ref] = pod
            self._count(pod.node, pod, +1)

    def _leave(self, pod: Pod) -> None:
        del self._pods[pod.ref]
        if pod.node in self._on:
            del self._on[pod.node][pod.ref]
            self._count(pod.node, pod, -1)

    def _count(self, node: NodeName, pod: Pod, times: int) -> None:
        used = self._used[node]
        for name, amount in pod.requests.amounts.items():
            used[name] = used.get(name, 0) + times * amount
