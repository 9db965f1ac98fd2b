from shorthaul.cluster.constraints import unknown_volumes
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import PersistentVolume
from shorthaul.cluster.worlds import World
from worlds.builders import claim, claimed, cluster, node, pod


def ask(*parts):
    ours = pod("db-0", "n1", volumes=(claimed("data"),))
    return unknown_volumes.veto(ours, World(cluster(node("n1"), ours, parts)), Rules(), 0)


def test_a_pod_with_known_volumes_may_be_moved():
    assert ask(claim("data", "pv-1"), PersistentVolume("pv-1")) is None


def test_a_pod_with_a_claim_or_volume_that_nobody_knows_is_not():
    assert ask().code == "ClaimUnknown"
    assert ask(claim("data", "pv-1")).code == "VolumeUnknown"
