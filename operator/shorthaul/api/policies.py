"""AffinityPolicies as the plain rules that placement is decided by: whose workloads, what consent.

Two policies that are for one workload contradict each other, so neither acts on anything until one
gives way. Traffic across namespaces attracts only where a policy on each side names the other, in
any mode, so that nobody steers another's pods. Rules of policies that do not act still hold for
the others: a trust domain keeps its hosts to itself whoever is moved.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from shorthaul.api import affinitypolicies
from shorthaul.api.affinitypolicies import AffinityPolicy, AffinityPolicySpec, Mode
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import PROTECTED_NAMESPACES, Rules, WorkloadRules
from shorthaul.cluster.selectors import Requirement, Selector
from shorthaul.cluster.snapshots import Workload
from shorthaul.units import Namespace, Objective, WorkloadRef

UNGOVERNED = WorkloadRules(movable=False, least_hosts=1, attracted_by=frozenset())


@dataclass(frozen=True, slots=True, order=True)
class PolicyRef:
    """One AffinityPolicy, by namespace and name."""

    namespace: Namespace
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Policies whose workloads are planned together; all other pods are fixed in that plan."""

    objective: Objective
    mode: Mode


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy with its selector as a value."""

    ref: PolicyRef
    generation: int
    spec: AffinityPolicySpec
    selector: Selector

    @property
    def group(self) -> Group:
        """Which plan its workloads are part of."""
        return Group(self.spec.objective, self.spec.mode)

    @property
    def peers(self) -> frozenset[Namespace]:
        """The other namespaces that it names."""
        named = {Namespace(peer.namespace) for peer in self.spec.peers}
        return frozenset(named - {self.ref.namespace})

    def selects(self, workload: Workload) -> bool:
        """Whether it is for a workload."""
        kinds = self.spec.workloads.kinds
        return (
            workload.ref.namespace == self.ref.namespace
            and (not kinds or workload.ref.kind in kinds)
            and self.selector.matches(workload.labels)
        )


@dataclass(frozen=True, slots=True, order=True)
class Conflict:
    """A workload that another policy is for too."""

    workload: WorkloadRef
    other: PolicyRef


@dataclass(frozen=True, slots=True)
class Governance:
    """Which workloads each policy is for, and where two are for the same one."""

    workloads: Mapping[PolicyRef, frozenset[WorkloadRef]]
    conflicts: Mapping[PolicyRef, tuple[Conflict, ...]]

    def policies_of(self, workload: WorkloadRef) -> tuple[PolicyRef, ...]:
        """All policies that are for a workload, sorted; linear in policies."""
        return tuple(sorted(ref for ref, theirs in self.workloads.items() if workload in theirs))


def read(policy: AffinityPolicy) -> Policy:
    """Takes a policy's object apart."""
    ref = PolicyRef(Namespace(policy.metadata.namespace), policy.metadata.name)
    chosen = policy.spec.workloads.selector
    selector = Selector() if chosen is None else _selector(chosen)
    return Policy(ref, policy.metadata.generation, policy.spec, selector)


def govern(policies: Iterable[Policy], workloads: Iterable[Workload]) -> Governance:
    """Finds the workloads of each policy; linear in workloads times policies of a namespace."""
    by_namespace: dict[Namespace, list[Policy]] = {}
    found: dict[PolicyRef, set[WorkloadRef]] = {}
    clashes: dict[PolicyRef, list[Conflict]] = {}
    for policy in policies:
        by_namespace.setdefault(policy.ref.namespace, []).append(policy)
        found[policy.ref] = set()
    for workload in workloads:
        refs = [
            policy.ref
            for policy in by_namespace.get(workload.ref.namespace, ())
            if policy.selects(workload)
        ]
        for ref in refs:
            found[ref].add(workload.ref)
            others = (Conflict(workload.ref, other) for other in refs if other != ref)
            clashes.setdefault(ref, []).extend(others)
    return Governance(
        {ref: frozenset(theirs) for ref, theirs in sorted(found.items())},
        {ref: tuple(sorted(those)) for ref, those in sorted(clashes.items()) if those},
    )


