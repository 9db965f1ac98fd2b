"""What to propose, group by group, once a window has closed: the slow half of a cycle.

Pure: a view and the traffic go in, findings and commands come out. Policies of one objective and
mode are planned together; every pod of other workloads is fixed in that plan. Nothing is proposed
while a plan is carried out or still has to prove itself, so that no plan rests on moving ground.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from shorthaul.api import latencies, policies
from shorthaul.api.affinitypolicies import Mode
from shorthaul.api.placementplans import (
    GatheredWorkload,
    PlacementPlan,
    PlacementPlanStatus,
    PlanPhase,
    Progress,
)
from shorthaul.api.policies import Group, Policy, PolicyRef
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.routings import RoutedEdge, route
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.errors import BadInput
from shorthaul.plan import (
    baselines,
    consents,
    damping,
    lifecycles,
    manifests,
    promises,
    revisions,
    scores,
    standings,
)
from shorthaul.plan.accounts import Finding
from shorthaul.plan.commands import Command, CreatePlan
from shorthaul.plan.damping import Damping, Sample
from shorthaul.plan.planning import make_plan
from shorthaul.plan.plans import Plan
from shorthaul.plan.requests import KNEE, Request
from shorthaul.plan.verification import Travel
from shorthaul.plan.views import ACTIVE_PHASES, OPEN_PHASES, Terms, Traffic, View, ref_of
from shorthaul.solve.pricings import Pricing
from shorthaul.solve.solvers import Solver
from shorthaul.traffic.graphs import TrafficGraph, Vertex
from shorthaul.units import NodeName, PodRef, Unit, WorkloadRef

MOST_GATHERED = 1000
ONE_AT_A_TIME = Reason("PlanUnderWay", "another plan has just been made; this one is made anew")
GATHERING = Reason("Gathering", "no usable window of traffic has been seen yet")


@dataclass(frozen=True, slots=True)
class Proposals:
    """What each policy's group has come to, and what is to be written."""

    findings: Mapping[PolicyRef, Finding]
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Means:
    """The solver for each group, which may remember it, and when all has to come to an end."""

    solver_of: Callable[[Group], Solver]
    expired: Callable[[], bool]


def propose(view: View, traffic: Traffic, terms: Terms, means: Means) -> Proposals:
    """Plans for every group that may be planned for now."""
    known = tuple(policies.read(policy) for policy in view.policies)
    findings: dict[PolicyRef, Finding] = {}
    commands: list[Command] = []
    for group, members in policies.groups(known).items():
        found = _Group(group, members, known, view, traffic, terms)
        finding, made = _consider(found, means)
        if made and commands and group.mode is Mode.AUTO:
            finding, made = replace(finding, held=ONE_AT_A_TIME), ()
        findings |= {policy.ref: finding for policy in members}
        commands += made
        commands += _revised(found)
    commands += _verdicts(view, traffic, terms)
    return Proposals(findings, tuple(commands))


@dataclass(frozen=True, slots=True)
class _Group:
    """One group and all that it is planned from."""

    group: Group
    members: tuple[Policy, ...]
    everyone: tuple[Policy, ...]
    view: View
    traffic: Traffic
    terms: Terms

    @property
    def acting(self) -> tuple[Policy, ...]:
        """The members that are not in conflict."""
        return tuple(one for one in self.members if self.view.conflict(one.ref) is None)

    @property
    def workloads(self) -> frozenset[WorkloadRef]:
        """The workloads that the plan is about."""
        known = self.view.governance.workloads
        return frozenset().union(*(known.get(one.ref, frozenset()) for one in self.acting))


def _consider(found: _Group, means: Means) -> tuple[Finding, Sequence[Command]]:
    average = found.traffic.average
    if found.traffic.hindrance is not None:
        return Finding(stalled=found.traffic.hindrance), ()
    if average is None or not found.acting or not average.edges:
        return Finding(held=GATHERING), ()
    try:
        priced = _priced(found, average.unit)
    except BadInput as error:
        return Finding(stalled=Reason(_code(error), str(error))), ()
    rules = _rules(found)
    edges = _edges(average, found, rules)
    request = _request(found, edges, rules, average.unit, means)
    plan = make_plan(replace(request, max_moves=_hard_limit(request)))
    held = _under_way(found) or _too_little(plan, found)
    if held is not None:
        return Finding(plan, priced.unit, held), ()
    if request.max_moves == KNEE:
        plan = make_plan(request)
    held = _objection(plan, found, rules, priced)
    finding = Finding(plan, priced.unit, held)
    if held is not None or found.group.mode is Mode.OBSERVE:
        return finding, ()
    return finding, (CreatePlan(_manifest(plan, found, edges, priced)),)


def _priced(found: _Group, unit: Unit) -> Pricing:
    view = found.view
    return promises.pricing(found.group.objective, unit, view.distances, view.topology)


