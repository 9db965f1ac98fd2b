"""How a policy stands: may it act, what has it spent, what does it allow; from its own object.

Budgets are read from two places, the policy's status and its PodMoves, so that neither a restart
nor the deletion of one of them gives spent moves back.
"""

from collections.abc import Iterable

from shorthaul.api import windows
from shorthaul.api.affinitypolicies import AffinityPolicy, Mode
from shorthaul.api.podmoves import PodMove
from shorthaul.api.policies import PolicyRef
from shorthaul.cluster.reasons import Reason
from shorthaul.plan.pacing import Allowance, Start
from shorthaul.plan.views import View, ref_of
from shorthaul.units import Namespace, WorkloadRef

RESUME = "shorthaul.dev/resume"


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


def starts(view: View) -> tuple[Start, ...]:
    """All starts of moves that any policy still remembers, without doubles."""
    found = {start for policy in view.policies for start in _remembered(policy)}
    found |= {start for move in view.moves for start in _started(move)}
    return tuple(sorted(found, key=lambda start: (start.seconds, start.workload, start.policy)))


def starts_of(policy: AffinityPolicy, moves: Iterable[PodMove]) -> tuple[Start, ...]:
    """The starts that one policy has to answer for."""
    ref = ref_of(policy)
    found = set(_remembered(policy))
    found |= {start for move in moves for start in _started(move) if start.policy == ref}
    return tuple(sorted(found, key=lambda start: (start.seconds, start.workload)))


def _observes(policy: AffinityPolicy) -> Reason | None:
    if policy.spec.mode is not Mode.OBSERVE:
        return None
    return Reason("ModeObserve", f"policy {ref_of(policy)} is in mode Observe")


def _remembered(policy: AffinityPolicy) -> Iterable[Start]:
    budgets = policy.status.budgets
    if budgets is None:
        return
    ref = ref_of(policy)
    for kept in (*budgets.moves, *budgets.last_moves):
        workload = WorkloadRef(ref.namespace, kept.kind, kept.name)
        yield Start(ref, workload, float(int(kept.time.timestamp())))


def _started(move: PodMove) -> Iterable[Start]:
    if move.status.started_at is None:
        return
    namespace = Namespace(move.metadata.namespace)
    workload = WorkloadRef(namespace, move.spec.workload.kind, move.spec.workload.name)
    seconds = float(int(move.status.started_at.timestamp()))
    yield Start(PolicyRef(namespace, move.spec.policy), workload, seconds)
