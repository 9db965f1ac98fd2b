from shorthaul.cluster.constraints import gangs
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod


def ask(ours):
    return gangs.veto(ours, World(cluster(node("n1"), ours)), Rules(), 0)


def test_a_pod_of_no_group_may_be_moved():
    assert ask(pod("cart-1", "n1")) is None


def test_a_member_of_a_gang_is_not():
    reason = ask(pod("train-1", "n1", group="train"))

    assert reason.code == "GangMember"
    assert "train" in reason.message
