from shorthaul.cluster.constraints import single_writers
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.worlds import World
from worlds.builders import claim, claimed, cluster, node, pod


def ask(mode):
    ours = pod("db-0", "n1", volumes=(claimed("data"),))
    world = World(cluster(node("n1"), ours, claim("data", "pv-1", (mode,))))
    return single_writers.veto(ours, world, Rules(), 0)


def test_a_pod_with_a_claim_for_one_node_may_be_moved():
    assert ask("ReadWriteOnce") is None


def test_a_pod_with_a_claim_for_one_pod_is_not():
    assert ask("ReadWriteOncePod").code == "SingleWriterClaim"
