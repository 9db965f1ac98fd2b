"""A policy whose moves do not pay pauses itself, until its spec changes or somebody resumes it."""

from datetime import timedelta

import msgspec
import pytest

from plan.test_lifecycles import NOW, plan, policy, view
from shorthaul.api.affinitypolicies import ApprovalTerms, Damping, Worth
from shorthaul.api.objects import ObjectMeta, Truth
from shorthaul.api.placementplans import PlacementPlanStatus, PlanPhase, PlanVerification, Progress
from shorthaul.api.policystatuses import (
    AffinityPolicyStatus,
    Budgets,
    Current,
    InForce,
    RefusalCount,
    StartedMove,
)
from shorthaul.cluster.reasons import Reason
from shorthaul.plan import accounts, standings
from shorthaul.plan.accounts import Finding
from shorthaul.plan.views import Terms

BROKEN, KEPT = 0.1, 0.9
TERMS = Terms(
    window_seconds=30,
    half_life_windows=7,
    persistence_windows=4,
    verification_windows=2,
    least_gain_percent=6,
    approval_seconds=120,
)


def judged(*ratios, after=0, generation=3):
    """Plans that were verified, one a minute."""
    return [_judged(ratio, after + minute, generation) for minute, ratio in enumerate(ratios)]


def _judged(ratio, minute, generation):
    status = PlacementPlanStatus(
        phase=PlanPhase.DONE,
        finished_at=NOW + timedelta(minutes=minute),
        progress=Progress(moves=1, landed=1),
        verification=PlanVerification(
            promised=50, measured=50 * ratio, ratio=ratio, unit="u", windows=3
        ),
    )
    made = plan(("cart-1", 0), status=status)
    (named,) = made.spec.policies
    named = msgspec.structs.replace(named, generation=generation)
    return msgspec.structs.replace(
        made,
        metadata=ObjectMeta(name=f"plan-{minute:03}", generation=1),
        spec=msgspec.structs.replace(made.spec, policies=(named,)),
    )


def told(of, plans, minute):
    """The policy with its status of a minute."""
    seen = view(plans, policies=(of,), now=NOW + timedelta(minutes=minute))
    return msgspec.structs.replace(of, status=accounts.account(of, seen, TERMS, Finding()))


def annotated(of, *, generation=None, **annotations):
    metadata = msgspec.structs.replace(
        of.metadata,
        generation=generation or of.metadata.generation,
        annotations={f"shorthaul.dev/{name}": "true" for name in annotations},
    )
    return msgspec.structs.replace(of, metadata=metadata)


def condition(of):
    found = [each for each in of.status.conditions if each.type == "Paused"]
    return [(each.status, each.reason, each.last_transition_time) for each in found]


def closed(of, plans, minute):
    """Why a policy lets nothing start, if so."""
    seen = view(plans, policies=(of,), now=NOW + timedelta(minutes=minute))
    reason = standings.allowance(of, seen).closed
    return None if reason is None else reason.code


BREAKERS = judged(BROKEN, KEPT, BROKEN, BROKEN)


def paused_policy():
    return told(policy(), BREAKERS, 10)


def test_two_broken_promises_pause_nothing():
    found = told(policy(), judged(BROKEN, KEPT, BROKEN), 10)

    assert found.status.paused is None
    assert condition(found) == []
    assert found.status.verification.failures == 2
    assert closed(found, [], 11) is None


def test_the_third_broken_promise_of_five_pauses_the_policy_with_the_reason():
    found = paused_policy()

    at = NOW + timedelta(minutes=10)
    held = found.status.paused
    assert (held.by, held.reason, held.generation, held.since) == (
        "operator",
        "MovesDoNotPay",
        3,
        at,
    )
    assert "3 of the last 4 plans" in held.message
    assert condition(found) == [(Truth.TRUE, "MovesDoNotPay", at)]


def test_a_policy_that_paused_itself_lets_nothing_start():
    assert closed(policy(), BREAKERS, 11) is None
    assert closed(paused_policy(), BREAKERS, 11) == "MovesDoNotPay"


def test_the_pause_outlives_the_plans_and_keeps_its_beginning():
    before = paused_policy()

    after = told(before, [], 2000)

    assert after.status.paused == before.status.paused
    assert condition(after) == condition(before)
    assert after.status.verification == before.status.verification
    assert closed(after, [], 2001) == "MovesDoNotPay"


