"""Conditions as kstatus reads them."""

from datetime import UTC, datetime, timedelta

from shorthaul.api import conditions
from shorthaul.api.objects import Truth

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)


def test_a_condition_keeps_its_transition_time_while_its_status_stays():
    first = conditions.reported((), [conditions.not_ready("A", "one")], generation=1, now=NOON)
    second = conditions.reported(first, [conditions.not_ready("B", "two")], generation=2, now=LATER)

    (seen,) = second
    assert (seen.reason, seen.message, seen.observed_generation) == ("B", "two", 2)
    assert seen.last_transition_time == NOON


def test_a_condition_that_turns_gets_the_present_moment():
    first = conditions.reported((), [conditions.not_ready("A", "one")], generation=1, now=NOON)
    second = conditions.reported(first, [conditions.ready()], generation=1, now=LATER)

    assert second[0].status is Truth.TRUE
    assert second[0].last_transition_time == LATER


def test_reconciling_and_stalled_are_there_only_while_they_are_true():
    busy = conditions.reported(
        (),
        [conditions.ready(), conditions.reconciling("Solving", "plan in the making")],
        generation=1,
        now=NOON,
    )
    calm = conditions.reported(busy, [conditions.ready()], generation=1, now=LATER)

    assert [each.type for each in busy] == ["Ready", "Reconciling"]
    assert [each.type for each in calm] == ["Ready"]


def test_what_cannot_be_known_is_unknown_and_does_not_hold():
    unknown = conditions.State(conditions.READY, None, "Starting")
    told = conditions.reported((), [unknown], generation=1, now=NOON)

    assert told[0].status is Truth.UNKNOWN
    assert not conditions.holds(told, conditions.READY)


def test_a_plan_that_waits_for_approval_leaves_its_policy_ready():
    states = [conditions.ready(), conditions.plan_pending("plan p-1 waits")]
    told = conditions.reported((), states, generation=1, now=NOON)

    assert conditions.holds(told, conditions.READY)
    assert conditions.holds(told, conditions.PLAN_PENDING)


def test_a_message_never_exceeds_what_the_schema_allows():
    told = conditions.reported(
        (), [conditions.stalled("NoEvictRight", "x" * 5000)], generation=1, now=NOON
    )

    assert len(told[0].message) == 1024
