"""What the conditions of a PlacementPlan say, for `kubectl wait` and whoever reads kstatus.

A plan is Ready when it has been carried out; while it goes on it is Reconciling; one that will
never be carried out any more is Stalled. A proposal that waits is neither: it is PlanPending.
"""

from datetime import datetime

import msgspec

from shorthaul.api import conditions
from shorthaul.api.conditions import State
from shorthaul.api.placementplans import PlacementPlan, PlacementPlanStatus, PlanPhase

_GOING_ON = (PlanPhase.APPROVED, PlanPhase.EXECUTING)


def with_conditions(
    plan: PlacementPlan, status: PlacementPlanStatus, now: datetime
) -> PlacementPlanStatus:
    """A new status of a plan, with the conditions that belong to its phase."""
    generation = plan.metadata.generation
    found = conditions.reported(
        plan.status.conditions, _states(status), generation=generation, now=now
    )
    return msgspec.structs.replace(status, observed_generation=generation, conditions=found)


def _states(status: PlacementPlanStatus) -> tuple[State, ...]:
    phase = status.phase or PlanPhase.PROPOSED
    reason, text = status.reason or phase.value, status.message or f"the plan is {phase.value}"
    if phase is PlanPhase.DONE:
        return (conditions.ready(text, reason),)
    if phase is PlanPhase.PROPOSED:
        return (conditions.not_ready(reason, text), conditions.plan_pending(text))
    going_on = conditions.reconciling if phase in _GOING_ON else conditions.stalled
    return (conditions.not_ready(reason, text), going_on(reason, text))
