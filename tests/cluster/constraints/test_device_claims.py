from shorthaul.cluster.constraints import device_claims
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod


def ask(ours):
    return device_claims.veto(ours, World(cluster(node("n1"), ours)), Rules(), 0)


def test_a_pod_without_claimed_devices_may_be_moved():
    assert ask(pod("cart-1", "n1")) is None


def test_a_pod_with_a_claimed_device_is_not():
    assert ask(pod("ml-1", "n1", resource_claims=("gpu",))).code == "DeviceClaimed"
