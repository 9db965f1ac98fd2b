import pytest

from shorthaul.cluster.constraints import cordons
from shorthaul.cluster.snapshots import Toleration
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod


def test_a_ready_node_is_a_target():
    ours = pod("cart-1", "n1")
    world = World(cluster(node("n1"), node("n2"), ours))

    assert cordons.check(ours, world.nodes["n2"], world) is None


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"unschedulable": True}, "NodeCordoned"),
        ({"ready": False}, "NodeNotReady"),
        ({"pressures": ("DiskPressure",)}, "NodeUnderPressure"),
        ({"deleting": True}, "NodeDeleting"),
    ],
)
def test_a_node_that_takes_nothing_is_no_target(state, code):
    ours = pod("cart-1", "n1", tolerations=(Toleration(operator="Exists"),))
    world = World(cluster(node("n1"), node("n2", **state), ours))

    assert cordons.check(ours, world.nodes["n2"], world).code == code
