"""The last check before an eviction tells "no" from "not known yet"."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from shorthaul.act import hindrances
from shorthaul.act.checks import Checker
from shorthaul.act.moves import Order
from shorthaul.api.affinitypolicies import AffinityPolicy
from shorthaul.api.policies import Governance
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Taint
from shorthaul.kube.failures import Unavailable
from shorthaul.plan.views import View, ref_of
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.units import NodeName, Uid
from worlds import builders

CART = builders.pod("cart-1", "n1")
AVERSE = builders.pod("db-1", "n2", anti_affinity=(builders.apart(app="cart"),))
ORDER = Order("move-1", CART.ref, Uid(CART.uid), CART.workload, NodeName("n1"), NodeName("n2"))
POLICY = {
    "metadata": {"name": "near", "namespace": str(CART.workload.namespace)},
    "spec": {
        "workloads": {},
        "objective": "flows",
        "mode": "Auto",
        "disruption": {"allowSingleReplica": True},
    },
}


def check(hindrance, *governing, others=(), **target):
    nodes = [builders.node("n1"), builders.node("n2", **target)]
    snapshot = builders.cluster(nodes, CART, others)
    view = View(
        now=datetime(2026, 1, 1, tzinfo=UTC),
        snapshot=snapshot,
        distances=measure({name: {} for name in snapshot.nodes}, DEFAULT_SCALE),
        policies=governing,
        plans=(),
        moves=(),
        governance=Governance({ref_of(each): frozenset({CART.workload}) for each in governing}, {}),
        hindrance=hindrance,
    )
    return asyncio.run(Checker(lambda: view, frozenset()).check(ORDER))


def test_what_stands_in_the_way_refuses_a_move():
    switch = Reason("KillSwitch", "annotation shorthaul.dev/pause is true")

    assert check(switch) == switch


def test_a_proof_that_is_still_to_come_puts_a_move_off_and_refuses_nothing():
    with pytest.raises(Unavailable):
        check(hindrances.UNPROVEN)


def test_without_hindrance_the_reference_checker_decides():
    found = check(None)

    assert found is not None
    assert found.code == "NotSelected"


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"mode": "Auto", "pause": True}, "PausedByOwner"),
        ({"mode": "Observe"}, "ModeObserve"),
    ],
)
def test_a_move_that_waited_while_its_policy_was_closed_is_refused(spec, code):
    namespace = str(CART.workload.namespace)
    body = {
        "metadata": {"name": "near", "namespace": namespace},
        "spec": {"workloads": {}, "objective": "flows", **spec},
    }

    found = check(None, msgspec.convert(body, AffinityPolicy, strict=False))

    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    ("target", "others", "code"),
    [
        ({}, (), None),
        ({"taints": (Taint("drained", "true", "NoSchedule"),)}, (), "TaintNotTolerated"),
        ({"taints": (Taint("drained", "true", "PreferNoSchedule"),)}, (), None),
        ({"unschedulable": True}, (), "NodeCordoned"),
        ({}, (builders.pod("db-1", "n2"),), None),
        ({}, (AVERSE,), "PodAntiAffinityMismatch"),
    ],
)
def test_what_came_over_the_target_since_the_plan_refuses_the_move(target, others, code):
    policy = msgspec.convert(POLICY, AffinityPolicy, strict=False)

    found = check(None, policy, others=others, **target)

    assert (found.code if found else None) == code


ENDING = builders.pod("db-1", "n2", cpu="3950m", terminating=True)
STAYING = builders.pod("db-2", "n2", cpu="3950m")
FAR_ENDING = builders.pod("db-3", "n1", cpu="100m", terminating=True)


@pytest.mark.parametrize(
    ("others", "code"),
    [
        ((ENDING,), "RoomClearing"),
        ((STAYING,), "NotEnoughCpu"),
        ((STAYING, FAR_ENDING), "NotEnoughCpu"),
        ((STAYING, builders.pod("db-4", "n2", cpu="50m", terminating=True)), "NotEnoughCpu"),
    ],
)
def test_a_move_waits_for_pods_that_are_ending_on_its_target_if_they_alone_are_in_its_way(
    others, code
):
    policy = msgspec.convert(POLICY, AffinityPolicy, strict=False)

    found = check(None, policy, others=others)

    assert found is not None
    assert found.code == code


def test_people_are_told_which_pod_a_move_waits_for():
    policy = msgspec.convert(POLICY, AffinityPolicy, strict=False)

    found = check(None, policy, others=(ENDING,))

    assert found is not None
    assert found.message == (
        "node n2 has 50m of 4000m cpu left, pod shop/cart-1 asks 100m, "
        "until shop/db-1, ending there, is gone"
    )