def test_a_new_generation_of_the_spec_ends_the_pause_and_forgets_the_verdicts():
    changed = annotated(paused_policy(), generation=4)

    assert closed(changed, BREAKERS, 11) is None
    after = told(changed, BREAKERS, 11)
    assert after.status.paused is None
    assert after.status.verification is None
    assert condition(after) == []


def test_only_broken_promises_of_this_generation_count():
    changed = annotated(paused_policy(), generation=4)
    fresh = judged(BROKEN, BROKEN, after=20, generation=4)

    two = told(changed, BREAKERS + fresh, 30)
    three = told(two, BREAKERS + fresh + judged(BROKEN, after=40, generation=4), 50)

    assert two.status.paused is None
    assert two.status.verification.failures == 2
    assert three.status.paused.generation == 4


def test_the_annotation_lifts_the_pause_at_once():
    resumed = annotated(paused_policy(), resume=True)

    assert closed(resumed, BREAKERS, 11) is None
    after = told(resumed, BREAKERS, 11)
    assert after.status.paused is None
    assert after.status.verification.failures == 0
    assert condition(after) == [(Truth.FALSE, "Resumed", NOW + timedelta(minutes=11))]


@pytest.mark.parametrize("plans", [BREAKERS, BREAKERS[-1:], []], ids=["all", "one", "none"])
def test_a_pause_that_was_lifted_stays_so_when_the_annotation_is_taken_off(plans):
    resumed = told(annotated(paused_policy(), resume=True), plans, 11)
    later = told(resumed, plans, 12)

    bare = told(annotated(later), plans, 13)

    assert bare.status.paused is None
    assert bare.status.verification.ratios == ()
    assert condition(bare) == [(Truth.FALSE, "Resumed", NOW + timedelta(minutes=11))]
    assert told(bare, [], 2000).status.paused is None


def test_promises_that_are_broken_after_the_pause_was_lifted_pause_again():
    resumed = told(annotated(paused_policy(), resume=True), BREAKERS, 11)
    anew = BREAKERS + judged(BROKEN, BROKEN, after=20)

    two = told(annotated(resumed), anew, 30)
    three = told(two, anew + judged(BROKEN, after=40), 50)

    assert two.status.paused is None
    assert two.status.verification.ratios == (BROKEN, BROKEN)
    assert three.status.paused.since == NOW + timedelta(minutes=50)
    assert condition(three) == [(Truth.TRUE, "MovesDoNotPay", NOW + timedelta(minutes=50))]


def test_while_the_annotation_is_there_nothing_pauses_and_nothing_is_forgiven():
    guarded = told(annotated(policy(), resume=True), BREAKERS, 10)

    assert guarded.status.paused is None
    assert condition(guarded) == []
    assert told(annotated(guarded), BREAKERS, 11).status.paused is not None


def test_the_owners_pause_is_told_as_his():
    spec = msgspec.structs.replace(policy().spec, pause=True)

    found = told(msgspec.structs.replace(policy(), spec=spec), BREAKERS, 10)

    ((status, reason, _),) = condition(found)
    assert (status, reason) == (Truth.TRUE, "PausedByOwner")


RACKS = Reason("ContradictoryTopology", "racks cross zones")


def stalled(of, minute):
    """The policy with its status of a minute in which nothing can be decided."""
    status = accounts.stall(of, TERMS, RACKS, NOW + timedelta(minutes=minute))
    return msgspec.structs.replace(of, status=status)


def test_a_stalled_policy_speaks_of_its_present_spec():
    found = stalled(annotated(told(policy(), [], 10), generation=4), 11).status

    assert found.observed_generation == 4
    assert {each.observed_generation for each in found.conditions} == {4}
    assert [(each.type, each.status, each.reason) for each in found.conditions] == [
        ("Ready", Truth.FALSE, "ContradictoryTopology"),
        ("Stalled", Truth.TRUE, "ContradictoryTopology"),
    ]


def test_a_policy_that_stays_stalled_has_nothing_new_to_tell():
    once = stalled(policy(), 10)

    assert stalled(once, 11).status == once.status


