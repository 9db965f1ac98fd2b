"""What to propose, group by group, once a window has closed: the slow half of a cycle.

Pure: a view and the traffic go in, findings and commands come out. Policies of one objective and
mode are planned together; every pod of other workloads is fixed in that plan. Nothing is proposed
while a plan is carried out or still has to prove itself, so that no plan rests on moving
ground. A bound takes longer than a small search, so only a plan that is written gets one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from shorthaul.api import policies
from shorthaul.api.affinitypolicies import Mode
from shorthaul.api.placementplans import (
    GatheredWorkload,
    PlacementPlan,
    PlacementPlanStatus,
    PlanPhase,
    Progress,
)
from shorthaul.api.policies import Group, PolicyRef
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.rules import Rules
from shorthaul.errors import BadInput
from shorthaul.plan import (
    baselines,
    consents,
    damping,
    lifecycles,
    manifests,
    margins,
    promises,
    revisions,
    scopes,
    scores,
    standings,
)
from shorthaul.plan.accounts import Finding
from shorthaul.plan.commands import Command, CreatePlan
from shorthaul.plan.damping import Damping, Sample
from shorthaul.plan.planning import certified, make_plan
from shorthaul.plan.plans import Plan
from shorthaul.plan.requests import KNEE
from shorthaul.plan.scopes import Scope
from shorthaul.plan.traffic_maps import TrafficMaps
from shorthaul.plan.verification import Travel
from shorthaul.plan.views import ACTIVE_PHASES, OPEN_PHASES, Terms, View, ref_of
from shorthaul.solve import bounds
from shorthaul.solve.pricings import Pricing, unit_for
from shorthaul.solve.solvers import Solver
from shorthaul.units import NodeName, PodRef, WorkloadRef

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


def propose(view: View, maps: TrafficMaps, terms: Terms, means: Means) -> Proposals:
    """Plans for every group that may be planned for now."""
    known = tuple(policies.read(policy) for policy in view.policies)
    findings: dict[PolicyRef, Finding] = {}
    commands: list[Command] = []
    for group, members in policies.groups(known).items():
        traffic = maps.of(unit_for(group.objective))
        scope = Scope(group, members, known, view, traffic, terms)
        finding, made = _consider(scope, means)
        if made and commands and group.mode is Mode.AUTO:
            finding, made = replace(finding, held=ONE_AT_A_TIME), ()
        findings |= {policy.ref: finding for policy in members}
        commands += made
        commands += _revised(scope)
    rules = policies.rules(known, view.governance, (), terms.protected_namespaces)
    commands += _verdicts(view, maps, terms, rules)
    return Proposals(findings, tuple(commands))


def _consider(scope: Scope, means: Means) -> tuple[Finding, Sequence[Command]]:
    average = scope.traffic.average
    if scope.traffic.hindrance is not None:
        return Finding(stalled=scope.traffic.hindrance), ()
    if average is None or not scope.acting or not average.edges:
        return Finding(held=GATHERING), ()
    try:
        priced = scopes.priced(scope, average.unit)
    except BadInput as error:
        return Finding(stalled=Reason("ObjectiveUnavailable", str(error))), ()
    rules = scopes.rules_of(scope)
    edges = scopes.edges_of(average, scope, rules)
    request = replace(
        scopes.request_for(scope, edges, rules, average.unit),
        solver=means.solver_of(scope.group),
        expired=means.expired,
        proof=None,
        errors=margins.errors_of(average.edges),
    )
    plan = make_plan(replace(request, max_moves=scopes.hard_limit(request)))
    held = _under_way(scope) or _too_little(plan, scope)
    if held is not None:
        return Finding(plan, priced.unit, held), ()
    if request.max_moves == KNEE:
        plan = make_plan(request)
    held = _objection(plan, scope, rules, priced)
    finding = Finding(plan, priced.unit, held)
    if held is not None or scope.group.mode is Mode.OBSERVE:
        return finding, ()
    plan = certified(plan, replace(request, proof=bounds.QUICK))
    finding = replace(finding, plan=plan)
    made = _manifest(plan, scope, edges)
    before = _before(promises.moved_workloads(made), scope, rules, priced)
    status = msgspec.structs.replace(made.status, baseline=promises.baseline(before))
    return finding, (CreatePlan(msgspec.structs.replace(made, status=status)),)


def _too_little(plan: Plan, scope: Scope) -> Reason | None:
    """Why even the best plan is not worth it, which spares the search for the knee."""
    if not plan.moves:
        return _nothing(plan)
    overall = Sample(plan.value.before, plan.value.after)
    return damping.too_small(overall, _damping(scope))


def _objection(plan: Plan, scope: Scope, rules: Rules, priced: Pricing) -> Reason | None:
    if not plan.moves:
        return _nothing(plan)
    moves = [(move.pod, move.target) for move in plan.moves]
    asked = _damping(scope)
    samples = [
        _sample(scopes.edges_of(graph, scope, rules), moves, scope, priced)
        for graph in scope.traffic.recent[-asked.persistence_windows :]
    ]
    overall = Sample(plan.value.before, plan.value.after)
    refused = damping.objection(samples, overall, asked)
    return refused or _unsettled(scope) or _unmeasured(plan, scope)


def _nothing(plan: Plan) -> Reason:
    """Why there is no move; pods that would go, and only have to wait, are told of."""
    waiting = [each.reason for each in plan.refusals if each.reason.code == standings.COOLING]
    they = "1 pod waits" if len(waiting) == 1 else f"{len(waiting)} pods wait"
    while_these = f" while {they}: {waiting[0].message}" if waiting else ""
    doubted = [each for each in plan.refusals if each.reason.code == margins.UNCERTAIN]
    in_doubt = f"; {doubted[0].pod}: {doubted[0].reason.message}" if doubted else ""
    return Reason("NothingToGain", f"no move is worth making{while_these}{in_doubt}")


def _unmeasured(plan: Plan, scope: Scope) -> Reason | None:
    """Why what the moves gain could not be measured yet."""
    moved = frozenset(move.workload for move in plan.moves)
    windows = baselines.settled(scope.traffic.recent, scope.view, moved)
    return baselines.too_few(len(windows), scope.terms)


def _sample(
    edges: tuple[RoutedEdge, ...],
    moves: Sequence[tuple[PodRef, NodeName]],
    scope: Scope,
    priced: Pricing,
) -> Sample:
    snapshot = scope.view.snapshot
    before, after = scores.costs(edges, snapshot, moves, scope.view.distances, priced)
    return Sample(before, after)


def _damping(scope: Scope) -> Damping:
    """The most careful wishes of the members."""
    terms = scope.terms
    percents = [
        terms.least_gain_percent
        if policy.spec.worth.least_gain_percent is None
        else policy.spec.worth.least_gain_percent
        for policy in scope.acting
    ]
    return Damping(
        least_gain_share=max(percents) / 100,
        least_gain=max(policy.spec.worth.least_gain or 0.0 for policy in scope.acting),
        persistence_windows=max(
            policy.spec.damping.persistence_windows or terms.persistence_windows
            for policy in scope.acting
        ),
    )


def _revised(scope: Scope) -> Sequence[Command]:
    """Plans of the group that wait, and can no longer be carried out as they were written."""
    idle = set(OPEN_PHASES) - set(ACTIVE_PHASES)
    mine = [plan for plan in scope.view.plans if _same_group(plan, scope.group)]
    waiting = [plan for plan in mine if plan.status.phase in idle]
    rules = scopes.rules_of(scope) if waiting else None
    return [
        lifecycles.supersede(plan, reason, scope.view)
        for plan in waiting
        if rules is not None and (reason := revisions.misfit(plan, scope.view, rules)) is not None
    ]


def _under_way(scope: Scope) -> Reason | None:
    """Says so while pods of this group are on their way, whatever else may seem to be worth it."""
    found = [plan for plan in scope.view.plans if _same_group(plan, scope.group)]
    return next((_active(plan) for plan in found if plan.status.phase in ACTIVE_PHASES), None)


def _active(plan: PlacementPlan) -> Reason:
    return Reason("PlanUnderWay", f"plan {plan.metadata.name} is being carried out")


def _unsettled(scope: Scope) -> Reason | None:
    """Why no new plan may be written although there is something to gain."""
    for plan in scope.view.plans:
        name = plan.metadata.name
        if plan.status.phase in ACTIVE_PHASES:
            return _active(plan)
        if plan.status.phase in OPEN_PHASES and _same_group(plan, scope.group):
            return Reason("PlanOpen", f"plan {name} is open already")
        if _same_group(plan, scope.group) and promises.proving(plan, scope.view, scope.terms):
            return Reason("PlanUnproven", f"plan {name} has not been verified yet")
    for policy in scope.view.policies:
        if ref_of(policy) in {one.ref for one in scope.acting}:
            paused = standings.paused(policy)
            if paused is not None:
                return paused
    return None


def _same_group(plan: PlacementPlan, group: Group) -> bool:
    return (plan.spec.objective.name, plan.spec.mode) == (group.objective, group.mode)


def _manifest(plan: Plan, scope: Scope, edges: Sequence[RoutedEdge]) -> PlacementPlan:
    seconds = min(
        policy.spec.approval.expiry_seconds or scope.terms.approval_seconds
        for policy in scope.acting
    )
    made = manifests.proposal(
        plan,
        mode=scope.group.mode,
        policies=[(policy.ref, policy.generation) for policy in scope.acting],
        now=scope.view.now,
        expiry_seconds=seconds,
    )
    workloads = promises.moved_workloads(made)
    status = PlacementPlanStatus(
        phase=PlanPhase.PROPOSED,
        progress=Progress(moves=len(made.spec.moves), pending=len(made.spec.moves)),
        gathered=_gathered(workloads, edges, scope),
    )
    metadata = msgspec.structs.replace(made.metadata, name=_name(made, scope.view))
    return msgspec.structs.replace(made, metadata=metadata, status=status)


def _before(
    workloads: frozenset[WorkloadRef], scope: Scope, rules: Rules, priced: Pricing
) -> Travel:
    """How far their traffic travels today, at the volume that the promise was made for."""
    view, average = scope.view, scope.traffic.average
    assert average is not None
    recent = baselines.settled(scope.traffic.recent, view, workloads)
    seen = promises.measured(recent, view, workloads, priced, rules)
    whole = consents.attracting(average, view.snapshot, rules)
    rate = baselines.volume(whole, view.snapshot, workloads)
    return replace(seen, rate=rate, cost=rate * seen.mean)


def _name(made: PlacementPlan, view: View) -> str:
    """The name of a plan tells when it was made: the same moves may be proposed again later."""
    return f"{made.metadata.name}-{int(view.seconds):x}"


def _gathered(
    moved: frozenset[WorkloadRef], edges: Sequence[RoutedEdge], scope: Scope
) -> tuple[GatheredWorkload, ...]:
    """The moved workloads and the governed ones that they exchange traffic with."""
    snapshot = scope.view.snapshot
    together = set(moved)
    for edge in edges:
        ends = {snapshot.workload_of(edge.client), snapshot.workload_of(edge.server)}
        if ends & moved:
            together |= {end for end in ends if end is not None}
    governed = sorted(together & scope.workloads)[:MOST_GATHERED]
    return tuple(
        GatheredWorkload(namespace=ref.namespace, kind=ref.kind, name=ref.name) for ref in governed
    )


def _verdicts(view: View, maps: TrafficMaps, terms: Terms, rules: Rules) -> Sequence[Command]:
    """Verdicts on plans that are done, each by traffic in the unit of its promise that may attract.

    A plan whose prices are not known any more has to wait for them, or goes unverified in the end.
    """
    commands: list[Command] = []
    for plan in view.plans:
        traffic = maps.of(unit_for(plan.spec.objective.name))
        if not promises.unverified(plan) or traffic.average is None:
            continue
        try:
            priced = promises.pricing(
                plan.spec.objective.name,
                traffic.average.unit,
                view.distances,
                view.topology,
            )
        except BadInput:
            continue
        verdict = promises.verify(plan, view, traffic, terms, priced, rules)
        if verdict is not None:
            commands.append(verdict)
    return commands
