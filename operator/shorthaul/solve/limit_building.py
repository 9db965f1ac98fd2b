"""From terms told pod by pod to limits told by group and node index.

Only terms that a movable pod has a part in become limits: what the pods that stay do among
themselves is not the solver's to judge.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shorthaul.cluster.constraints.floors import ZONE_LABEL
from shorthaul.cluster.worlds import World
from shorthaul.solve import limits, terms
from shorthaul.solve.problems import Group
from shorthaul.units import NodeName, PodRef, WorkloadRef


@dataclass(frozen=True, slots=True)
class Terms:
    """All terms that matter to the movable pods, before groups are known."""

    world: World
    movable: frozenset[PodRef]
    repulsions: tuple[terms.PairTerm, ...]
    needs: tuple[terms.PairTerm, ...]
    spreads: tuple[terms.SpreadTerm, ...]

    def roles(self) -> Mapping[PodRef, tuple[tuple[int, int], ...]]:
        """The part of each pod in terms, by the term's number: 1 owner, 2 matched, 3 both."""
        found: dict[PodRef, list[tuple[int, int]]] = {}
        pairs = [(term.owners, term.matched) for term in (*self.repulsions, *self.needs)]
        pairs += [(term.owners, term.matched) for term in self.spreads]
        for number, (owners, matched) in enumerate(pairs):
            for ref in (owners | matched) & self.movable:
                part = (ref in owners) + 2 * (ref in matched)
                found.setdefault(ref, []).append((number, part))
        return {ref: tuple(parts) for ref, parts in found.items()}

    def limits(self, groups: Sequence[Group], nodes: Sequence[NodeName]) -> limits.Limits:
        """The limits by index."""
        build = _Indexing(self, groups, nodes)
        return limits.Limits(
            tuple(build.exclusion(term) for term in self.repulsions),
            tuple(build.attraction(term) for term in self.needs),
            tuple(build.spread(term) for term in self.spreads),
            tuple(build.floors()),
        )


def collect(world: World, movable: Iterable[PodRef]) -> Terms:
    """Gathers the terms in which a movable pod is an owner or matched."""
    refs = frozenset(movable)
    return Terms(
        world,
        refs,
        tuple(term for term in terms.repulsions(world) if _matters(term, refs)),
        tuple(term for term in terms.needs(world) if _matters(term, refs)),
        tuple(term for term in terms.spread_terms(world) if term.owners & refs),
    )


def _matters(term: terms.PairTerm, movable: frozenset[PodRef]) -> bool:
    return bool((term.owners | term.matched) & movable)


class _Indexing:
    """Translates pods and labels into group, node and domain numbers."""

    def __init__(self, found: Terms, groups: Sequence[Group], nodes: Sequence[NodeName]) -> None:
        self._terms = found
        self._groups = groups
        self._nodes = nodes
        self._index = {node: i for i, node in enumerate(nodes)}
        self._group_of = {ref: i for i, group in enumerate(groups) for ref in group.pods}
        self._known: dict[str, tuple[int, ...]] = {}

    def exclusion(self, term: terms.PairTerm) -> limits.Exclusion:
        domains = self._domains(term.key)
        return limits.Exclusion(
            domains,
            self._members(term.owners),
            self._members(term.matched),
            self._fixed(term.owners, domains),
            self._fixed(term.matched, domains),
        )

    def attraction(self, term: terms.PairTerm) -> limits.Attraction:
        domains = self._domains(term.key)
        return limits.Attraction(
            domains,
            self._members(term.owners),
            self._members(term.matched),
            self._fixed(term.owners, domains),
            self._fixed(term.matched, domains),
        )

    def spread(self, term: terms.SpreadTerm) -> limits.Spread:
        constraint, values = term.constraint, dict(term.domains)
        domains = self._numbered([values.get(node) for node in self._nodes])
        return limits.Spread(
            domains,
            constraint.max_skew,
            constraint.min_domains or 1,
            self._members(term.owners),
            self._members(term.matched),
            self._fixed(term.matched, domains),
        )

    def floors(self) -> Iterable[limits.Floor]:
        hosts = self._domains(terms.HOST_KEY)
        zones = self._domains(ZONE_LABEL)
        for workload in dict.fromkeys(group.workload for group in self._groups):
            rules = self._terms.world.rules.of(workload)
            for domains, least in ((hosts, rules.least_hosts), (zones, rules.least_zones)):
                if least > 1:
                    yield self._floor(workload, domains, least)

    def _floor(self, workload: WorkloadRef, domains: tuple[int, ...], least: int) -> limits.Floor:
        pods = [pod for pod in self._terms.world.replicas_of(workload) if not pod.terminating]
        refs = frozenset(pod.ref for pod in pods if pod.node in self._terms.world.nodes)
        members = self._members(refs)
        return limits.Floor(domains, min(least, len(refs)), members, self._fixed(refs, domains))

    def _members(self, refs: frozenset[PodRef]) -> limits.Groups:
        return frozenset(self._group_of[ref] for ref in refs if ref in self._group_of)

    def _fixed(self, refs: frozenset[PodRef], domains: Sequence[int]) -> tuple[int, ...]:
        """How many of the pods that stay each domain holds; empty when there are none."""
        places = [self._terms.world.pod(ref).node for ref in refs - self._terms.movable]
        held = [domains[self._index[node]] for node in places if node in self._index]
        if not any(domain >= 0 for domain in held):
            return ()
        counts = [0] * (max(domains) + 1)
        for domain in held:
            if domain >= 0:
                counts[domain] += 1
        return tuple(counts)

    def _domains(self, key: str) -> tuple[int, ...]:
        """The domain of every node by a label's value; -1 without it."""
        if key not in self._known:
            self._known[key] = self._domains_of(key)
        return self._known[key]

    def _domains_of(self, key: str) -> tuple[int, ...]:
        if key == terms.HOST_KEY:
            return tuple(range(len(self._nodes)))
        known = self._terms.world.nodes
        return self._numbered([known[node].labels.get(key) for node in self._nodes])

    def _numbered(self, values: Sequence[str | None]) -> tuple[int, ...]:
        names = sorted({value for value in values if value is not None})
        number = {value: i for i, value in enumerate(names)}
        return tuple(-1 if value is None else number[value] for value in values)
