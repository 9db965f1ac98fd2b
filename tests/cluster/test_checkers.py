from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from shorthaul.cluster import checkers
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.cluster.snapshots import Quota, Service, Taint
from shorthaul.cluster.worlds import World
from worlds.builders import (
    HOST,
    ZONE,
    amounts,
    apart,
    budget,
    cluster,
    node,
    node_term,
    nodes,
    pod,
    reference,
    replicas,
    selector,
    spread,
    together,
)
from worlds.randoms import scheduled, snapshots

ANYTHING = Rules(WorkloadRules(least_hosts=1))
FLOOR = Rules(WorkloadRules(least_hosts=2))


def moved(snapshot, *waves, rules=ANYTHING, now_seconds=1e9):
    steps = [[(reference(name), on) for name, on in wave] for wave in waves]
    return checkers.check_moves(snapshot, steps, rules, now_seconds)


def codes(verdicts):
    return [(str(ref), reason.code) for ref, reason in verdicts]


def test_a_target_gets_all_reasons_and_not_the_first_only():
    ours = pod("cart-1", "n1", cpu="2", node_selector={"disk": "ssd"})
    bad = node("n2", cpu="1", unschedulable=True, taints=(Taint("a", "", "NoSchedule"),))
    world = World(cluster(node("n1"), bad, ours))

    reasons = checkers.check_target(ours, world.nodes["n2"], world, ANYTHING)

    assert [reason.code for reason in reasons] == [
        "NodeCordoned",
        "TaintNotTolerated",
        "NodeSelectorMismatch",
        "NotEnoughCpu",
    ]


def test_a_pod_gets_all_reasons_why_it_never_moves():
    ours = pod("kube-system/agent-1", "n1", kind="DaemonSet", ready=False)
    world = World(cluster(node("n1"), ours))

    reasons = checkers.check_pod(ours, world, ANYTHING, 0)

    assert {reason.code for reason in reasons} >= {
        "DaemonSetPod",
        "ProtectedNamespace",
        "PodNotReady",
    }


def test_sound_moves_pass():
    world = cluster(nodes(3), replicas("cart", "n1", "n1"), pod("db-1", "n2"))

    assert moved(world, [("cart-0", "n2"), ("db-1", "n3")], [("cart-1", "n3")]) == ()


@pytest.mark.parametrize(
    ("wave", "code"),
    [
        ([("gone-1", "n2")], "PodUnknown"),
        ([("cart-0", "n9")], "NodeUnknown"),
        ([("cart-0", "n1")], "NoMove"),
        ([("cart-0", "n2"), ("cart-0", "n3")], "MovedTwice"),
    ],
)
def test_moves_that_mean_nothing_are_refused(wave, code):
    assert code in [c for _, c in codes(moved(cluster(nodes(3), replicas("cart", "n1")), wave))]


def test_a_pod_that_is_moved_once_more_starts_from_where_it_was_parked():
    full = [node("n1", cpu="1"), node("n2", cpu="1"), node("n3", cpu="1")]
    world = cluster(full, pod("cart-1", "n1", cpu="1"), pod("db-1", "n2", cpu="1"))
    swap = [("cart-1", "n3")], [("db-1", "n1")], [("cart-1", "n2")]

    assert moved(world, *swap) == ()
    assert codes(moved(world, [("cart-1", "n3")], [("cart-1", "n3")])) == [
        ("shop/cart-1", "NoMove")
    ]


def test_one_workload_has_one_move_in_flight():
    world = cluster(nodes(3), replicas("cart", "n1", "n1"))

    assert codes(moved(world, [("cart-0", "n2"), ("cart-1", "n3")])) == [
        ("shop/cart-1", "WorkloadInFlight")
    ]


def test_vetoed_pods_are_refused():
    world = cluster(nodes(2), pod("cart-1", "n1", terminating=True))

    assert ("shop/cart-1", "PodTerminating") in codes(moved(world, [("cart-1", "n2")]))


def test_room_is_freed_only_after_its_wave():
    full = [node("n1", cpu="1"), node("n2", cpu="1"), node("n3", cpu="1")]
    world = cluster(full, pod("cart-1", "n1", cpu="1"), pod("db-1", "n2", cpu="1"))

    swap = moved(world, [("cart-1", "n2"), ("db-1", "n3")])
    in_turn = moved(world, [("db-1", "n3")], [("cart-1", "n2")])

    assert codes(swap) == [("shop/cart-1", "NotEnoughCpu")]
    assert in_turn == ()


