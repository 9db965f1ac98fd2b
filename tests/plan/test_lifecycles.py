"""A plan is carried out exactly as it was written, or not at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shorthaul.api.affinitypolicies import (
    AffinityPolicy,
    AffinityPolicySpec,
    Disruption,
    Mode,
    Workloads,
)
from shorthaul.api.objects import Gain, ObjectMeta, WorkloadName
from shorthaul.api.placementplans import (
    Approval,
    Baseline,
    PlacementPlan,
    PlacementPlanSpec,
    PlacementPlanStatus,
    PlannedLocality,
    PlannedMove,
    PlannedObjective,
    PlanPhase,
    PolicyReference,
    Progress,
    TierShares,
)
from shorthaul.api.podmoves import MovePhase, PodMoveStatus
from shorthaul.api.policies import Conflict, Governance, PolicyRef
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, Pod, Snapshot
from shorthaul.plan import lifecycles
from shorthaul.plan.commands import CreateMove, Forget, SetMovePhase, SetPlanStatus
from shorthaul.plan.views import Terms, View
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.units import Namespace, NodeName, Objective, PodRef, Uid, WorkloadRef

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SHOP = Namespace("shop")
DIGEST = "sha256:" + "a" * 64
CART = WorkloadRef(SHOP, "Deployment", "cart")
HERE, THERE = NodeName("n1"), NodeName("n2")
TIERS = TierShares(host=0, rack=0, zone=0, region=1, beyond=0)
POLICY = PolicyRef(SHOP, "near")


def gain(value=10.0):
    return Gain(value=value, unit="bytes/s·distance")


def planned(pod, wave=0):
    return PlannedMove(
        namespace="shop",
        pod=pod,
        uid=f"uid-{pod}",
        workload=WorkloadName(kind="Deployment", name=pod.split("-")[0]),
        source="n1",
        target="n2",
        wave=wave,
        gain=gain(),
    )


def plan(*pods, mode=Mode.AUTO, status=None, approval=None):
    moves = [planned(name, wave) for name, wave in pods]
    return PlacementPlan(
        metadata=ObjectMeta(name="plan-1", generation=1),
        spec=PlacementPlanSpec(
            objective=PlannedObjective(
                name=Objective.BYTES, unit="u", before=100, after=50, lower_bound=0
            ),
            locality=PlannedLocality(before=TIERS, after=TIERS),
            moves=tuple(moves),
            mode=mode,
            digest=DIGEST,
            approval=approval,
            policies=(PolicyReference(namespace="shop", name="near", generation=3),),
            expires_at=NOW + timedelta(minutes=10),
        ),
        status=status or PlacementPlanStatus(phase=PlanPhase.PROPOSED),
    )


def policy(mode=Mode.AUTO, generation=3, **disruption):
    return AffinityPolicy(
        metadata=ObjectMeta(name="near", namespace="shop", generation=generation),
        spec=AffinityPolicySpec(
            workloads=Workloads(),
            objective=Objective.BYTES,
            mode=mode,
            disruption=Disruption(concurrent=5, **disruption),
        ),
    )


def snapshot(*pods):
    nodes = {name: Node(name) for name in (HERE, THERE)}
    made = {}
    for name in pods:
        ref = PodRef(SHOP, name)
        workload = WorkloadRef(SHOP, "Deployment", name.split("-")[0])
        made[ref] = Pod(ref, Uid(f"uid-{name}"), workload, HERE)
    return Snapshot(nodes, made)


def view(plans, *, pods=("cart-1", "db-1"), moves=(), policies=None, **rest):
    return View(
        now=rest.pop("now", NOW),
        snapshot=snapshot(*pods),
        distances=measure({HERE: {}, THERE: {}}, DEFAULT_SCALE),
        policies=(policy(),) if policies is None else policies,
        plans=tuple(plans),
        moves=tuple(moves),
        governance=rest.pop("governance", Governance({POLICY: frozenset({CART})}, {})),
        **rest,
    )


def steer(*args, **kwargs):
    return lifecycles.steer(view(*args, **kwargs), Terms())


def executing(*pods):
    status = PlacementPlanStatus(phase=PlanPhase.EXECUTING, started_at=NOW)
    return plan(*pods, status=status)


def moves_of(found, phases=()):
    made = [c.move for c in steer([found]) if isinstance(c, CreateMove)]
    for number, phase in enumerate(phases):
        at = NOW - timedelta(minutes=1)
        status = PodMoveStatus(phase=phase, started_at=at, finished_at=at)
        made[number] = msgspec.structs.replace(made[number], status=status)
    return made


def phases(commands):
    return [c.status.phase for c in commands if isinstance(c, SetPlanStatus)]


def test_an_auto_plan_begins_at_once():
    assert phases(steer([plan(("cart-1", 0))])) == [PlanPhase.EXECUTING]


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.PROPOSE])
def test_a_plan_whose_maker_ended_before_its_first_status_is_made_anew(mode):
    approval = Approval(digest=DIGEST) if mode is Mode.PROPOSE else None
    found = plan(
        ("cart-1", 0), mode=mode, approval=approval, status=PlacementPlanStatus(phase=None)
    )

    [command] = steer([found])

    assert (command.status.phase, command.status.reason) == (PlanPhase.SUPERSEDED, "PlanUnfinished")


def test_a_proposed_plan_waits_for_its_approval():
    proposed = plan(("cart-1", 0), mode=Mode.PROPOSE)
    approved = plan(("cart-1", 0), mode=Mode.PROPOSE, approval=Approval(digest=DIGEST))

    assert steer([proposed]) == ()
    assert phases(steer([approved])) == [PlanPhase.APPROVED]


def test_a_plan_that_nobody_approved_in_time_expires():
    proposed = plan(("cart-1", 0), mode=Mode.PROPOSE)

    assert phases(steer([proposed], now=NOW + timedelta(hours=1))) == [PlanPhase.EXPIRED]


@pytest.mark.parametrize(
    "change",
    [
        {"pods": ("db-1",)},
        {"policies": ()},
        {"policies": (policy(generation=4),)},
        {"governance": Governance({}, {POLICY: (Conflict(CART, PolicyRef(SHOP, "other")),)})},
    ],
    ids=["pod gone", "policy gone", "policy changed", "conflict"],
)
def test_a_plan_whose_world_has_changed_is_superseded_even_when_approved(change):
    approved = plan(("cart-1", 0), approval=Approval(digest=DIGEST))

    assert phases(steer([approved], **change)) == [PlanPhase.SUPERSEDED]


def test_a_hindrance_holds_a_plan_back_and_is_told_once():
    reason = Reason("HintsUnproven", "hints are not proven")
    found = plan(("cart-1", 0))

    (told,) = steer([found], hindrance=reason)
    again = steer([msgspec.structs.replace(found, status=told.status)], hindrance=reason)

    assert (told.status.phase, told.status.reason) == (PlanPhase.PROPOSED, "HintsUnproven")
    assert again == ()


def test_making_the_moves_of_a_plan_is_repeatable():
    found = executing(("cart-1", 0), ("db-1", 1))

    first = [c.move.metadata.name for c in steer([found]) if isinstance(c, CreateMove)]
    second = [c.move.metadata.name for c in steer([found]) if isinstance(c, CreateMove)]

    assert len(set(first)) == 2
    assert first == second


def test_a_crash_between_two_moves_loses_none():
    found = executing(("cart-1", 0), ("db-1", 0))
    first, second = moves_of(found)

    made = [c.move for c in steer([found], moves=[first]) if isinstance(c, CreateMove)]

    assert made == [second]


def test_moves_start_wave_by_wave():
    found = executing(("cart-1", 0), ("db-1", 1))
    moves = moves_of(found)

    started = [c for c in steer([found], moves=moves) if isinstance(c, SetMovePhase)]

    assert [(c.move.spec.pod.name, c.phase) for c in started] == [("cart-1", MovePhase.ADMITTED)]


def test_a_plan_is_done_when_every_move_has_ended():
    found = executing(("cart-1", 0), ("db-1", 0))
    moves = moves_of(found, (MovePhase.LANDED, MovePhase.REFUSED))

    (done,) = [c for c in steer([found], moves=moves) if isinstance(c, SetPlanStatus)]

    assert done.status.phase is PlanPhase.DONE
    assert (done.status.progress.landed, done.status.progress.refused) == (1, 1)
    assert done.status.finished_at == NOW


def test_pending_moves_end_when_their_policy_is_changed_or_gone():
    found = executing(("cart-1", 0))
    moves = moves_of(found)

    for policies in ((), (policy(generation=4),)):
        commands = steer([found], moves=moves, policies=policies)
        ended = [c for c in commands if isinstance(c, SetMovePhase)]
        assert [(c.phase, c.reason.code[:6]) for c in ended] == [(MovePhase.REFUSED, "Policy")]


def test_a_running_move_is_never_taken_back():
    found = executing(("cart-1", 0))
    moves = moves_of(found, (MovePhase.EVICTED,))

    commands = steer([found], moves=moves, policies=())

    assert [c for c in commands if isinstance(c, SetMovePhase)] == []


def test_a_paused_policy_starts_nothing():
    found = executing(("cart-1", 0))
    spec = msgspec.structs.replace(policy().spec, pause=True)
    held = msgspec.structs.replace(policy(), spec=spec)

    commands = steer([found], moves=moves_of(found), policies=(held,))
    why = lifecycles.waiting(view([found], moves=moves_of(found), policies=(held,)), Terms())

    assert [c for c in commands if isinstance(c, SetMovePhase)] == []
    assert {reason.code for reason in why.values()} == {"PausedByOwner"}


def test_history_is_forgotten_after_its_time():
    status = PlacementPlanStatus(phase=PlanPhase.DONE, finished_at=NOW)
    old = plan(("cart-1", 0), status=status)
    terms = replace(Terms(), history_seconds=3600)

    soon = lifecycles.steer(view([old], now=NOW + timedelta(minutes=30)), terms)
    late = lifecycles.steer(view([old], now=NOW + timedelta(hours=2)), terms)

    assert soon == ()
    assert [type(c) for c in late] == [Forget]


def test_plans_are_carried_out_one_after_the_other():
    first, second = (
        msgspec.structs.replace(found, metadata=ObjectMeta(name=name, generation=1))
        for name, found in (("plan-a", plan(("cart-1", 0))), ("plan-b", plan(("db-1", 0))))
    )
    running = msgspec.structs.replace(
        first, status=PlacementPlanStatus(phase=PlanPhase.EXECUTING, started_at=NOW)
    )

    both = [c.plan.metadata.name for c in steer([first, second]) if isinstance(c, SetPlanStatus)]
    later = [c for c in steer([running, second]) if isinstance(c, SetPlanStatus)]

    assert both == ["plan-a"]
    assert [(c.plan.metadata.name, c.status.reason) for c in later][-1:] == [
        ("plan-b", "PlanUnderWay")
    ]


def test_a_plan_that_proves_itself_holds_the_next_one_back_but_not_for_ever():
    proven = plan(
        ("cart-1", 0),
        status=PlacementPlanStatus(
            phase=PlanPhase.DONE,
            finished_at=NOW,
            progress=Progress(moves=1, landed=1),
            baseline=Baseline(rate=1.0, cost=5.0),
        ),
    )
    following = msgspec.structs.replace(
        plan(("db-1", 0)), metadata=ObjectMeta(name="plan-2", generation=1)
    )
    spec = msgspec.structs.replace(following.spec, expires_at=NOW + timedelta(days=1))
    following = msgspec.structs.replace(following, spec=spec)

    soon = steer([proven, following], now=NOW + timedelta(minutes=1))
    late = steer([proven, following], now=NOW + timedelta(hours=1))

    assert [c.status.reason for c in soon] == ["PlanUnproven"]
    assert phases(late) == [PlanPhase.EXECUTING]


def test_a_plan_whose_namespace_is_gone_comes_to_its_end_and_does_not_bar_the_way():
    bereft = executing(("cart-1", 0), ("db-1", 0))

    (end,) = steer([bereft], pods=(), policies=())

    assert end.status.phase is PlanPhase.DONE
    assert end.status.progress == Progress(moves=2, refused=2)


def test_moves_that_could_not_be_made_are_given_up_and_the_plan_ends():
    plan_of_two = executing(("cart-1", 0), ("db-1", 0))
    later = NOW + timedelta(seconds=61)

    at_first = steer([plan_of_two])
    (end,) = steer([plan_of_two], now=later)

    assert [type(command) for command in at_first[:2]] == [CreateMove, CreateMove]
    assert end.status.progress == Progress(moves=2, refused=2)


def test_moves_that_nobody_could_make_while_the_operator_was_away_are_made_by_the_next():
    found = executing(("cart-1", 0), ("db-1", 0))
    now = NOW + timedelta(hours=1)
    made = moves_of(found)[:1]

    back = steer([found], moves=made, now=now, looking_since=now - timedelta(seconds=10))
    later = steer([found], moves=made, now=now, looking_since=now - timedelta(seconds=90))

    assert [c.move.spec.pod.name for c in back if isinstance(c, CreateMove)] == ["db-1"]
    assert not any(isinstance(c, CreateMove) for c in later)