def test_a_stalled_policy_keeps_its_own_pause_and_its_verdicts():
    before = paused_policy()

    after = told(stalled(before, 11), [], 12)

    assert after.status.paused == before.status.paused
    assert after.status.verification == before.status.verification


@pytest.mark.parametrize("stalls", [1, 2])
def test_a_pause_that_was_lifted_stays_so_after_a_stall(stalls):
    found = annotated(told(annotated(paused_policy(), resume=True), BREAKERS, 11))

    for minute in range(12, 12 + stalls):
        found = stalled(found, minute)
    after = told(found, BREAKERS, 20)

    assert after.status.paused is None
    assert condition(after) == [(Truth.FALSE, "Resumed", NOW + timedelta(minutes=11))]


def test_the_annotation_lifts_the_pause_during_a_stall_too():
    resumed = stalled(annotated(paused_policy(), resume=True), 11)

    after = told(annotated(resumed), BREAKERS, 20)

    for found in (resumed, after):
        assert found.status.paused is None
        assert found.status.verification.failures == 0
        assert condition(found) == [(Truth.FALSE, "Resumed", NOW + timedelta(minutes=11))]


def test_a_stall_tells_the_pauses_of_the_operator_and_of_the_owner_beside():
    spec = msgspec.structs.replace(policy().spec, pause=True)
    owners = msgspec.structs.replace(policy(), spec=spec)

    own, his = stalled(paused_policy(), 11), stalled(owners, 11)

    assert condition(own) == condition(paused_policy())
    assert [each[:2] for each in condition(his)] == [(Truth.TRUE, "PausedByOwner")]


def test_verdicts_on_an_earlier_spec_are_not_kept_by_a_stall():
    changed = stalled(annotated(paused_policy(), generation=4), 11)

    assert changed.status.paused is None
    assert changed.status.verification is None
    assert told(changed, BREAKERS, 12).status.verification is None


@pytest.mark.parametrize(("generation", "kept"), [(3, True), (4, False)])
def test_a_stall_keeps_what_was_counted_for_the_present_spec_only(generation, kept):
    start = StartedMove(kind="Deployment", name="web", time=NOW)
    counts = {
        "workloads": 2,
        "pods": 6,
        "current": Current(
            unit="bytes/s", cost=7.0, host=1.0, rack=0.0, zone=0.0, region=0.0, beyond=0.0
        ),
        "moves_proposed": 5,
        "waiting": (RefusalCount(reason="CoolingDown", count=1, example="shop/web"),),
    }
    lasting = {"plan": "bytes-1", "budgets": Budgets(moves=(start,))}
    known = told(policy(), [], 10)
    status = msgspec.structs.replace(known.status, **counts, **lasting)
    before = msgspec.structs.replace(known, status=status)

    after = stalled(annotated(before, generation=generation), 11).status

    assert {name: getattr(after, name) for name in lasting} == lasting
    expected = counts if kept else {name: getattr(AffinityPolicyStatus(), name) for name in counts}
    assert {name: getattr(after, name) for name in counts} == expected


def test_the_terms_in_force_are_those_of_the_present_spec_while_stalled():
    known = told(policy(), [], 10)
    spec = msgspec.structs.replace(known.spec, approval=ApprovalTerms(expiry_seconds=45))
    changed = annotated(msgspec.structs.replace(known, spec=spec), generation=4)

    assert stalled(changed, 11).status.in_force.approval_seconds == 45


def in_force(**asked):
    known = policy()
    spec = msgspec.structs.replace(known.spec, **asked)
    return told(msgspec.structs.replace(known, spec=spec), [], 0).status.in_force


def test_the_terms_of_the_operator_are_in_force_where_the_policy_asks_for_none():
    assert in_force() == InForce(
        window_seconds=30,
        half_life_windows=7,
        persistence_windows=4,
        verification_windows=2,
        approval_seconds=120,
        least_gain_percent=6,
    )


@pytest.mark.parametrize("percent", [0.0, 12.0])
def test_what_the_policy_asks_for_is_in_force(percent):
    found = in_force(
        worth=Worth(least_gain_percent=percent),
        damping=Damping(persistence_windows=9),
        approval=ApprovalTerms(expiry_seconds=45),
    )

    assert (found.least_gain_percent, found.persistence_windows, found.approval_seconds) == (
        percent,
        9,
        45,
    )
