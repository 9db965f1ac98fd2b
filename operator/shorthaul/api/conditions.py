"""Conditions as kstatus and kubectl read them: Ready always, Reconciling and Stalled while true.

Pure: the moment of a transition is passed in, and kept while the status of a condition stays. A
policy that waits for approval is Ready; what it waits for is a condition of its own, else
`helm --wait` would hang.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shorthaul.api.objects import Condition, Truth

READY = "Ready"
RECONCILING = "Reconciling"
STALLED = "Stalled"
CONFLICT = "Conflict"
PLAN_PENDING = "PlanPending"
PAUSED = "Paused"
LATENCIES_MEASURED = "LatenciesMeasured"


@dataclass(frozen=True, slots=True)
class State:
    """What is true now; `holds` None means that it cannot be known."""

    type: str
    holds: bool | None
    reason: str
    message: str = ""


def ready(message: str = "", reason: str = "AsAsked") -> State:
    """All is as the spec asks."""
    return State(READY, True, reason, message)


def not_ready(reason: str, message: str) -> State:
    """The spec is not fulfilled yet, or cannot be."""
    return State(READY, False, reason, message)


def reconciling(reason: str, message: str) -> State:
    """Work towards the spec goes on."""
    return State(RECONCILING, True, reason, message)


def stalled(reason: str, message: str) -> State:
    """Nothing will change until somebody does something."""
    return State(STALLED, True, reason, message)


def paused(reason: str, message: str) -> State:
    """Moves are held back, by the user or by the operator itself."""
    return State(PAUSED, True, reason, message)


def resumed(message: str) -> State:
    """The operator's own pause was lifted; the transition says when."""
    return State(PAUSED, False, "Resumed", message)


def conflict(message: str) -> State:
    """Another policy is for the same workload, so neither acts."""
    return State(CONFLICT, True, "SameWorkload", message)


def plan_pending(message: str) -> State:
    """A plan waits for approval."""
    return State(PLAN_PENDING, True, "AwaitsApproval", message)


def latencies_measured(holds: bool, reason: str, message: str) -> State:
    """Whether plans are made with measured latencies."""
    return State(LATENCIES_MEASURED, holds, reason, message)


def reported(
    earlier: Iterable[Condition], states: Iterable[State], *, generation: int, now: datetime
) -> tuple[Condition, ...]:
    """The conditions for states, sorted by type; those that no state speaks of are gone."""
    known = {condition.type: condition for condition in earlier}
    return tuple(
        _condition(known.get(state.type), state, generation, now)
        for state in sorted(states, key=lambda state: state.type)
    )


def holds(conditions: Iterable[Condition], kind: str) -> bool:
    """Whether a condition is there and true."""
    return any(each.type == kind and each.status is Truth.TRUE for each in conditions)


def _condition(
    earlier: Condition | None, state: State, generation: int, now: datetime
) -> Condition:
    status = _truth(state.holds)
    changed = earlier is None or earlier.status is not status
    return Condition(
        type=state.type,
        status=status,
        reason=state.reason,
        message=state.message[:1024],
        last_transition_time=now if changed or earlier is None else earlier.last_transition_time,
        observed_generation=generation,
    )


def _truth(value: bool | None) -> Truth:
    if value is None:
        return Truth.UNKNOWN
    return Truth.TRUE if value else Truth.FALSE
