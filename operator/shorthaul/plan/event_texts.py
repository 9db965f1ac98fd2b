"""What people are told as Events: one text is one function here, and nothing else tells anything.

Pure: commands and the view go in, `Tell` commands come out. Only what has changed is told, and the
texts have no clock in them, so that the same thing is told once however often it is decided: who
writes the events leaves out what it has told lately. Ends of moves are told from their PodMoves for
a short while, because the executor, which decides nothing, brings them about.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from shorthaul.api import conditions
from shorthaul.api.affinitypolicies import AffinityPolicy, Mode
from shorthaul.api.objects import API_VERSION, Truth
from shorthaul.api.placementplans import (
    PlacementPlan,
    PlacementPlanStatus,
    PlanPhase,
    PlanVerification,
)
from shorthaul.api.podmoves import MovePhase, PodMove
from shorthaul.api.policies import PolicyRef
from shorthaul.api.policystatuses import AffinityPolicyStatus
from shorthaul.cluster.reasons import Reason
from shorthaul.plan import verification
from shorthaul.plan.commands import (
    Command,
    CreatePlan,
    SetPlanStatus,
    SetPolicyStatus,
    Subject,
    Tell,
)
from shorthaul.plan.views import View, phase_of
from shorthaul.solve.pricings import UNITS
from shorthaul.units import Namespace, Objective, WorkloadRef

TOLD_FOR = timedelta(seconds=60)
WORKLOAD_VERSIONS = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "ReplicationController": "v1",
}


def announce(commands: Iterable[Command], view: View) -> tuple[Tell, ...]:
    """What is to be told of commands, on the policies that they concern."""
    return tuple(told for command in commands for told in _announce(command, view))


def ends_of_moves(view: View) -> tuple[Tell, ...]:
    """What is to be told of moves that ended a short while ago, on the workloads of their pods."""
    found = []
    for move in view.moves:
        ended = move.status.finished_at
        reason = move_ended(move)
        if reason is not None and ended is not None and view.now - ended <= TOLD_FOR:
            warning = phase_of(move) is MovePhase.FAILED
            found.append(Tell(_workload(move, view), reason, warning))
    return tuple(found)


def plan_proposed(plan: PlacementPlan) -> Reason:
    """A plan has been made."""
    spec = plan.spec
    share = 1 - spec.objective.after / spec.objective.before if spec.objective.before else 0.0
    text = f"plan {plan.metadata.name} would save {share:.0%} of {spec.objective.before:.6g} "
    text += f"{spec.objective.unit} with {len(spec.moves)} {_moves(len(spec.moves))}; "
    if spec.mode is Mode.AUTO:
        return Reason("PlanProposed", text + "it begins as budgets allow")
    until = f" until {spec.expires_at:%Y-%m-%dT%H:%M:%SZ}" if spec.expires_at else ""
    return Reason("PlanProposed", f"{text}it waits for approval{until}")


def plan_ended(plan: PlacementPlan, status: PlacementPlanStatus) -> Reason:
    """A plan has come to its end, or will never begin."""
    name = plan.metadata.name
    return Reason(f"Plan{status.phase}", f"plan {name} is {status.phase}: {status.message}")


def plan_verified(plan: PlacementPlan, status: PlacementPlanStatus) -> Reason | None:
    """A plan has been held against its promise."""
    found = status.verification
    if found is None:
        return None
    return Reason(
        "PlanVerified" if found.ratio >= verification.LEAST_RATIO else "PlanBrokePromise",
        f"plan {plan.metadata.name} promised {found.promised:.6g} {found.unit}, measured are "
        f"{found.measured:.6g} ({found.ratio:.0%}) over {found.windows} windows"
        + _milliseconds(found),
    )


def _milliseconds(found: PlanVerification) -> str:
    """What a request took before and after, where that is what was measured."""
    if found.unit != UNITS[Objective.LATENCY]:
        return ""
    if found.mean_before is None or found.mean_after is None:
        return ""
    return f"; a request took {found.mean_before:.3g} ms before and {found.mean_after:.3g} ms after"


def policy_paused(policy: AffinityPolicy, status: AffinityPolicyStatus) -> Reason | None:
    """A policy was paused, by its owner or by the operator."""
    if conditions.holds(policy.status.conditions, conditions.PAUSED):
        return None
    for condition in status.conditions:
        if condition.type == conditions.PAUSED and condition.status is Truth.TRUE:
            return Reason(condition.reason, condition.message)
    return None


def move_ended(move: PodMove) -> Reason | None:
    """A pod was moved, or was evicted and did not arrive; None when nothing was evicted."""
    spec, pod = move.spec, f"pod {move.metadata.namespace}/{move.spec.pod.name}"
    came = move.status.replacement
    where = f"{came.name} on {came.node}" if came else "nothing"
    match phase_of(move):
        case MovePhase.LANDED:
            text = f"{pod} was moved from {spec.source} to {spec.target}; now it is {where}"
            return Reason("MoveLanded", f"{text} (plan {spec.plan})")
        case MovePhase.ELSEWHERE:
            text = f"{pod} was moved from {spec.source}, meant for {spec.target}; now it is {where}"
            return Reason("MoveElsewhere", f"{text} (plan {spec.plan})")
        case MovePhase.FAILED:
            text = f"{pod} was evicted from {spec.source} for {spec.target}: {move.status.message}"
            return Reason("MoveFailed", f"{text} (plan {spec.plan})")
    return None


def _moves(count: int) -> str:
    return "move" if count == 1 else "moves"


def _announce(command: Command, view: View) -> Sequence[Tell]:
    match command:
        case CreatePlan(plan=plan):
            return _on_policies(plan, plan_proposed(plan), view)
        case SetPlanStatus(plan=plan, status=status):
            return _of_plan(plan, status, view)
        case SetPolicyStatus(policy=policy, status=status):
            reason = policy_paused(policy, status)
            own = status.paused is not None
            return [Tell(_policy(policy), reason, warning=own)] if reason else ()
    return ()


def _of_plan(plan: PlacementPlan, status: PlacementPlanStatus, view: View) -> list[Tell]:
    found: list[Tell] = []
    ends = (PlanPhase.DONE, PlanPhase.EXPIRED, PlanPhase.SUPERSEDED, PlanPhase.REFUSED)
    if status.phase in ends and plan.status.phase not in ends:
        found += _on_policies(plan, plan_ended(plan, status), view)
    verdict = plan_verified(plan, status)
    if verdict is not None and plan.status.verification is None:
        broken = verdict.code == "PlanBrokePromise"
        found += _on_policies(plan, verdict, view, warning=broken)
    return found


def _on_policies(
    plan: PlacementPlan, reason: Reason, view: View, *, warning: bool = False
) -> list[Tell]:
    refs = [PolicyRef(Namespace(named.namespace), named.name) for named in plan.spec.policies]
    known = [policy for policy in map(view.policy, refs) if policy is not None]
    return [Tell(_policy(policy), reason, warning) for policy in known]


def _policy(policy: AffinityPolicy) -> Subject:
    about = policy.metadata
    return Subject(API_VERSION, "AffinityPolicy", about.namespace, about.name, about.uid)


def _workload(move: PodMove, view: View) -> Subject:
    """The workload of a moved pod, or the PodMove itself for kinds that we do not know."""
    about, named = move.metadata, move.spec.workload
    version = WORKLOAD_VERSIONS.get(named.kind)
    if version is None:
        return Subject(API_VERSION, "PodMove", about.namespace, about.name, about.uid)
    ref = WorkloadRef(Namespace(about.namespace), named.kind, named.name)
    known = view.snapshot.workloads.get(ref)
    return Subject(version, named.kind, ref.namespace, ref.name, known.uid if known else "")
