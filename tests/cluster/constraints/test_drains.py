import pytest

from shorthaul.cluster.constraints import drains
from shorthaul.cluster.snapshots import Taint, Toleration
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod

EVERYTHING = (Toleration(operator="Exists"),)


def test_a_node_with_an_ordinary_taint_is_not_being_drained():
    ours = pod("cart-1", "n1")
    world = World(cluster(node("n1"), node("n2", taints=(Taint("gpu", "", "NoSchedule"),)), ours))

    assert drains.check(ours, world.nodes["n2"], world) is None


@pytest.mark.parametrize(
    "taint",
    [
        Taint("ToBeDeletedByClusterAutoscaler", "1700000000", "NoSchedule"),
        Taint("DeletionCandidateOfClusterAutoscaler", "1700000000", "PreferNoSchedule"),
        Taint("karpenter.sh/disrupted", "", "NoSchedule"),
        Taint("karpenter.sh/disruption", "disrupting", "NoSchedule"),
    ],
)
def test_a_node_that_is_being_removed_is_no_target_even_for_who_tolerates_all(taint):
    ours = pod("cart-1", "n1", tolerations=EVERYTHING)
    world = World(cluster(node("n1"), node("n2", taints=(taint,)), ours))

    reason = drains.check(ours, world.nodes["n2"], world)

    assert reason.code == "NodeDraining"
    assert taint.key in reason.message