def _code(error: BadInput) -> str:
    return "UnitUnavailable" if "rates in" in str(error) else "ObjectiveUnavailable"


def _rules(found: _Group) -> Rules:
    view = found.view
    acting = {policy.ref for policy in found.acting}
    rules = policies.rules(
        found.everyone, view.governance, acting, found.terms.protected_namespaces
    )
    resting = {
        workload: reason
        for policy in view.policies
        for workload, reason in standings.resting(policy, view).items()
    }
    rested = {
        workload: replace(its, resting=its.resting or resting.get(workload))
        for workload, its in rules.workloads.items()
    }
    return replace(rules, workloads=rested)


def _edges(graph: TrafficGraph, found: _Group, rules: Rules) -> tuple[RoutedEdge, ...]:
    snapshot, workloads = found.view.snapshot, found.workloads
    routed = consents.consented(route(graph, snapshot, None), snapshot, rules)
    return tuple(
        edge
        for edge in routed
        if _owner(edge.client, snapshot) in workloads or _owner(edge.server, snapshot) in workloads
    )


def _owner(vertex: Vertex, snapshot: Snapshot) -> WorkloadRef | None:
    if not isinstance(vertex, PodRef):
        return vertex
    pod = snapshot.pods.get(vertex)
    return None if pod is None else pod.workload


def _request(
    found: _Group, edges: tuple[RoutedEdge, ...], rules: Rules, unit: Unit, means: Means
) -> Request:
    view = found.view
    return Request(
        parking=False,
        snapshot=view.snapshot,
        edges=edges,
        unit=unit,
        distances=view.distances,
        rules=rules,
        objective=found.group.objective,
        prices=promises.prices(found.group.objective, view.distances, view.topology),
        targets=latencies.targets(found.acting, view.governance.workloads),
        max_moves=_most_moves(found.acting),
        move_price=_move_price(found.acting),
        seed=found.terms.seed,
        solver=means.solver_of(found.group),
        expired=means.expired,
        now_seconds=view.seconds,
    )


def _most_moves(acting: Sequence[Policy]) -> int | str:
    given = [policy.spec.target.max_moves for policy in acting]
    numbers = [limit for limit in given if isinstance(limit, int)]
    return min(numbers) if numbers else KNEE


def _move_price(acting: Sequence[Policy]) -> float:
    """What a move has to gain per second to have paid for itself within the horizon."""
    return max(
        policy.spec.worth.move_cost / (policy.spec.worth.horizon_hours * 3600) for policy in acting
    )


def _hard_limit(request: Request) -> int | None:
    return request.max_moves if isinstance(request.max_moves, int) else None


def _too_little(plan: Plan, found: _Group) -> Reason | None:
    """Why even the best plan is not worth it, which spares the search for the knee."""
    if not plan.moves:
        return Reason("NothingToGain", "no move is worth making")
    overall = Sample(plan.value.before, plan.value.after)
    return damping.too_small(overall, _damping(found))


def _objection(plan: Plan, found: _Group, rules: Rules, priced: Pricing) -> Reason | None:
    if not plan.moves:
        return Reason("NothingToGain", "no move is worth making")
    moves = [(move.pod, move.target) for move in plan.moves]
    asked = _damping(found)
    samples = [
        _sample(_edges(graph, found, rules), moves, found, priced)
        for graph in found.traffic.recent[-asked.persistence_windows :]
    ]
    overall = Sample(plan.value.before, plan.value.after)
    refused = damping.objection(samples, overall, asked)
    return refused or _unsettled(found) or _unmeasured(plan, found)


def _unmeasured(plan: Plan, found: _Group) -> Reason | None:
    """Why what the moves gain could not be measured yet."""
    moved = frozenset(move.workload for move in plan.moves)
    windows = baselines.settled(found.traffic.recent, found.view, moved)
    return baselines.too_few(len(windows), found.terms)


def _sample(
    edges: tuple[RoutedEdge, ...],
    moves: Sequence[tuple[PodRef, NodeName]],
    found: _Group,
    priced: Pricing,
) -> Sample:
    snapshot = found.view.snapshot
    before, after = scores.costs(edges, snapshot, moves, found.view.distances, priced)
    return Sample(before, after)


def _damping(found: _Group) -> Damping:
    """The most careful wishes of the members."""
    terms = found.terms
    percents = [
        terms.least_gain_percent
        if policy.spec.worth.least_gain_percent is None
        else policy.spec.worth.least_gain_percent
        for policy in found.acting
    ]
    return Damping(
        least_gain_share=max(percents) / 100,
        least_gain=max(policy.spec.worth.least_gain or 0.0 for policy in found.acting),
        persistence_windows=max(
            policy.spec.damping.persistence_windows or terms.persistence_windows
            for policy in found.acting
        ),
    )