def consents(policies: Iterable[Policy]) -> Mapping[Namespace, frozenset[Namespace]]:
    """The namespaces whose traffic may attract each namespace's pods: its own and mutual peers."""
    named: dict[Namespace, set[Namespace]] = {}
    for policy in policies:
        named.setdefault(policy.ref.namespace, set()).update(policy.peers)
    return {
        one: frozenset({one} | {other for other in others if one in named.get(other, ())})
        for one, others in sorted(named.items())
    }


def unanswered(policies: Iterable[Policy]) -> Mapping[PolicyRef, tuple[Namespace, ...]]:
    """The peers of each policy that do not name its namespace in turn, to be shown."""
    everyone = tuple(policies)
    agreed = consents(everyone)
    open_ends = {
        policy.ref: tuple(sorted(policy.peers - agreed[policy.ref.namespace]))
        for policy in everyone
    }
    return {ref: names for ref, names in sorted(open_ends.items()) if names}


def rules(
    policies: Iterable[Policy],
    governance: Governance,
    acting: Collection[PolicyRef],
    protected: frozenset[Namespace] = PROTECTED_NAMESPACES,
) -> Rules:
    """The rules of a plan in which only workloads of `acting` policies without conflict move."""
    everyone = tuple(sorted(policies, key=lambda policy: policy.ref))
    agreed = consents(everyone)
    found: dict[WorkloadRef, WorkloadRules] = {}
    for policy in everyone:
        movable = policy.ref in acting and policy.ref not in governance.conflicts
        its_rules = _workload_rules(policy, agreed[policy.ref.namespace], movable)
        if not movable:
            its_rules = replace(its_rules, resting=_not_its_turn(policy, governance))
        for workload in governance.workloads.get(policy.ref, frozenset()):
            earlier = found.get(workload)
            found[workload] = its_rules if earlier is None else _stricter(earlier, its_rules)
    return Rules(UNGOVERNED, dict(sorted(found.items())), protected)


def groups(policies: Iterable[Policy]) -> Mapping[Group, tuple[Policy, ...]]:
    """Policies by the plan that they are part of."""
    found: dict[Group, list[Policy]] = {}
    for policy in sorted(policies, key=lambda policy: policy.ref):
        found.setdefault(policy.group, []).append(policy)
    return {group: tuple(members) for group, members in sorted(found.items())}


def _workload_rules(
    policy: Policy, attracted_by: frozenset[Namespace], movable: bool
) -> WorkloadRules:
    spec = policy.spec
    mine = frozenset({policy.ref.namespace} | policy.peers)
    return WorkloadRules(
        movable=movable,
        least_hosts=spec.availability.least_hosts,
        least_zones=spec.availability.least_zones,
        trust_domain=spec.isolation.trust_domain,
        allow_empty_dir=spec.disruption.allow_empty_dir,
        allow_single_replica=spec.disruption.allow_single_replica,
        minimum_age_seconds=float(spec.disruption.minimum_pod_age_seconds),
        attracted_by=attracted_by & mine,
    )


def _not_its_turn(policy: Policy, governance: Governance) -> Reason:
    if policy.ref in governance.conflicts:
        return Reason("SameWorkload", f"policy {policy.ref} is in conflict with another one")
    objective, mode = policy.spec.objective, policy.spec.mode
    text = f"policy {policy.ref} ({objective}, {mode}) has plans of its own; this one leaves it"
    return Reason("OtherPlan", f"{text} where it is")


def _stricter(one: WorkloadRules, other: WorkloadRules) -> WorkloadRules:
    return replace(
        one,
        movable=False,
        least_hosts=max(one.least_hosts, other.least_hosts),
        least_zones=max(one.least_zones, other.least_zones),
        trust_domain=one.trust_domain or other.trust_domain,
    )


def _selector(selector: affinitypolicies.LabelSelector) -> Selector:
    return Selector(
        tuple(sorted(selector.match_labels.items())),
        tuple(
            Requirement(expression.key, expression.operator.value, expression.values)
            for expression in selector.match_expressions
        ),
    )
