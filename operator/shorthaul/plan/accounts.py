"""What a policy's status tells: what is, what is planned, what was spent, what came of it.

Pure: the account of a policy is made anew from the view and from what the last cycle found for its
group. Budgets that were spent are carried forward, never recomputed from nothing. So is the moment
at which the operator's own pause was last lifted: it is the transition of the condition Paused, and
plans that had finished by then are no reason to pause again.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from shorthaul.api import conditions
from shorthaul.api.affinitypolicies import AffinityPolicy, Mode
from shorthaul.api.conditions import State
from shorthaul.api.objects import Truth
from shorthaul.api.placementplans import PlacementPlan, PlanPhase
from shorthaul.api.policystatuses import (
    AffinityPolicyStatus,
    Budgets,
    Current,
    InForce,
    Paused,
    RefusalCount,
    StartedMove,
    Verification,
)
from shorthaul.cluster.reasons import Reason
from shorthaul.plan import promises, standings, verification
from shorthaul.plan.pacing import HOUR_SECONDS, Start
from shorthaul.plan.plans import Plan
from shorthaul.plan.views import Terms, View, ref_of
from shorthaul.units import Tier

MOST_WAITING = 64
MOST_STARTS = 1000
TOLD_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """What the last cycle found for a policy's group: a plan, and why it is held back."""

    plan: Plan | None = None
    unit: str = ""
    held: Reason | None = None
    stalled: Reason | None = None


def account(
    policy: AffinityPolicy,
    view: View,
    terms: Terms,
    finding: Finding,
    waiting: Iterable[Reason] = (),
) -> AffinityPolicyStatus:
    """The status of one policy now."""
    ref = ref_of(policy)
    workloads = view.governance.workloads.get(ref, frozenset())
    judged = _verification(policy, view)
    paused = _paused(policy, judged, view.now)
    current = _open_plan(policy, view)
    states = _states(policy, view, finding, current, paused)
    return AffinityPolicyStatus(
        observed_generation=policy.metadata.generation,
        conditions=conditions.reported(
            policy.status.conditions, states, generation=policy.metadata.generation, now=view.now
        ),
        workloads=len(workloads),
        pods=sum(pod.workload in workloads for pod in view.snapshot.pods.values()),
        current=_current(finding) or policy.status.current,
        plan=current.metadata.name if current else "",
        moves_proposed=len(finding.plan.moves) if finding.plan else 0,
        waiting=_counted(finding, waiting),
        budgets=_budgets(policy, view),
        verification=judged,
        paused=paused,
        in_force=_in_force(policy, terms),
    )


def stall(
    policy: AffinityPolicy, terms: Terms, reason: Reason, now: datetime
) -> AffinityPolicyStatus:
    """The status of one policy while nothing can be decided; what was told of another spec goes.

    What was spent stays, and so does the name of a plan that is open.
    """
    paused = _paused(policy, None, now)
    states = (
        conditions.not_ready(reason.code, reason.message),
        conditions.stalled(reason.code, reason.message),
        *_pauses(policy, paused, now),
    )
    known, generation = policy.status, policy.metadata.generation
    kept = known
    if known.observed_generation != generation:
        kept = AffinityPolicyStatus(plan=known.plan, budgets=known.budgets)
    return msgspec.structs.replace(
        kept,
        observed_generation=generation,
        conditions=conditions.reported(known.conditions, states, generation=generation, now=now),
        verification=_carried(policy, forgive=_resumed(policy, now) == now),
        paused=paused,
        in_force=_in_force(policy, terms),
    )


def _states(
    policy: AffinityPolicy,
    view: View,
    finding: Finding,
    current: PlacementPlan | None,
    paused: Paused | None,
) -> list[State]:
    conflict = view.conflict(ref_of(policy))
    states = []
    if conflict is not None:
        states += [
            conditions.conflict(conflict.message),
            conditions.not_ready(conflict.code, conflict.message),
        ]
    else:
        states += _readiness(policy, view, finding)
    states += _pauses(policy, paused, view.now)
    if current is not None and current.status.phase in (None, PlanPhase.PROPOSED):
        states.append(conditions.plan_pending(f"plan {current.metadata.name} awaits approval"))
    return states


def _pauses(policy: AffinityPolicy, paused: Paused | None, now: datetime) -> list[State]:
    """What holds moves back, or that the operator's own pause was lifted; both last."""
    if policy.spec.pause:
        return [conditions.paused("PausedByOwner", "spec.pause is true")]
    if paused is not None:
        return [conditions.paused(paused.reason, paused.message)]
    if _resumed(policy, now) is not None:
        return [conditions.resumed(f"lifted by the annotation {standings.RESUME}")]
    return []


def _readiness(policy: AffinityPolicy, view: View, finding: Finding) -> list[State]:
    blocked = finding.stalled
    if blocked is None and policy.spec.mode is not Mode.OBSERVE:
        blocked = view.rights.get(ref_of(policy).namespace) or view.hindrance
    if blocked is not None:
        return [
            conditions.not_ready(blocked.code, blocked.message),
            conditions.stalled(blocked.code, blocked.message),
        ]
    if finding.plan is None:
        text = finding.held.message if finding.held else "not enough traffic has been seen yet"
        code = finding.held.code if finding.held else "Gathering"
        return [conditions.ready(text, code)]
    if finding.held is not None:
        return [conditions.ready(finding.held.message, finding.held.code)]
    return [conditions.ready(f"{len(finding.plan.moves)} moves are worth making", "MovesFound")]


