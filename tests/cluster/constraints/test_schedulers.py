from shorthaul.cluster.constraints import schedulers
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod


def ask(ours):
    return schedulers.veto(ours, World(cluster(node("n1"), ours)), Rules(), 0)


def test_a_pod_of_the_default_scheduler_may_be_moved():
    assert ask(pod("cart-1", "n1")) is None


def test_a_pod_of_another_scheduler_is_not():
    assert ask(pod("cart-1", "n1", scheduler="volcano")).code == "OtherScheduler"
