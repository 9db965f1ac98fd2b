"""People are told once, in words with the numbers in them, of what concerns their objects."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from shorthaul.api.affinitypolicies import AffinityPolicy, AffinityPolicySpec, Mode, Workloads
from shorthaul.api.conditions import paused, reported, resumed
from shorthaul.api.objects import Gain, ObjectMeta, WorkloadName
from shorthaul.api.placementplans import (
    PlacementPlan,
    PlacementPlanSpec,
    PlacementPlanStatus,
    PlannedLocality,
    PlannedObjective,
    PlanPhase,
    PlanVerification,
    PolicyReference,
    TierShares,
)
from shorthaul.api.podmoves import (
    MovedPod,
    MovePhase,
    PodMove,
    PodMoveSpec,
    PodMoveStatus,
    Replacement,
)
from shorthaul.api.policystatuses import AffinityPolicyStatus
from shorthaul.plan import event_texts
from shorthaul.plan.commands import CreatePlan, SetPlanStatus, SetPolicyStatus
from shorthaul.plan.views import View
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.units import Objective
from worlds import builders

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "operating.md"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
POLICY = AffinityPolicy(
    metadata=ObjectMeta(name="near", namespace="shop", uid="policy-uid", generation=1),
    spec=AffinityPolicySpec(workloads=Workloads(), objective=Objective.FLOWS, mode=Mode.PROPOSE),
)
SHARES = TierShares(host=1.0, rack=0.0, zone=0.0, region=0.0, beyond=0.0)
PLAN = PlacementPlan(
    metadata=ObjectMeta(name="plan-1"),
    spec=PlacementPlanSpec(
        objective=PlannedObjective(
            name=Objective.FLOWS, unit="flows/s·distance", before=200.0, after=50.0, lower_bound=0.0
        ),
        locality=PlannedLocality(before=SHARES, after=SHARES),
        mode=Mode.PROPOSE,
        policies=(PolicyReference(namespace="shop", name="near", generation=1),),
        expires_at=NOW + timedelta(minutes=15),
    ),
    status=PlacementPlanStatus(phase=PlanPhase.PROPOSED),
)


def view(*moves, policies=(POLICY,)) -> View:
    snapshot = builders.cluster(builders.node("n1"), builders.node("n2"))
    distances = measure({name: node.labels for name, node in snapshot.nodes.items()}, DEFAULT_SCALE)
    return View(now=NOW, snapshot=snapshot, distances=distances, policies=policies, moves=moves)


def move(phase: MovePhase, *, kind: str = "Deployment", ago: float = 1.0) -> PodMove:
    return PodMove(
        metadata=ObjectMeta(name="plan-1-a", namespace="shop"),
        spec=PodMoveSpec(
            plan="plan-1",
            digest="sha256:" + "0" * 64,
            policy="near",
            pod=MovedPod(name="web-1", uid="u1"),
            workload=WorkloadName(kind=kind, name="web"),
            source="n1",
            target="n2",
            wave=0,
            gain=Gain(value=1.0, unit="flows/s·distance"),
        ),
        status=PodMoveStatus(
            phase=phase,
            replacement=Replacement(name="web-2", uid="u2", node="n2"),
            message="nothing came within 300 s",
            finished_at=NOW - timedelta(seconds=ago),
        ),
    )


def test_a_plan_is_told_on_its_policy_with_what_it_promises():
    (told,) = event_texts.announce([CreatePlan(PLAN)], view())

    assert (told.about.kind, told.about.name, told.about.uid) == (
        "AffinityPolicy",
        "near",
        "policy-uid",
    )
    assert told.reason.code == "PlanProposed"
    assert told.reason.message == (
        "plan plan-1 would save 75% of 200 flows/s·distance with 0 moves; it waits for approval "
        "until 2026-01-05T00:15:00Z"
    )


def test_a_plan_of_a_policy_that_is_gone_is_told_to_nobody():
    assert event_texts.announce([CreatePlan(PLAN)], view(policies=())) == ()


def test_the_end_of_a_plan_is_told_when_it_comes_and_not_again():
    done = msgspec.structs.replace(PLAN.status, phase=PlanPhase.DONE, message="1 of 1 moves landed")
    ended = msgspec.structs.replace(PLAN, status=done)

    (told,) = event_texts.announce([SetPlanStatus(PLAN, done)], view())

    assert told.reason.code == "PlanDone"
    assert told.reason.message == "plan plan-1 is Done: 1 of 1 moves landed"
    assert event_texts.announce([SetPlanStatus(ended, done)], view()) == ()


def test_a_verdict_is_told_with_promise_and_measurement_and_a_broken_promise_is_a_warning():
    def verdict(measured: float):
        found = PlanVerification(
            promised=150.0,
            measured=measured,
            ratio=measured / 150.0,
            unit="flows/s·distance",
            windows=3,
        )
        status = msgspec.structs.replace(PLAN.status, verification=found)
        return event_texts.announce([SetPlanStatus(PLAN, status)], view())[0]

    assert verdict(120.0).reason.message == (
        "plan plan-1 promised 150 flows/s·distance, measured are 120 (80%) over 3 windows"
    )
    assert (verdict(120.0).reason.code, verdict(120.0).warning) == ("PlanVerified", False)
    assert (verdict(30.0).reason.code, verdict(30.0).warning) == ("PlanBrokePromise", True)


def test_a_verdict_on_latency_tells_what_a_request_took_before_and_after():
    found = PlanVerification(
        promised=150.0,
        measured=120.0,
        ratio=0.8,
        unit="flows/s·ms",
        windows=3,
        mean_before=4.123,
        mean_after=0.5,
    )
    status = msgspec.structs.replace(PLAN.status, verification=found)

    (told,) = event_texts.announce([SetPlanStatus(PLAN, status)], view())

    assert told.reason.message.endswith(
        "over 3 windows; a request took 4.12 ms before and 0.5 ms after"
    )


def test_a_pause_is_told_when_it_begins():
    states = [paused("MovesDoNotPay", "3 of the last 5 plans gave under 50%")]
    status = AffinityPolicyStatus(conditions=reported((), states, generation=1, now=NOW))
    already = msgspec.structs.replace(POLICY, status=status)

    (told,) = event_texts.announce([SetPolicyStatus(POLICY, status)], view())

    assert told.reason.code == "MovesDoNotPay"
    assert event_texts.announce([SetPolicyStatus(already, status)], view()) == ()


def test_a_pause_that_was_lifted_is_not_told_as_one():
    states = [resumed("lifted")]
    status = AffinityPolicyStatus(conditions=reported((), states, generation=1, now=NOW))

    assert event_texts.announce([SetPolicyStatus(POLICY, status)], view()) == ()


def test_the_end_of_a_move_is_told_on_the_workload_of_its_pod():
    (landed,) = event_texts.ends_of_moves(view(move(MovePhase.LANDED)))
    (failed,) = event_texts.ends_of_moves(view(move(MovePhase.FAILED)))

    assert (landed.about.api_version, landed.about.kind, landed.about.name) == (
        "apps/v1",
        "Deployment",
        "web",
    )
    assert landed.reason.message == (
        "pod shop/web-1 was moved from n1 to n2; now it is web-2 on n2 (plan plan-1)"
    )
    assert (failed.reason.code, failed.warning) == ("MoveFailed", True)
    assert "nothing came within 300 s" in failed.reason.message


def test_a_move_of_an_unknown_kind_of_workload_is_told_on_the_move_itself():
    (told,) = event_texts.ends_of_moves(view(move(MovePhase.LANDED, kind="Rollout")))

    assert (told.about.kind, told.about.name) == ("PodMove", "plan-1-a")


def test_what_ended_long_ago_or_never_began_is_not_told():
    old, refused = move(MovePhase.LANDED, ago=61.0), move(MovePhase.REFUSED)

    assert event_texts.ends_of_moves(view(old, refused)) == ()


def test_the_manual_lists_every_end_that_is_told():
    phases = (PlanPhase.DONE, PlanPhase.EXPIRED, PlanPhase.SUPERSEDED)
    plans = [msgspec.structs.replace(PLAN.status, phase=phase) for phase in phases]
    told = [event_texts.plan_proposed(PLAN), *(event_texts.plan_ended(PLAN, one) for one in plans)]
    ends = (MovePhase.LANDED, MovePhase.ELSEWHERE, MovePhase.FAILED)
    told += filter(None, (event_texts.move_ended(move(phase)) for phase in ends))

    manual = MANUAL.read_text()

    assert [one.code for one in told if f"`{one.code}`" not in manual] == []
