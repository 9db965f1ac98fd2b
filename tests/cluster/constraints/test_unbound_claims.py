from shorthaul.cluster.constraints import unbound_claims
from shorthaul.cluster.snapshots import StorageClass
from shorthaul.cluster.worlds import World
from worlds.builders import ZONE, claim, claimed, cluster, node, node_term, pod


def ask(storage_class, asked="fast", on="n2"):
    ours = pod("db-0", "n1", volumes=(claimed("data"),))
    unbound = claim("data", storage_class=asked)
    world = World(cluster(node("n1", "z1"), node("n2", "z2"), ours, unbound, storage_class))
    return unbound_claims.check(ours, world.nodes[on], world)


def test_a_class_that_waits_makes_its_volume_anywhere():
    assert ask(StorageClass("fast", wait_for_consumer=True)) is None


def test_a_class_makes_volumes_only_within_its_topologies():
    zonal = StorageClass("fast", "", True, (node_term(ZONE, "In", "z1"),))

    assert ask(zonal, on="n1") is None
    assert ask(zonal, on="n2").code == "ClaimOutOfReach"


def test_a_claim_whose_class_does_not_wait_must_be_bound_first():
    assert ask(StorageClass("fast")).code == "ClaimUnbound"
    assert ask(StorageClass("slow", wait_for_consumer=True)).code == "ClaimUnbound"


def test_a_claim_without_a_class_has_the_default_one():
    default = StorageClass("any", wait_for_consumer=True, is_default=True)

    assert ask(default, asked="") is None
