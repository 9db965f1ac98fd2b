from shorthaul.cluster.constraints import ages
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod

RULES = Rules(WorkloadRules(minimum_age_seconds=600))


def ask(now_seconds):
    ours = pod("cart-1", "n1", created_seconds=1000)
    return ages.veto(ours, World(cluster(node("n1"), ours)), RULES, now_seconds)


def test_a_pod_of_the_least_age_may_be_moved():
    assert ask(1600) is None


def test_a_younger_pod_is_not():
    reason = ask(1599)

    assert reason.code == "TooYoung"
    assert reason.message == "pod shop/cart-1 is 599 s old, 600 s are the least"
