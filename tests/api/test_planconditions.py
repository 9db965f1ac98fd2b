"""A plan can be waited for, and its end is told from its standstill."""

from datetime import UTC, datetime, timedelta

import pytest

from shorthaul.api.objects import ObjectMeta
from shorthaul.api.placementplans import PlacementPlan, PlacementPlanStatus, PlanPhase
from shorthaul.api.planconditions import with_conditions

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def told(phase, earlier=()):
    status = PlacementPlanStatus(phase=phase, conditions=earlier, message="so it is")
    plan = PlacementPlan(
        metadata=ObjectMeta(name="plan-1", generation=2),
        spec=None,
        status=status,
    )
    return with_conditions(plan, status, NOW + timedelta(hours=bool(earlier)))


def holding(status):
    return {each.type: each.status.value for each in status.conditions}


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (PlanPhase.PROPOSED, {"PlanPending": "True", "Ready": "False"}),
        (PlanPhase.APPROVED, {"Ready": "False", "Reconciling": "True"}),
        (PlanPhase.EXECUTING, {"Ready": "False", "Reconciling": "True"}),
        (PlanPhase.DONE, {"Ready": "True"}),
        (PlanPhase.EXPIRED, {"Ready": "False", "Stalled": "True"}),
        (PlanPhase.SUPERSEDED, {"Ready": "False", "Stalled": "True"}),
    ],
)
def test_each_phase_has_its_conditions(phase, expected):
    status = told(phase)

    assert holding(status) == expected
    assert status.observed_generation == 2
    assert {each.message for each in status.conditions} <= {"so it is"}


def test_a_condition_keeps_the_moment_of_its_last_change():
    first = told(PlanPhase.APPROVED)
    later = told(PlanPhase.EXECUTING, first.conditions)

    assert {each.last_transition_time for each in later.conditions} == {NOW}
