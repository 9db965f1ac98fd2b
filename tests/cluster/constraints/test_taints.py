import pytest

from shorthaul.cluster.constraints import taints
from shorthaul.cluster.snapshots import Taint, Toleration
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod


def world_of(taint, *tolerations):
    ours = pod("cart-1", "n1", tolerations=tolerations)
    world = World(cluster(node("n1"), node("n2", taints=(taint,)), ours))
    return ours, world.nodes["n2"], world


@pytest.mark.parametrize(
    "toleration",
    [
        Toleration("team", "Equal", "blue", "NoSchedule"),
        Toleration("team", "Equal", "blue"),
        Toleration("team", "Exists"),
        Toleration(operator="Exists"),
        Toleration("team", "", "blue"),
    ],
)
def test_a_tolerated_taint_lets_a_pod_in(toleration):
    assert taints.check(*world_of(Taint("team", "blue", "NoSchedule"), toleration)) is None


def test_a_preference_lets_everybody_in():
    assert taints.check(*world_of(Taint("team", "blue", "PreferNoSchedule"))) is None


@pytest.mark.parametrize(
    "toleration",
    [
        Toleration("team", "Equal", "red"),
        Toleration("team", "Exists", "", "NoExecute"),
        Toleration("other", "Exists"),
        Toleration("team", "Gt", "blue"),
    ],
)
@pytest.mark.parametrize("effect", ["NoSchedule"])
def test_a_taint_that_is_not_tolerated_keeps_a_pod_out(toleration, effect):
    reason = taints.check(*world_of(Taint("team", "blue", effect), toleration))

    assert reason.code == "TaintNotTolerated"
    assert "team=blue:NoSchedule" in reason.message


def test_no_execute_keeps_a_pod_out_too():
    assert taints.check(*world_of(Taint("down", "", "NoExecute"))).code == "TaintNotTolerated"
