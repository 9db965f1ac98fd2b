"""How plans come to their end: expiry, approval, execution, completion; the quick half of a cycle.

Pure: a view goes in, commands come out. A plan is carried out only as it was written; when what it
speaks of has changed it is superseded, never adapted. Phases:

    Proposed → Approved → Executing → Done         Proposed → Expired | Superseded
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import timedelta

import msgspec

from shorthaul.api.affinitypolicies import AffinityPolicy, Mode
from shorthaul.api.objects import ObjectMeta
from shorthaul.api.placementplans import (
    PlacementPlan,
    PlannedMove,
    PlanPhase,
    PolicyReference,
    Progress,
)
from shorthaul.api.podmoves import MovedPod, MovePhase, PodMove, PodMoveSpec, workload_of
from shorthaul.api.policies import PolicyRef
from shorthaul.cluster.reasons import Reason
from shorthaul.plan import hints, pacing, promises, revisions, standings, verification
from shorthaul.plan.commands import (
    Command,
    CreateMove,
    Forget,
    SetHint,
    SetMovePhase,
    SetPlanStatus,
)
from shorthaul.plan.pacing import Entry, Stage
from shorthaul.plan.views import (
    ACTIVE_PHASES,
    OPEN_PHASES,
    Terms,
    View,
    ended,
    phase_of,
    ref_of,
)
from shorthaul.units import Namespace, NodeName, PodRef, WorkloadRef

MAKING_SECONDS = 60.0


def steer(view: View, terms: Terms) -> tuple[Command, ...]:
    """What is to be done now for the plans and moves that exist."""
    commands: list[Command] = []
    begun = False
    for plan in view.plans:
        if plan.status.phase in ACTIVE_PHASES:
            commands += _carry_out(plan, view, terms)
        elif plan.status.phase in OPEN_PHASES and not begun:
            found = tuple(_await(plan, view, terms))
            begun = any(_begins(command) for command in found)
            commands += found
    taken_back = {
        command.move.metadata.name for command in commands if isinstance(command, SetMovePhase)
    }
    commands += (
        found for found in _admit(view, terms) if found.move.metadata.name not in taken_back
    )
    commands += _forget(view, terms)
    return tuple(commands)


def waiting(view: View, terms: Terms) -> Mapping[str, Reason]:
    """Why pending moves wait, by the name of their PodMove."""
    return dict(_pace(view, terms).waiting)


def move_name(plan: str, pod: PodRef, uid: str) -> str:
    """The name of the PodMove of one move: always the same, so that making it is repeatable."""
    told = hashlib.sha256(f"{plan}/{pod}/{uid}".encode()).hexdigest()[:10]
    return f"{plan[:200]}-{told}"


def outdated(plan: PlacementPlan, view: View) -> Reason | None:
    """Why a plan no longer speaks of the cluster as it is."""
    for move in plan.spec.moves:
        ref = PodRef(Namespace(move.namespace), move.pod)
        pod = view.snapshot.pods.get(ref)
        if pod is None or pod.uid != move.uid or pod.terminating:
            return Reason("PodsChanged", f"pod {ref} is not the one that was planned for")
        if pod.node != move.source:
            return Reason("PodsChanged", f"pod {ref} is on {pod.node}, planned was {move.source}")
        if NodeName(move.target) not in view.snapshot.nodes:
            return Reason("NodeGone", f"node {move.target} is gone")
    for named in plan.spec.policies:
        policy = view.policy(PolicyRef(Namespace(named.namespace), named.name))
        if policy is None:
            return Reason("PolicyGone", f"policy {named.namespace}/{named.name} is gone")
        if policy.metadata.generation != named.generation:
            return Reason("PolicyChanged", f"policy {ref_of(policy)} was changed since")
    return None


def supersede(plan: PlacementPlan, reason: Reason, view: View) -> SetPlanStatus:
    """A plan that has not begun comes to its end, as another has to take its place."""
    return _phase(plan, PlanPhase.SUPERSEDED, reason, view)


def progress(plan: PlacementPlan, moves: Iterable[PodMove]) -> Progress:
    """How many moves stand where; those without a PodMove yet are pending."""
    phases = [phase_of(move) for move in moves]
    counts = {phase: phases.count(phase) for phase in MovePhase}
    ends = sum(counts[phase] for phase in _ENDS)
    pending = counts[MovePhase.PENDING] + len(plan.spec.moves) - len(phases)
    return Progress(
        moves=len(plan.spec.moves),
        pending=max(0, pending),
        running=len(phases) - ends - counts[MovePhase.PENDING],
        landed=counts[MovePhase.LANDED],
        elsewhere=counts[MovePhase.ELSEWHERE],
        failed=counts[MovePhase.FAILED],
        refused=counts[MovePhase.REFUSED],
    )


_ENDS = (MovePhase.LANDED, MovePhase.ELSEWHERE, MovePhase.FAILED, MovePhase.REFUSED)


def _await(plan: PlacementPlan, view: View, terms: Terms) -> Iterable[Command]:
    change = _unfinished(plan) or outdated(plan, view) or _in_conflict(plan, view)
    if change is None and plan.spec.mode is Mode.AUTO:
        change = revisions.overtaken(plan, view)
    if change is not None:
        yield supersede(plan, change, view)
        return
    if plan.spec.expires_at is not None and view.now >= plan.spec.expires_at:
        text = f"not begun before {plan.spec.expires_at:%Y-%m-%dT%H:%M:%SZ}"
        yield _phase(plan, PlanPhase.EXPIRED, Reason("Expired", text), view)
        return
    approved = plan.spec.approval is not None and plan.spec.approval.digest == plan.spec.digest
    if plan.spec.mode is Mode.AUTO or approved:
        hindrance = view.hindrance or _other_first(plan, view, terms)
        if hindrance is not None:
            yield from _tell(plan, hindrance)
            return
        phase = PlanPhase.APPROVED if approved else PlanPhase.EXECUTING
        yield _phase(plan, phase, Reason("Begun", "its moves start as budgets allow"), view)


def _unfinished(plan: PlacementPlan) -> Reason | None:
    """Why a plan without its first status is not carried out: what it is judged by is missing.

    Whoever made it ended before he had written that, and it cannot be told any more.
    """
    if plan.status.phase is not None:
        return None
    text = "its status was not written when it was made, so that its gain could not be measured"
    return Reason("PlanUnfinished", f"{text}; the plan is made anew")


def _begins(command: Command) -> bool:
    return isinstance(command, SetPlanStatus) and command.status.phase in ACTIVE_PHASES


def _other_first(plan: PlacementPlan, view: View, terms: Terms) -> Reason | None:
    """Plans are carried out one after the other, so that each is credited with its own gain."""
    for other in view.plans:
        name = other.metadata.name
        if name == plan.metadata.name:
            continue
        if other.status.phase in ACTIVE_PHASES:
            return Reason("PlanUnderWay", f"plan {name} is being carried out; this one is next")
        if promises.proving(other, view, terms):
            return Reason("PlanUnproven", f"plan {name} is being verified; this one is next")
    return None


def _in_conflict(plan: PlacementPlan, view: View) -> Reason | None:
    for named in plan.spec.policies:
        found = view.conflict(PolicyRef(Namespace(named.namespace), named.name))
        if found is not None:
            return found
    return None


def _tell(plan: PlacementPlan, reason: Reason) -> Iterable[Command]:
    if (plan.status.reason, plan.status.message) != (reason.code, reason.message[:1024]):
        status = msgspec.structs.replace(
            plan.status, phase=PlanPhase.PROPOSED, reason=reason.code, message=reason.message[:1024]
        )
        yield SetPlanStatus(plan, status)


def _carry_out(plan: PlacementPlan, view: View, terms: Terms) -> Iterable[Command]:
    moves = view.moves_of(plan)
    missing = _missing(plan, moves, view)
    unmade = [] if _late(plan, view) else missing
    unmade = [move for move in unmade if _no_longer(plan, move, view, terms) is None]
    for move in unmade:
        yield CreateMove(move)
    for move in moves:
        refusal = _no_longer(plan, move, view, terms)
        if refusal is not None:
            yield SetMovePhase(move, MovePhase.REFUSED, refusal)
    counted = progress(plan, moves)
    if not unmade and all(ended(move) for move in moves):
        counted = msgspec.structs.replace(
            counted, pending=0, refused=counted.refused + len(missing)
        )
        text = f"{counted.landed} of {counted.moves} moves landed on their target"
        yield from _keep_together(plan, view)
        yield _phase(plan, PlanPhase.DONE, Reason("AllMovesEnded", text), view, counted)
    elif counted != plan.status.progress or plan.status.phase is PlanPhase.APPROVED:
        status = msgspec.structs.replace(plan.status, phase=PlanPhase.EXECUTING, progress=counted)
        yield SetPlanStatus(plan, status)


def _late(plan: PlacementPlan, view: View) -> bool:
    """Whether moves that could not be made so far, by a quota perhaps, are given up.

    Nobody tried while the operator was away, so that time does not count.
    """
    began = plan.status.started_at
    if began is None:
        return False
    tried_since = max(began, view.looking_since or began)
    return (view.now - tried_since).total_seconds() > MAKING_SECONDS


def _missing(plan: PlacementPlan, moves: Iterable[PodMove], view: View) -> list[PodMove]:
    """The moves that have no PodMove yet, or have lost it, with their namespace perhaps."""
    made = {move.metadata.name for move in moves}
    wanted = (_pod_move(plan, planned, view) for planned in plan.spec.moves)
    return [move for move in wanted if move.metadata.name not in made]


def _keep_together(plan: PlacementPlan, view: View) -> Iterable[Command]:
    """Hints that outlive the moves: rollouts stay where the plan has gathered the pods."""
    for named in plan.status.gathered:
        workload = WorkloadRef(Namespace(named.namespace), named.kind, named.name)
        if not view.governance.policies_of(workload):
            continue
        pods = [pod for pod in view.snapshot.pods.values() if pod.workload == workload]
        nodes = {pod.node for pod in pods if pod.active and not pod.terminating and pod.node}
        known = nodes & set(view.distances.groups)
        if known:
            found = hints.terms(known, view.distances, hostnames=view.hostnames)
            yield SetHint(workload, found, plan.metadata.name)


def _no_longer(plan: PlacementPlan, move: PodMove, view: View, terms: Terms) -> Reason | None:
    """Why a move that has not begun will not begin any more."""
    if phase_of(move) is not MovePhase.PENDING:
        return None
    policy = view.policy(PolicyRef(Namespace(move.metadata.namespace), move.spec.policy))
    if policy is None:
        return Reason("PolicyGone", f"policy {move.spec.policy} is gone")
    if all(named.generation != policy.metadata.generation for named in _named(plan, policy)):
        return Reason("PolicyChanged", f"policy {ref_of(policy)} was changed since")
    began = plan.status.started_at
    if began is not None and (view.now - began).total_seconds() > terms.execution_seconds:
        return Reason("PlanTooOld", f"the plan began more than {terms.execution_seconds:.0f} s ago")
    return None


def _named(plan: PlacementPlan, policy: AffinityPolicy) -> list[PolicyReference]:
    ref = ref_of(policy)
    return [n for n in plan.spec.policies if (n.namespace, n.name) == (ref.namespace, ref.name)]


def _pod_move(plan: PlacementPlan, planned: PlannedMove, view: View) -> PodMove:
    ref = PodRef(Namespace(planned.namespace), planned.pod)
    name = move_name(plan.metadata.name, ref, planned.uid)
    return PodMove(
        metadata=ObjectMeta(
            name=name,
            namespace=planned.namespace,
            labels={"shorthaul.dev/plan": plan.metadata.name[:63]},
        ),
        spec=PodMoveSpec(
            plan=plan.metadata.name,
            digest=plan.spec.digest or "",
            policy=_policy_of(plan, planned, view),
            pod=MovedPod(name=planned.pod, uid=planned.uid),
            workload=planned.workload,
            source=planned.source,
            target=planned.target,
            wave=planned.wave,
            gain=planned.gain,
        ),
    )


def _policy_of(plan: PlacementPlan, planned: PlannedMove, view: View) -> str:
    workload = WorkloadRef(
        Namespace(planned.namespace), planned.workload.kind, planned.workload.name
    )
    named = [ref.name for ref in view.governance.policies_of(workload)]
    return named[0] if named else plan.spec.policies[0].name


def _admit(view: View, terms: Terms) -> Iterable[SetMovePhase]:
    found = _pace(view, terms)
    by_name = {move.metadata.name: move for move in view.moves}
    for entry in found.admitted:
        yield SetMovePhase(
            by_name[entry.name], MovePhase.ADMITTED, Reason("Admitted", "within all budgets")
        )


def _pace(view: View, terms: Terms) -> pacing.Pacing:
    active = {plan.metadata.name for plan in view.plans if plan.status.phase is PlanPhase.EXECUTING}
    entries = [_entry(move) for move in view.moves if move.spec.plan in active or not ended(move)]
    return pacing.admit(
        [entry for entry in entries if entry.plan in active or entry.stage is Stage.RUNNING],
        standings.spent(view),
        {ref_of(policy): standings.allowance(policy, view) for policy in view.policies},
        cluster_concurrent=terms.cluster_concurrent,
        now_seconds=view.seconds,
    )


def _entry(move: PodMove) -> Entry:
    namespace = Namespace(move.metadata.namespace)
    stage = Stage.PENDING if phase_of(move) is MovePhase.PENDING else Stage.RUNNING
    return Entry(
        name=move.metadata.name,
        plan=move.spec.plan,
        policy=PolicyRef(namespace, move.spec.policy),
        workload=workload_of(move),
        wave=move.spec.wave,
        gain=move.spec.gain.value,
        stage=Stage.ENDED if ended(move) else stage,
    )


def _phase(
    plan: PlacementPlan,
    phase: PlanPhase,
    reason: Reason,
    view: View,
    counted: Progress | None = None,
) -> SetPlanStatus:
    begins = phase in ACTIVE_PHASES and plan.status.started_at is None
    ends = phase not in OPEN_PHASES
    return SetPlanStatus(
        plan,
        msgspec.structs.replace(
            plan.status,
            observed_generation=plan.metadata.generation,
            phase=phase,
            reason=reason.code,
            message=reason.message[:1024],
            started_at=view.now if begins else plan.status.started_at,
            finished_at=view.now if ends else plan.status.finished_at,
            progress=counted or plan.status.progress or progress(plan, view.moves_of(plan)),
        ),
    )


def _forget(view: View, terms: Terms) -> Iterable[Command]:
    kept = timedelta(seconds=terms.history_seconds)
    for move in view.moves:
        if ended(move) and move.status.finished_at and view.now - move.status.finished_at > kept:
            yield Forget(move)
    remembered = _remembered(view)
    for plan in view.plans:
        at = plan.status.finished_at
        if plan.metadata.name in remembered:
            continue
        if plan.status.phase not in OPEN_PHASES and at is not None and view.now - at > kept:
            yield Forget(plan)


def _remembered(view: View) -> set[str]:
    """The last verified plans of each policy, which its verdict on itself rests on."""
    found: set[str] = set()
    for policy in view.policies:
        known = promises.verdicts(view.plans, ref_of(policy), policy.metadata.generation)
        found |= {plan.metadata.name for plan in known[-verification.HISTORY :]}
    return found
