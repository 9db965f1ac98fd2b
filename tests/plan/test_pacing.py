"""Pacing admits what every budget allows and says why the rest waits."""

from dataclasses import replace

from shorthaul.api.policies import PolicyRef
from shorthaul.cluster.reasons import Reason
from shorthaul.plan.pacing import Allowance, Entry, Stage, Start, admit, cooling
from shorthaul.units import Namespace, WorkloadRef

SHOP = PolicyRef(Namespace("shop"), "near")
WIDE = Allowance(concurrent=10, per_hour=100, cool_down_seconds=600)


def workload(name):
    return WorkloadRef(Namespace("shop"), "Deployment", name)


def entry(name, *, wave=0, gain=1.0, stage=Stage.PENDING, of=None):
    return Entry(name, "plan-1", SHOP, workload(of or name), wave, gain, stage)


def admitted(entries, *, allowance=WIDE, starts=(), cluster=10, now=10_000.0):
    pacing = admit(entries, starts, {SHOP: allowance}, cluster_concurrent=cluster, now_seconds=now)
    return [one.name for one in pacing.admitted], dict(pacing.waiting)


def test_a_later_wave_waits_until_every_earlier_move_has_ended():
    first, second = entry("a"), entry("b", wave=1)

    names, waiting = admitted([first, second])
    later, _ = admitted([replace(first, stage=Stage.ENDED), second])

    assert names == ["a"]
    assert waiting["b"].code == "EarlierWave"
    assert later == ["b"]


def test_one_pod_of_a_workload_is_moved_at_a_time():
    names, waiting = admitted([entry("a1", of="a", gain=1), entry("a2", of="a", gain=2)])

    assert names == ["a2"]
    assert waiting["a1"].code == "WorkloadInFlight"


def test_the_smaller_of_policy_and_cluster_concurrency_holds():
    entries = [entry(name) for name in "abcd"]

    by_policy, _ = admitted(entries, allowance=replace(WIDE, concurrent=2))
    by_cluster, waiting = admitted(entries, cluster=3)

    assert len(by_policy) == 2
    assert len(by_cluster) == 3
    assert [reason.code for reason in waiting.values()] == ["ClusterConcurrency"]


def test_moves_of_the_last_hour_count_against_the_hourly_budget():
    tight = replace(WIDE, per_hour=2)
    starts = [Start(SHOP, workload("z"), 9_000.0), Start(SHOP, workload("y"), 6_000.0)]

    names, waiting = admitted([entry("a"), entry("b")], allowance=tight, starts=starts)

    assert names == ["a"]
    assert waiting["b"].code == "HourlyBudget"
    assert "2 of 2 moves" in waiting["b"].message


def test_a_closed_policy_starts_nothing_and_says_why():
    closed = replace(WIDE, closed=Reason("Paused", "policy shop/near is paused by its owner"))

    names, waiting = admitted([entry("a")], allowance=closed)

    assert names == []
    assert waiting["a"].message == "policy shop/near is paused by its owner"


def test_a_move_whose_policy_is_gone_waits():
    pacing = admit([entry("a")], [], {}, cluster_concurrent=5, now_seconds=0)

    assert pacing.admitted == ()
    assert pacing.waiting[0][1].code == "PolicyGone"


def test_a_workload_cools_down_after_its_last_move():
    starts = [Start(SHOP, workload("a"), 100.0), Start(SHOP, workload("b"), 900.0)]

    assert cooling(starts, SHOP, 500, 1_000) == {workload("b")}
