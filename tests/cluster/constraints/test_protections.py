import pytest

from shorthaul.cluster.constraints import protections
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Workload
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod, workload_reference

MARK = {"shorthaul.dev/do-not-move": "true"}


def ask(ours, *parts, **more):
    return protections.veto(ours, World(cluster(node("n1"), ours, parts, **more)), Rules(), 0)


@pytest.mark.parametrize(
    "annotations",
    [
        {},
        {"shorthaul.dev/do-not-move": "false"},
        {"karpenter.sh/do-not-disrupt": "false"},
        {"cluster-autoscaler.kubernetes.io/safe-to-evict": "true"},
    ],
)
def test_a_pod_that_nobody_protects_may_be_moved(annotations):
    assert ask(pod("cart-1", "n1", annotations=annotations)) is None


@pytest.mark.parametrize(
    "annotations",
    [
        MARK,
        {"shorthaul.dev/do-not-move": ""},
        {"karpenter.sh/do-not-disrupt": "true"},
        {"karpenter.sh/do-not-disrupt": "30m"},
        {"karpenter.sh/do-not-evict": "true"},
        {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
        {"descheduler.alpha.kubernetes.io/prefer-no-eviction": ""},
    ],
)
def test_a_pod_that_its_owner_protects_is_never_moved(annotations):
    reason = ask(pod("cart-1", "n1", annotations=annotations))

    assert reason.code == "Protected"
    assert "pod shop/cart-1" in reason.message


def test_a_mark_on_the_workload_or_the_namespace_protects_its_pods():
    ours = pod("cart-1", "n1")
    marked = Workload(workload_reference("cart"), annotations=MARK)

    assert "workload shop/cart" in ask(ours, marked).message
    assert "namespace shop" in ask(ours, namespace_annotations={"shop": MARK}).message
    assert ask(ours, namespace_annotations={"pay": MARK}) is None
