from shorthaul.cluster.constraints import system_pods
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod


def ask(ours):
    return system_pods.veto(ours, World(cluster(node("n1"), ours)), Rules(), 0)


def test_an_important_pod_may_be_moved():
    assert ask(pod("cart-1", "n1", priority=1_000_000_000)) is None


def test_a_critical_pod_is_never_moved():
    assert ask(pod("cart-1", "n1", priority=2_000_000_000)).code == "SystemCritical"
    assert ask(pod("cart-1", "n1", priority_class="system-node-critical")) is not None


def test_the_namespaces_of_the_system_and_of_shorthaul_are_never_touched():
    assert ask(pod("kube-system/dns-1", "n1")).code == "ProtectedNamespace"
    assert ask(pod("shorthaul-system/operator-1", "n1")).code == "ProtectedNamespace"
