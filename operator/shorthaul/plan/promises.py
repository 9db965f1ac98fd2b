"""Plans that are done are held against their promise, once enough windows have passed.

Enough is when the promise is kept and the noise between windows could hardly turn that, or when
patience is over: nothing is said to have failed before.
What was measured before is kept in the plan's own status, so that a restart of the operator does
not lose it. What was seen after may be lost, with the time in which nobody looked; patience then
begins with the first window that was seen again. What came after the next plan had begun is that
plan's doing and does not count. A plan of which nothing landed has nothing to verify.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from shorthaul.api import latencies
from shorthaul.api.placementplans import Baseline, PlacementPlan, PlanPhase, PlanVerification
from shorthaul.api.podmoves import MovePhase
from shorthaul.api.policies import PolicyRef
from shorthaul.api.topologies import TierPrices, Topology
from shorthaul.cluster.directories import directory_of
from shorthaul.cluster.rules import Rules
from shorthaul.plan import consents, verification
from shorthaul.plan.commands import SetPlanStatus
from shorthaul.plan.modelled_travels import modelled
from shorthaul.plan.verification import Travel, Verdict
from shorthaul.plan.views import Terms, Traffic, View, phase_of
from shorthaul.solve.pricings import Pricing, price
from shorthaul.topology import latencies as measured_latencies
from shorthaul.topology.distances import Distances
from shorthaul.traffic.graphs import TrafficGraph
from shorthaul.units import Namespace, Objective, Tier, Unit, WorkloadRef

PATIENT_WINDOWS = 12
PATIENCE_SECONDS = 60.0
TOLD_DIGITS = 4
_NEVER = datetime.min.replace(tzinfo=UTC)


def pricing(
    objective: Objective, unit: Unit, distances: Distances, topology: Topology | None
) -> Pricing:
    """What traffic costs per tier for an objective; raises BadInput where that is unknown."""
    return price(objective, unit, distances.scale, prices(objective, distances, topology))


def prices(
    objective: Objective, distances: Distances, topology: Topology | None
) -> Mapping[Tier, float] | None:
    """What the Topology gives for an objective, by tier: dollars per GB or milliseconds."""
    if topology is None:
        return None
    if objective is Objective.LATENCY:
        known = latencies.latencies(topology)
        return None if known is None else measured_latencies.per_tier(known, distances).tiers
    per_gb = topology.spec.prices_per_gb
    return None if per_gb is None else per_tier(per_gb)


def per_tier(prices: TierPrices) -> Mapping[Tier, float]:
    """The prices of a Topology by tier, dollars per GB."""
    return {tier: getattr(prices, tier.value) for tier in Tier}


def measured(
    graphs: Iterable[TrafficGraph],
    view: View,
    workloads: frozenset[WorkloadRef],
    priced: Pricing,
    rules: Rules,
) -> Travel:
    """How far the traffic of some workloads that may attract travelled, on average over windows."""
    pods = directory_of(view.snapshot).pods
    found = []
    for whole in graphs:
        graph = consents.attracting(whole, view.snapshot, rules)
        seen = verification.travel(graph.pod_edges, pods, view.distances, workloads, priced.tiers)
        rest = modelled(graph, view, workloads, priced)
        found.append(Travel(seen.rate + rest.rate, seen.cost + rest.cost))
    return verification.average(found)


def baseline(travel: Travel) -> Baseline:
    """What is kept in a plan's status of the time before it."""
    return Baseline(
        rate=travel.rate, cost=travel.cost, windows=travel.windows, error=_finite(travel.error)
    )


def unverified(plan: PlacementPlan) -> bool:
    """Whether a plan is done, moved something, and has not been held against its promise."""
    landed = plan.status.progress.landed if plan.status.progress else 0
    return (
        plan.status.phase is PlanPhase.DONE
        and landed > 0
        and plan.status.baseline is not None
        and plan.status.verification is None
    )


def proving(plan: PlacementPlan, view: View, terms: Terms) -> bool:
    """Whether a plan is still to be verified; one that cannot be in time is given up."""
    finished = plan.status.finished_at
    if finished is None or not unverified(plan):
        return False
    windows = most_windows(terms) + 1  # the one in which it finished counts for neither side
    patience = windows * terms.window_seconds + PATIENCE_SECONDS
    return (view.now - finished).total_seconds() < patience


