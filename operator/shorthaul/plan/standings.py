"""How a policy stands: may it act, what has it spent, what does it allow; from its own object.

Budgets are read from two places, the policy's status and its PodMoves, so that neither a restart
nor the deletion of one of them gives spent moves back. What the hourly budget counts are evictions,
at the time of the eviction: a move that is under way holds its place from its start on, and one
that was refused has evicted nothing and gives it back. Its workload cools down all the same, so
that what is refused is not tried again and again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from shorthaul.api import windows
from shorthaul.api.affinitypolicies import AffinityPolicy, Mode
from shorthaul.api.podmoves import MovePhase, PodMove, workload_of
from shorthaul.api.policies import PolicyRef
from shorthaul.api.policystatuses import StartedMove
from shorthaul.cluster.reasons import Reason
from shorthaul.plan import pacing
from shorthaul.plan.pacing import Allowance, Start
from shorthaul.plan.views import View, phase_of, ref_of
from shorthaul.units import Namespace, WorkloadRef

RESUME = "shorthaul.dev/resume"
COOLING = "CoolingDown"
MOST_MISSES = 2


def paused(policy: AffinityPolicy) -> Reason | None:
    """Why a policy is paused, by its owner or by the operator itself."""
    if policy.spec.pause:
        return Reason("PausedByOwner", f"policy {ref_of(policy)} has spec.pause true")
    held = policy.status.paused
    if held is None or held.generation != policy.metadata.generation:
        return None
    if RESUME in policy.metadata.annotations:
        return None
    return Reason(held.reason, held.message)


def allowance(policy: AffinityPolicy, view: View) -> Allowance:
    """What a policy allows at this moment."""
    spec = policy.spec.disruption
    return Allowance(
        concurrent=spec.concurrent,
        per_hour=spec.moves_per_hour,
        cool_down_seconds=spec.cool_down_seconds,
        closed=view.hindrance
        or view.rights.get(Namespace(policy.metadata.namespace))
        or view.conflict(ref_of(policy))
        or _observes(policy)
        or paused(policy)
        or windows.closed(spec.windows, view.now),
    )


def starts_of(policy: AffinityPolicy, moves: Iterable[PodMove]) -> tuple[Start, ...]:
    """The starts after which workloads of one policy cool down."""
    ref = ref_of(policy)
    found = set(_remembered(policy))
    found |= {start for move in moves for start in _started(move) if start.policy == ref}
    return tuple(sorted(found, key=lambda start: (start.seconds, start.workload)))


def spent(view: View) -> tuple[Start, ...]:
    """The starts that the hourly budgets of all policies have to answer for."""
    found = {start for policy in view.policies for start in spent_of(policy, view.moves)}
    return tuple(sorted(found, key=lambda start: (start.seconds, start.workload, start.policy)))


def spent_of(policy: AffinityPolicy, moves: Iterable[PodMove]) -> tuple[Start, ...]:
    """The evictions that one policy's hourly budget has to answer for, and those that may come."""
    ref, known, spent = ref_of(policy), set[Start](), set[Start]()
    for move in moves:
        times = (*_started(move), *_evicted(move))
        known.update(times)
        if phase_of(move) is not MovePhase.REFUSED:
            spent.update(times[-1:])
    kept = policy.status.budgets.moves if policy.status.budgets is not None else ()
    found = {_kept(ref, start) for start in kept} - known
    found |= {start for start in spent if start.policy == ref}
    return tuple(sorted(found, key=lambda start: (start.seconds, start.workload)))


def resting(policy: AffinityPolicy, view: View) -> Mapping[WorkloadRef, Reason]:
    """The workloads of a policy that may not be moved for now, and why."""
    seconds = policy.spec.disruption.cool_down_seconds
    known = starts_of(policy, view.moves)
    cooling = pacing.cooling(known, ref_of(policy), seconds, view.seconds)
    found = {
        workload: Reason(COOLING, f"{workload} was moved less than {seconds} s ago")
        for workload in cooling
    }
    return {**found, **_missed(ref_of(policy), view.moves)}


def _missed(ref: PolicyRef, moves: Iterable[PodMove]) -> Mapping[WorkloadRef, Reason]:
    """The workloads whose last moves did not land where they should, while these are kept."""
    misses: Counter[WorkloadRef] = Counter()
    ended = [move for move in moves if move.status.finished_at and move.spec.policy == ref.name]
    for move in sorted(ended, key=lambda move: str(move.status.finished_at)):
        if move.metadata.namespace != ref.namespace:
            continue
        workload = workload_of(move)
        if phase_of(move) in (MovePhase.ELSEWHERE, MovePhase.FAILED):
            misses[workload] += 1
        elif phase_of(move) is MovePhase.LANDED:
            misses[workload] = 0
    return {
        workload: Reason(
            "MovesMissed",
            f"the last {count} moves of {workload} did not land on their target, {MOST_MISSES} are "
            "tried; it is left alone until they are forgotten",
        )
        for workload, count in misses.items()
        if count >= MOST_MISSES
    }


def _observes(policy: AffinityPolicy) -> Reason | None:
    if policy.spec.mode is not Mode.OBSERVE:
        return None
    return Reason("ModeObserve", f"policy {ref_of(policy)} is in mode Observe")


def _remembered(policy: AffinityPolicy) -> Iterable[Start]:
    budgets = policy.status.budgets
    if budgets is None:
        return
    for kept in (*budgets.moves, *budgets.last_moves):
        yield _kept(ref_of(policy), kept)


def _kept(ref: PolicyRef, kept: StartedMove) -> Start:
    workload = WorkloadRef(ref.namespace, kept.kind, kept.name)
    return Start(ref, workload, float(int(kept.time.timestamp())))


def _started(move: PodMove) -> Iterable[Start]:
    if move.status.started_at is not None:
        yield _start(move, move.status.started_at)


def _evicted(move: PodMove) -> Iterable[Start]:
    for each in move.status.transitions:
        if each.phase is MovePhase.EVICTED:
            yield _start(move, each.time)


def _start(move: PodMove, time: datetime) -> Start:
    policy = PolicyRef(Namespace(move.metadata.namespace), move.spec.policy)
    return Start(policy, workload_of(move), float(int(time.timestamp())))
