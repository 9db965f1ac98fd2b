"""A plan that waits while other plans move pods is made anew, or stands if it still fits."""

from datetime import UTC, datetime, timedelta

import pytest

from shorthaul.api.affinitypolicies import Mode
from shorthaul.api.objects import Gain, ObjectMeta, WorkloadName
from shorthaul.api.placementplans import (
    PlacementPlan,
    PlacementPlanSpec,
    PlannedLocality,
    PlannedMove,
    PlannedObjective,
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
from shorthaul.cluster import checkers
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.plan import revisions
from shorthaul.plan.views import View
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.units import Objective
from worlds import builders

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TIERS = TierShares(host=0, rack=0, zone=0, region=1, beyond=0)
NODES = builders.nodes(3, cpu="2")


def plan(*moves):
    """Moves as (pod, from, to, wave)."""
    planned = [
        PlannedMove(
            namespace="shop",
            pod=pod,
            uid=f"uid-{pod}",
            workload=WorkloadName(kind="Deployment", name=pod.split("-")[0]),
            source=source,
            target=target,
            wave=wave,
            gain=Gain(value=1, unit="u"),
        )
        for pod, source, target, wave in moves
    ]
    return PlacementPlan(
        metadata=ObjectMeta(name="waits", creation_timestamp=NOW),
        spec=PlacementPlanSpec(
            objective=PlannedObjective(
                name=Objective.FLOWS, unit="u", before=2, after=1, lower_bound=0
            ),
            locality=PlannedLocality(before=TIERS, after=TIERS),
            moves=tuple(planned),
            mode=Mode.PROPOSE,
            digest="sha256:" + "a" * 64,
            policies=(PolicyReference(namespace="shop", name="near", generation=1),),
        ),
    )


def moved(seconds, *, by="other", replaced=True):
    at = NOW + timedelta(seconds=seconds)
    found = Replacement(name="db-9", uid="u", node="n2") if replaced else None
    return PodMove(
        metadata=ObjectMeta(name="move", namespace="shop"),
        spec=PodMoveSpec(
            plan=by,
            digest="sha256:" + "b" * 64,
            policy="near",
            pod=MovedPod(name="db-1", uid="u"),
            workload=WorkloadName(kind="Deployment", name="db"),
            source="n1",
            target="n2",
            wave=0,
            gain=Gain(value=1, unit="u"),
        ),
        status=PodMoveStatus(
            phase=MovePhase.LANDED, started_at=at, finished_at=at, replacement=found
        ),
    )


def view(*pods, moves=()):
    snapshot = builders.cluster(*NODES, *pods)
    labels = {name: node.labels for name, node in snapshot.nodes.items()}
    return View(NOW, snapshot, measure(labels, DEFAULT_SCALE), moves=tuple(moves))


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        (moved(60), "OtherMovesMade"),
        (moved(-60), None),
        (moved(60, by="waits"), None),
        (moved(60, replaced=False), None),
    ],
    ids=["since", "before", "its own", "nothing moved"],
)
def test_a_plan_is_overtaken_by_what_another_has_moved_since(move, expected):
    reason = revisions.overtaken(plan(("web-1", "n1", "n2", 0)), view(moves=[move]))

    assert (reason.code if reason else None) == expected


def pods(web="n1", other="n3"):
    return (
        builders.pod("shop/web-1", on=web, cpu="1500m"),
        builders.pod("shop/web-2", on="n1", cpu="100m"),
        builders.pod("shop/db-1", on=other, cpu="1"),
    )


def test_a_plan_that_still_fits_stands():
    waits = plan(("web-1", "n1", "n2", 0))

    assert revisions.misfit(waits, view(*pods()), Rules()) is None


def test_a_plan_whose_room_was_taken_falls():
    waits = plan(("web-1", "n1", "n2", 0))

    reason = revisions.misfit(waits, view(*pods(other="n2")), Rules())

    assert reason.code == "NotEnoughCpu"
    assert "shop/web-1 can no longer be moved as planned" in reason.message


def test_a_plan_that_makes_its_own_room_in_an_earlier_wave_stands():
    waits = plan(("db-1", "n2", "n3", 0), ("web-1", "n1", "n2", 1))

    assert revisions.misfit(waits, view(*pods(other="n2")), Rules()) is None


def test_a_pod_that_only_has_to_rest_is_waited_for():
    waits = plan(("web-1", "n1", "n2", 0))
    rests = Rules(default=WorkloadRules(resting=Reason("CoolingDown", "moved lately")))
    found = view(*pods())

    assert checkers.check_moves(found.snapshot, revisions.steps(waits), rests, found.seconds)
    assert revisions.misfit(waits, found, rests) is None


def test_a_budget_that_is_tight_for_now_is_waited_for():
    """Two pods of one wave, while their budget lets only one go: one was unready a moment ago."""
    waits = plan(("web-1", "n1", "n2", 0), ("db-1", "n3", "n2", 0))
    labels = {"tier": "shop"}
    found = view(
        builders.pod("shop/web-1", on="n1", cpu="500m", labels=labels),
        builders.pod("shop/web-2", on="n3", cpu="100m"),
        builders.pod("shop/db-1", on="n3", cpu="500m", labels=labels),
        builders.budget("both", allowed=1, selector=builders.selector(**labels)),
    )

    refused = checkers.check_moves(found.snapshot, revisions.steps(waits), Rules(), found.seconds)

    assert {reason.code for _, reason in refused} == {"BudgetSpent"}
    assert revisions.misfit(waits, found, Rules()) is None
