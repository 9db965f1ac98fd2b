"""From terms told pod by pod to limits told by group and node index.

Only terms that a movable pod has a part in become limits: what the pods that stay do among
themselves is not the solver's to judge.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.solve import limits, terms
from shorthaul.solve.problems import Group
from shorthaul.units import NodeName, PodRef, WorkloadRef

ZONE_LABEL = "topology.kubernetes.io/zone"


@dataclass(frozen=True, slots=True)
class Terms:
    """All terms that matter to the movable pods, before groups are known."""

    snapshot: Snapshot
    rules: Rules
    movable: frozenset[PodRef]
    repulsions: tuple[terms.PairTerm, ...]
    needs: tuple[terms.PairTerm, ...]
    spreads: tuple[terms.SpreadTerm, ...]

    def roles(self, ref: PodRef) -> tuple[int, ...]:
        """The pod's part in each term: 1 as owner, 2 as matched, 3 as both."""
        every = (*self.repulsions, *self.needs, *self.spreads)
        return tuple((ref in term.owners) + 2 * (ref in term.matched) for term in every)

    def limits(self, groups: Sequence[Group], nodes: Sequence[NodeName]) -> limits.Limits:
        """The limits by index."""
        build = _Indexing(self, groups, nodes)
        return limits.Limits(
            tuple(build.exclusion(term) for term in self.repulsions),
            tuple(build.attraction(term) for term in self.needs),
            tuple(build.spread(term) for term in self.spreads),
            tuple(build.floors()),
        )


def collect(snapshot: Snapshot, rules: Rules, movable: Iterable[PodRef]) -> Terms:
    """Gathers the terms in which a movable pod is an owner or matched."""
    refs = frozenset(movable)
    return Terms(
        snapshot,
        rules,
        refs,
        tuple(term for term in terms.repulsions(snapshot, rules) if _matters(term, refs)),
        tuple(term for term in terms.needs(snapshot) if _matters(term, refs)),
        tuple(term for term in terms.spreads(snapshot) if term.owners & refs),
    )


def _matters(term: terms.PairTerm, movable: frozenset[PodRef]) -> bool:
    if not term.owners or not term.matched and not term.owners & movable:
        return False
    return bool((term.owners | term.matched) & movable)


class _Indexing:
    """Translates pods and labels into group, node and domain numbers."""

    def __init__(self, found: Terms, groups: Sequence[Group], nodes: Sequence[NodeName]) -> None:
        self._terms = found
        self._groups = groups
        self._nodes = nodes

    def exclusion(self, term: terms.PairTerm) -> limits.Exclusion:
        domains = self._domains(term.key, self._nodes)
        return limits.Exclusion(
            domains,
            self._members(term.owners),
            self._members(term.matched),
            self._fixed(term.owners, domains),
            self._fixed(term.matched, domains),
        )

    def attraction(self, term: terms.PairTerm) -> limits.Attraction:
        domains = self._domains(term.key, self._nodes)
        return limits.Attraction(
            domains,
            self._members(term.owners),
            self._members(term.matched),
            self._fixed(term.owners, domains),
            self._fixed(term.matched, domains),
        )

    def spread(self, term: terms.SpreadTerm) -> limits.Spread:
        constraint = term.constraint
        taking_part = [node for node in self._nodes if node in term.nodes]
        domains = self._domains(constraint.topology_key, taking_part)
        return limits.Spread(
            domains,
            constraint.max_skew,
            constraint.min_domains or 1,
            self._members(term.owners),
            self._members(term.matched),
            self._fixed(term.matched, domains),
        )

    def floors(self) -> Iterable[limits.Floor]:
        hosts = self._domains(terms.HOST_KEY, self._nodes)
        zones = self._domains(ZONE_LABEL, self._nodes)
        for workload in dict.fromkeys(group.workload for group in self._groups):
            rules = self._terms.rules.of(workload)
            for domains, least in ((hosts, rules.least_hosts), (zones, rules.least_zones)):
                if least > 1:
                    yield self._floor(workload, domains, least)

    def _floor(self, workload: WorkloadRef, domains: tuple[int, ...], least: int) -> limits.Floor:
        pods = [
            pod
            for pod in self._terms.snapshot.pods.values()
            if pod.workload == workload and pod.active and not pod.terminating
        ]
        index = {node: i for i, node in enumerate(self._nodes)}
        present = [domains[index[pod.node]] for pod in pods if pod.node in index]
        held = len({domain for domain in present if domain >= 0})
        refs = frozenset(pod.ref for pod in pods)
        return limits.Floor(
            domains,
            least if len(present) >= least else held,
            self._members(refs),
            self._fixed(refs, domains),
        )

    def _members(self, refs: frozenset[PodRef]) -> limits.Groups:
        return frozenset(i for i, group in enumerate(self._groups) if group.pods[0] in refs)

    def _fixed(self, refs: frozenset[PodRef], domains: Sequence[int]) -> tuple[int, ...]:
        """How many of the pods that stay each domain holds."""
        index = {node: i for i, node in enumerate(self._nodes)}
        counts = [0] * (max(domains, default=-1) + 1)
        for ref in refs - self._terms.movable:
            node = self._terms.snapshot.pods[ref].node
            domain = domains[index[node]] if node in index else -1
            if domain >= 0:
                counts[domain] += 1
        return tuple(counts)

    def _domains(self, key: str, nodes: Iterable[NodeName]) -> tuple[int, ...]:
        """The domain of every node by a label's value; -1 for nodes left out or without it."""
        if key == terms.HOST_KEY:
            return tuple(range(len(self._nodes)))
        values: Mapping[NodeName, str | None] = {
            node: self._terms.snapshot.nodes[node].labels.get(key) for node in nodes
        }
        names = sorted({value for value in values.values() if value is not None})
        number = {value: i for i, value in enumerate(names)}
        return tuple(
            number[value] if (value := values.get(node)) is not None else -1 for node in self._nodes
        )
