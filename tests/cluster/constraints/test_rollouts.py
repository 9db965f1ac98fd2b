from shorthaul.cluster.constraints import rollouts
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Workload
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod, replicas, workload_reference

CART = workload_reference("cart")


def ask(workload, ours):
    return rollouts.veto(ours[0], World(cluster(node("n1"), ours, workload)), Rules(), 0)


def test_a_workload_at_rest_may_be_touched():
    assert ask(Workload(CART, replicas=2), replicas("cart", "n1", "n1")) is None


def test_a_workload_in_a_rollout_may_not():
    assert ask(Workload(CART, replicas=1, rolling_out=True), replicas("cart", "n1")) is not None


def test_a_workload_that_is_scaled_may_not():
    reason = ask(Workload(CART, replicas=3), replicas("cart", "n1", "n1"))

    assert reason.code == "Scaling"
    assert "has 2 pods and wants 3" in reason.message


def test_pods_that_end_are_not_counted():
    ours = (*replicas("cart", "n1"), pod("cart-9", "n1", terminating=True))
    done = pod("cart-8", "n1", phase="Failed")

    assert ask(Workload(CART, replicas=1), (*ours, done)) is None