def test_successors_of_one_wave_must_fit_together():
    world = cluster(
        nodes(2),
        node("n3", cpu="1"),
        pod("cart-1", "n1", cpu="600m"),
        pod("db-1", "n2", cpu="600m"),
    )

    assert {code for _, code in codes(moved(world, [("cart-1", "n3"), ("db-1", "n3")]))} == {
        "NotEnoughCpu"
    }


def test_pods_that_refuse_each_other_do_not_pass_each_other_in_one_wave():
    world = cluster(
        nodes(3), pod("cart-1", "n1", anti_affinity=(apart(HOST, app="db"),)), pod("db-1", "n2")
    )

    assert codes(moved(world, [("cart-1", "n2"), ("db-1", "n3")])) == [
        ("shop/cart-1", "PodAntiAffinityMismatch")
    ]
    assert moved(world, [("db-1", "n3")], [("cart-1", "n2")]) == ()


def test_a_pod_does_not_rely_on_one_that_moves_in_the_same_wave():
    near = pod("cart-1", "n1", affinity=(together(HOST, app="db"),))
    world = cluster(nodes(3), near, pod("db-1", "n1"), pod("db-2", "n3"))

    assert ("shop/cart-1", "PodAffinityMismatch") in codes(
        moved(world, [("cart-1", "n3"), ("db-2", "n2")])
    )
    assert moved(world, [("cart-1", "n3")], [("db-1", "n3")]) == ()


def test_a_group_that_wants_its_like_is_not_torn_by_the_order_in_a_wave():
    like = {"affinity": (together(HOST, group="a"),)}
    one = pod("cart-1", "n1", labels={"app": "cart", "group": "a"}, **like)
    two = pod("web-1", "n1", labels={"app": "web", "group": "a"}, **like)

    refused = moved(cluster(nodes(2), one, two), [("cart-1", "n2"), ("web-1", "n2")])

    assert {code for _, code in codes(refused)} >= {"PodAffinityMismatch"}


def test_a_move_does_not_leave_a_pod_without_those_it_requires():
    near = pod("cart-1", "n1", affinity=(together(HOST, app="db"),))

    alone = moved(cluster(nodes(2), near, pod("db-1", "n1")), [("db-1", "n2")])
    another = moved(cluster(nodes(2), near, replicas("db", "n1", "n1")), [("db-1", "n2")])

    assert codes(alone) == [("shop/db-1", "LeavesBehind")]
    assert another == ()


def test_a_wave_keeps_the_spread_in_any_order():
    labels = {"labels": {"tier": "front"}}
    even = replace(spread(ZONE, app="x"), selector=selector(tier="front"))
    world = cluster(
        nodes(6, zones=3),
        pod("a-1", "n1", spread=(even,), **labels),
        pod("b-1", "n2", spread=(even,), **labels),
        pod("c-1", "n3", spread=(even,), **labels),
        pod("d-1", "n1", spread=(even,), **labels),
    )

    assert moved(world, [("d-1", "n2")]) == ()
    assert codes(moved(world, [("d-1", "n2"), ("c-1", "n5")])) == [
        ("shop/c-1", "SpreadExceeded"),
        ("shop/d-1", "SpreadExceeded"),
    ]


def test_a_budget_is_kept_in_each_wave():
    shared = {"labels": {"team": "a"}}
    guard = budget("team", 1, selector=selector(team="a"))
    world = cluster(nodes(3), pod("cart-1", "n1", **shared), pod("db-1", "n1", **shared), guard)

    together_now = moved(world, [("cart-1", "n2"), ("db-1", "n3")])

    assert codes(together_now) == [("shop/db-1", "BudgetSpent")]
    assert moved(world, [("cart-1", "n2")], [("db-1", "n3")]) == ()


def test_a_quota_is_kept_in_each_wave():
    limit = Quota("shop", "team", {"pods": 3}, {"pods": 2})
    world = cluster(nodes(3), pod("cart-1", "n1"), pod("db-1", "n1"), limit)

    assert codes(moved(world, [("cart-1", "n2"), ("db-1", "n3")])) == [
        ("shop/db-1", "QuotaExceeded")
    ]
    assert moved(world, [("cart-1", "n2")], [("db-1", "n3")]) == ()