def _current(finding: Finding) -> Current | None:
    if finding.plan is None:
        return None
    before = finding.plan.locality.before
    shares = {tier: round(float(before.get(tier, 0.0)), TOLD_DIGITS) for tier in Tier}
    return Current(
        unit=finding.unit,
        cost=finding.plan.value.before,
        host=shares[Tier.HOST],
        rack=shares[Tier.RACK],
        zone=shares[Tier.ZONE],
        region=shares[Tier.REGION],
        beyond=shares[Tier.BEYOND],
    )


def _counted(finding: Finding, waiting: Iterable[Reason]) -> tuple[RefusalCount, ...]:
    reasons = [refusal.reason for refusal in finding.plan.refusals] if finding.plan else []
    reasons += list(waiting)
    counts = Counter(reason.code for reason in reasons)
    examples = {reason.code: reason.message for reason in reversed(reasons)}
    return tuple(
        RefusalCount(reason=code, count=count, example=examples[code][:1024])
        for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )[:MOST_WAITING]


def _budgets(policy: AffinityPolicy, view: View) -> Budgets | None:
    known = standings.starts_of(policy, view.moves)
    spent = standings.spent_of(policy, view.moves)
    hour = [start for start in spent if view.seconds - start.seconds < HOUR_SECONDS]
    cooled = policy.spec.disruption.cool_down_seconds
    last = {start.workload: start for start in known}
    recent = [start for start in last.values() if view.seconds - start.seconds < cooled]
    if not hour and not recent:
        return None
    return Budgets(
        moves=tuple(_told(start) for start in hour[-MOST_STARTS:]),
        last_moves=tuple(_told(start) for start in recent[-MOST_STARTS:]),
    )


def _told(start: Start) -> StartedMove:
    return StartedMove(
        kind=start.workload.kind,
        name=start.workload.name,
        time=datetime.fromtimestamp(start.seconds, UTC),
    )


def _verification(policy: AffinityPolicy, view: View) -> Verification | None:
    plans = promises.verdicts(view.plans, ref_of(policy), policy.metadata.generation)
    found = [plan.status.verification for plan in plans if plan.status.verification is not None]
    resumed = _resumed(policy, view.now)
    if not found:
        return _carried(policy, forgive=resumed == view.now)
    ratios = tuple(
        plan.status.verification.ratio
        for plan in plans
        if plan.status.verification is not None and _counts(plan, resumed)
    )[-verification.HISTORY :]
    last = found[-1]
    return Verification(
        promised=last.promised,
        measured=last.measured,
        ratio=last.ratio,
        unit=last.unit,
        moves_verified=sum(
            plan.status.progress.landed for plan in plans if plan.status.progress is not None
        ),
        ratios=ratios,
        failures=sum(ratio < verification.LEAST_RATIO for ratio in ratios),
    )


def _carried(policy: AffinityPolicy, *, forgive: bool) -> Verification | None:
    """What was told before, once the plans themselves are forgotten."""
    known = policy.status.verification
    if known is None or policy.status.observed_generation != policy.metadata.generation:
        return None
    return msgspec.structs.replace(known, ratios=(), failures=0) if forgive else known


def _counts(plan: PlacementPlan, resumed: datetime | None) -> bool:
    """Whether a verdict on a plan may still pause its policy."""
    finished = plan.status.finished_at
    return resumed is None or (finished is not None and finished > resumed)


def _resumed(policy: AffinityPolicy, now: datetime) -> datetime | None:
    """When the annotation last lifted the operator's own pause, within this generation."""
    generation = policy.metadata.generation
    held = policy.status.paused
    if held is not None and held.generation == generation:
        return now if standings.RESUME in policy.metadata.annotations else None
    for known in policy.status.conditions:
        same = known.type == conditions.PAUSED and known.observed_generation == generation
        if same and known.status is Truth.FALSE:
            return known.last_transition_time
    return None


def _paused(policy: AffinityPolicy, judged: Verification | None, now: datetime) -> Paused | None:
    if standings.RESUME in policy.metadata.annotations:
        return None
    known = policy.status.paused
    if known is not None and known.generation == policy.metadata.generation:
        return known
    reason = verification.objection(judged.ratios) if judged is not None else None
    if reason is None:
        return None
    return Paused(
        by="operator",
        reason=reason.code,
        message=reason.message[:1024],
        generation=policy.metadata.generation,
        since=now,
    )


def _open_plan(policy: AffinityPolicy, view: View) -> PlacementPlan | None:
    ref = ref_of(policy)
    for plan in reversed(view.plans):
        mine = any((n.namespace, n.name) == (ref.namespace, ref.name) for n in plan.spec.policies)
        if mine and plan.status.phase in (
            None,
            PlanPhase.PROPOSED,
            PlanPhase.APPROVED,
            PlanPhase.EXECUTING,
        ):
            return plan
    return None


def _in_force(policy: AffinityPolicy, terms: Terms) -> InForce:
    spec = policy.spec
    least = spec.worth.least_gain_percent
    return InForce(
        window_seconds=terms.window_seconds,
        half_life_windows=terms.half_life_windows,
        persistence_windows=spec.damping.persistence_windows or terms.persistence_windows,
        verification_windows=terms.verification_windows,
        approval_seconds=spec.approval.expiry_seconds or terms.approval_seconds,
        least_gain_percent=terms.least_gain_percent if least is None else least,
    )
