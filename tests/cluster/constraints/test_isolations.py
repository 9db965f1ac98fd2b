from shorthaul.cluster.constraints import isolations
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.cluster.worlds import World
from worlds.builders import cluster, node, pod, workload_reference

RULES = Rules(
    workloads={
        workload_reference("cart"): WorkloadRules(trust_domain="blue"),
        workload_reference("web"): WorkloadRules(trust_domain="blue"),
        workload_reference("bank"): WorkloadRules(trust_domain="red"),
    }
)


def ask(mover, *others, rules=RULES):
    world = World(cluster(node("n1"), node("n2"), mover, others), rules)
    return isolations.check(mover, world.nodes["n2"], world)


def test_pods_of_one_domain_share_a_host():
    assert ask(pod("cart-1", "n1"), pod("web-1", "n2")) is None
    assert ask(pod("other-1", "n1"), pod("plain-1", "n2")) is None


def test_pods_of_two_domains_never_do():
    reason = ask(pod("cart-1", "n1"), pod("bank-1", "n2"))

    assert reason.code == "TrustDomainMismatch"
    assert "red" in reason.message
    assert "blue" in reason.message


def test_a_pod_of_no_domain_does_not_come_to_a_named_one_nor_the_other_way():
    assert ask(pod("plain-1", "n1"), pod("bank-1", "n2")) is not None
    assert ask(pod("bank-1", "n1"), pod("plain-1", "n2")) is not None


def test_what_belongs_to_the_node_shares_it_with_everybody():
    agent = pod("agent-x", "n2", kind="DaemonSet")
    proxy = pod("kube-system/dns-1", "n2")

    assert ask(pod("bank-1", "n1"), agent, proxy) is None