def test_two_last_endpoints_do_not_leave_in_one_wave():
    door = Service("shop", "door", selector(door="yes"), external_policy="Local")
    shared = {"labels": {"door": "yes"}}
    world = cluster(nodes(3), pod("a-1", "n1", **shared), pod("b-1", "n1", **shared), door)

    assert {code for _, code in codes(moved(world, [("a-1", "n2"), ("b-1", "n3")]))} == {
        "LastLocalEndpoint"
    }
    assert moved(world, [("a-1", "n2")]) == ()


def test_the_availability_floor_holds_over_all_waves():
    world = cluster(nodes(3), replicas("cart", "n1", "n2", "n3"))

    assert moved(world, [("cart-0", "n2")], rules=FLOOR) == ()
    assert codes(moved(world, [("cart-0", "n2")], [("cart-2", "n2")], rules=FLOOR)) == [
        ("shop/cart-2", "TooFewHosts")
    ]


def test_checking_changes_nothing():
    world = cluster(nodes(3), replicas("cart", "n1", "n1"), pod("db-1", "n2"))
    plan = [("cart-0", "n2"), ("db-1", "n3")]

    assert moved(world, plan) == moved(world, plan)


def test_violations_name_what_is_wrong_now():
    world = cluster(
        node("n1", cpu="1"),
        node("n2", unschedulable=True),
        replicas("cart", "n1", "n1", cpu="600m"),
        pod("db-1", "n2", node_terms=(node_term("disk", "In", "ssd"),)),
    )

    assert codes(checkers.violations(world, FLOOR)) == [
        ("shop/cart-0", "NotEnoughCpu"),
        ("shop/cart-0", "TooFewHosts"),
        ("shop/cart-1", "NotEnoughCpu"),
    ]


@settings(max_examples=150, deadline=None)
@given(scheduled())
def test_what_a_scheduler_made_has_no_violation(snapshot):
    assert checkers.violations(snapshot, ANYTHING) == ()


def feasible(snapshot, one, rules=ANYTHING):
    world = World(snapshot, rules)
    return {
        name
        for name, room in world.nodes.items()
        if not checkers.check_target(one, room, world, rules)
    }


NARROWER = some.sampled_from(
    [
        {"node_selector": {"disk": "ssd"}},
        {"tolerations": ()},
        {"requests": amounts(cpu="900m", memory="128Mi", pods=1)},
        {"anti_affinity": (apart(HOST, app="web"), apart(ZONE, app="cart"))},
        {"node_terms": (node_term(ZONE, "In", "z1"),)},
        {"spread": (spread(HOST, app="cart"), spread(ZONE, app="cart"))},
    ]
)


@settings(max_examples=150, deadline=None)
@given(snapshots(), some.data())
def test_adding_a_constraint_never_makes_more_nodes_feasible(snapshot, data):
    one = replace(
        snapshot.pods[data.draw(some.sampled_from(sorted(snapshot.pods)))],
        anti_affinity=(),
        spread=(),
        affinity=(),
        node_selector={},
    )

    narrowed = replace(one, **data.draw(NARROWER))

    assert feasible(snapshot, narrowed) <= feasible(snapshot, one)


@settings(max_examples=100, deadline=None)
@given(snapshots(), some.data())
def test_stricter_rules_never_make_more_nodes_feasible(snapshot, data):
    one = snapshot.pods[data.draw(some.sampled_from(sorted(snapshot.pods)))]
    strict = Rules(
        WorkloadRules(least_hosts=data.draw(some.integers(1, 4)), least_zones=2),
        {one.workload: WorkloadRules(least_hosts=1, trust_domain="blue")},
    )

    assert feasible(snapshot, one, strict) <= feasible(snapshot, one)


@settings(max_examples=100, deadline=None)
@given(scheduled(), some.data())
def test_moves_that_pass_lead_to_a_state_without_violations(snapshot, data):
    refs = sorted(snapshot.pods)
    if not refs:
        return
    step = some.tuples(some.sampled_from(refs), some.sampled_from(sorted(snapshot.nodes)))
    wave = data.draw(some.lists(step, min_size=1, max_size=3, unique_by=lambda one: one[0]))

    if not checkers.check_moves(snapshot, [wave], ANYTHING, 1e9):
        assert checkers.violations(snapshot.moved(wave), ANYTHING) == ()
