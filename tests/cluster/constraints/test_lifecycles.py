import pytest

from shorthaul.cluster.constraints import lifecycles
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod


def ask(ours):
    return lifecycles.veto(ours, World(cluster(node("n1"), ours)), Rules(), 0)


def test_a_pod_that_runs_and_is_ready_may_be_moved():
    assert ask(pod("cart-1", "n1")) is None


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"ready": False}, "PodNotReady"),
        ({"phase": "Pending"}, "PodPending"),
        ({"phase": "Succeeded"}, "PodFinished"),
        ({"phase": "Failed"}, "PodFinished"),
        ({"terminating": True}, "PodTerminating"),
        ({"gates": ("wait",)}, "PodGated"),
        ({"node": None}, "PodPending"),
        ({"node": "gone"}, "NodeUnknown"),
    ],
)
def test_a_pod_in_any_other_state_is_not(state, code):
    assert ask(pod("cart-1", "n1", **state)).code == code