def most_windows(terms: Terms) -> int:
    """After how many windows a verdict is given, however unsure; no more than are kept."""
    return min(terms.verification_windows + PATIENT_WINDOWS, terms.kept_windows)


def verify(
    plan: PlacementPlan, view: View, traffic: Traffic, terms: Terms, priced: Pricing, rules: Rules
) -> SetPlanStatus | None:
    """The verdict on a plan; None while too few windows have passed since its last move.

    None too while there has been no traffic since, which has no distance and proves nothing.
    """
    finished = plan.status.finished_at
    kept = plan.status.baseline
    if finished is None or kept is None:
        return None
    before = Travel(
        kept.rate, kept.cost, kept.windows, math.inf if kept.error is None else kept.error
    )
    since = _since(plan, view, traffic.recent, finished)
    if len(since) < terms.verification_windows:
        return None
    after = measured(since, view, moved_workloads(plan), priced, rules)
    if after.rate <= 0:
        return None
    verdict = verification.judge(promised(plan, view), before, after)
    if not (verdict.sure and verdict.pays) and _patient(since, view, terms):
        return None
    status = msgspec.structs.replace(
        plan.status, verification=_told(verdict, priced.unit, len(since))
    )
    return SetPlanStatus(plan, status)


def _since(
    plan: PlacementPlan, view: View, recent: Iterable[TrafficGraph], finished: datetime
) -> list[TrafficGraph]:
    """The windows between the end of a plan and the beginning of the next."""
    later = [other.status.started_at for other in view.plans if other is not plan]
    began = [time.timestamp() for time in later if time is not None and time >= finished]
    end = min(began, default=math.inf)
    return [
        graph
        for graph in recent
        if graph.end_seconds - graph.seconds >= finished.timestamp() and graph.end_seconds <= end
    ]


def _patient(since: Sequence[TrafficGraph], view: View, terms: Terms) -> bool:
    """Whether more windows may still turn a verdict, and could have come by now."""
    first = since[0]
    looked = view.seconds - (first.end_seconds - first.seconds)
    waited = most_windows(terms) * terms.window_seconds + PATIENCE_SECONDS
    kept = terms.kept_windows * terms.window_seconds
    return len(since) < most_windows(terms) and looked < min(waited, kept)


def promised(plan: PlacementPlan, view: View) -> float:
    """The part of the promised gain that belongs to the moves that landed."""
    total = plan.spec.objective.before - plan.spec.objective.after
    gains = {move.metadata.name: move.spec.gain.value for move in view.moves_of(plan)}
    landed = [
        move.spec.gain.value for move in view.moves_of(plan) if phase_of(move) is MovePhase.LANDED
    ]
    weight = sum(gains.values())
    if len(landed) == len(plan.spec.moves) or weight <= 0:
        return total
    return total * sum(landed) / weight


def moved_workloads(plan: PlacementPlan) -> frozenset[WorkloadRef]:
    """The workloads that a plan moves pods of."""
    return frozenset(
        WorkloadRef(Namespace(move.namespace), move.workload.kind, move.workload.name)
        for move in plan.spec.moves
    )


def verdicts(
    plans: Iterable[PlacementPlan], policy: PolicyRef, generation: int
) -> list[PlacementPlan]:
    """The verified plans of one generation of a policy, oldest first."""
    found = [
        plan
        for plan in plans
        if plan.status.verification is not None
        and any(
            (named.namespace, named.name, named.generation)
            == (policy.namespace, policy.name, generation)
            for named in plan.spec.policies
        )
    ]
    return sorted(found, key=lambda plan: (plan.status.finished_at or _NEVER, plan.metadata.name))


def _told(verdict: Verdict, unit: str, windows: int) -> PlanVerification:
    return PlanVerification(
        promised=verdict.promised,
        measured=verdict.measured,
        ratio=round(verdict.ratio, TOLD_DIGITS),
        unit=unit,
        windows=windows,
        error=_finite(verdict.error),
        mean_before=verdict.before,
        mean_after=verdict.after,
    )


def _finite(error: float) -> float | None:
    return error if math.isfinite(error) else None