def _revised(found: _Group) -> Sequence[Command]:
    """Plans of the group that wait, and can no longer be carried out as they were written."""
    idle = set(OPEN_PHASES) - set(ACTIVE_PHASES)
    mine = [plan for plan in found.view.plans if _same_group(plan, found.group)]
    waiting = [plan for plan in mine if plan.status.phase in idle]
    rules = _rules(found) if waiting else None
    return [
        lifecycles.supersede(plan, reason, found.view)
        for plan in waiting
        if rules is not None and (reason := revisions.misfit(plan, found.view, rules)) is not None
    ]


def _under_way(found: _Group) -> Reason | None:
    """Says so while pods of this group are on their way, whatever else may seem to be worth it."""
    for plan in found.view.plans:
        if plan.status.phase in ACTIVE_PHASES and _same_group(plan, found.group):
            return Reason("PlanUnderWay", f"plan {plan.metadata.name} is being carried out")
    return None


def _unsettled(found: _Group) -> Reason | None:
    """Why no new plan may be written although there is something to gain."""
    for plan in found.view.plans:
        name = plan.metadata.name
        if plan.status.phase in ACTIVE_PHASES:
            return Reason("PlanUnderWay", f"plan {name} is being carried out")
        if plan.status.phase in OPEN_PHASES and _same_group(plan, found.group):
            return Reason("PlanOpen", f"plan {name} is open already")
        if _same_group(plan, found.group) and promises.proving(plan, found.view, found.terms):
            return Reason("PlanUnproven", f"plan {name} has not been verified yet")
    for policy in found.view.policies:
        if ref_of(policy) in {one.ref for one in found.acting}:
            paused = standings.paused(policy)
            if paused is not None:
                return paused
    return None


def _same_group(plan: PlacementPlan, group: Group) -> bool:
    return (plan.spec.objective.name, plan.spec.mode) == (group.objective, group.mode)


def _manifest(
    plan: Plan, found: _Group, edges: Sequence[RoutedEdge], priced: Pricing
) -> PlacementPlan:
    seconds = min(
        policy.spec.approval.expiry_seconds or found.terms.approval_seconds
        for policy in found.acting
    )
    made = manifests.proposal(
        plan,
        mode=found.group.mode,
        policies=[(policy.ref, policy.generation) for policy in found.acting],
        now=found.view.now,
        expiry_seconds=seconds,
    )
    workloads = promises.moved_workloads(made)
    before = _before(workloads, found, priced)
    status = PlacementPlanStatus(
        phase=PlanPhase.PROPOSED,
        progress=Progress(moves=len(made.spec.moves), pending=len(made.spec.moves)),
        baseline=promises.baseline(before),
        gathered=_gathered(workloads, edges, found),
    )
    metadata = msgspec.structs.replace(made.metadata, name=_name(made, found.view))
    return msgspec.structs.replace(made, metadata=metadata, status=status)


def _before(workloads: frozenset[WorkloadRef], found: _Group, priced: Pricing) -> Travel:
    """How far their traffic travels today, at the volume that the promise was made for."""
    view, average = found.view, found.traffic.average
    recent = baselines.settled(found.traffic.recent, view, workloads)
    seen = promises.measured(recent, view, workloads, priced)
    if average is None:
        return seen
    rate = baselines.volume(average, view.snapshot, workloads)
    return replace(seen, rate=rate, cost=rate * seen.mean)


def _name(made: PlacementPlan, view: View) -> str:
    """The name of a plan tells when it was made: the same moves may be proposed again later."""
    return f"{made.metadata.name}-{int(view.seconds):x}"


def _gathered(
    moved: frozenset[WorkloadRef], edges: Sequence[RoutedEdge], found: _Group
) -> tuple[GatheredWorkload, ...]:
    """The moved workloads and the governed ones that they exchange traffic with."""
    snapshot = found.view.snapshot
    together = set(moved)
    for edge in edges:
        ends = {_owner(edge.client, snapshot), _owner(edge.server, snapshot)}
        if ends & moved:
            together |= {end for end in ends if end is not None}
    governed = sorted(together & found.workloads)[:MOST_GATHERED]
    return tuple(
        GatheredWorkload(namespace=ref.namespace, kind=ref.kind, name=ref.name) for ref in governed
    )


def _verdicts(view: View, traffic: Traffic, terms: Terms) -> Sequence[Command]:
    commands: list[Command] = []
    for plan in view.plans:
        if not promises.unverified(plan) or traffic.average is None:
            continue
        priced = promises.pricing(
            plan.spec.objective.name,
            traffic.average.unit,
            view.distances,
            view.topology,
        )
        verdict = promises.verify(plan, view, traffic, terms, priced)
        if verdict is not None:
            commands.append(verdict)
    return commands
