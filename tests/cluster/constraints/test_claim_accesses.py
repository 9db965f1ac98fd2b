from shorthaul.cluster.constraints import claim_accesses
from shorthaul.cluster.worlds import World
from worlds.builders import claim, claimed, cluster, node, pod


def ask(mode, other_on):
    ours = pod("db-0", "n1", volumes=(claimed("data"),))
    other = pod("dump-0", other_on, volumes=(claimed("data"),))
    shared = claim("data", "pv-1", (mode,))
    world = World(cluster(node("n1"), node("n2"), ours, other, shared))
    return claim_accesses.check(ours, world.nodes["n2"], world)


def test_a_claim_for_many_may_be_used_from_two_nodes():
    assert ask("ReadWriteMany", "n1") is None


def test_a_claim_for_one_node_may_be_used_by_two_pods_there():
    assert ask("ReadWriteOnce", "n2") is None


def test_a_claim_for_one_node_is_not_used_from_a_second():
    reason = ask("ReadWriteOnce", "n1")

    assert reason.code == "ClaimInUse"
    assert "shop/dump-0" in reason.message


def test_a_claim_for_one_pod_is_not_used_by_a_second():
    assert ask("ReadWriteOncePod", "n2").code == "ClaimInUse"
