from shorthaul.cluster.constraints import volume_zones
from shorthaul.cluster.snapshots import PersistentVolume, Volume
from shorthaul.cluster.worlds import World
from worlds.builders import ZONE, claim, claimed, cluster, node, node_term, pod


def ask(volume, on="n2", **more):
    ours = pod("db-0", "n1", kind="StatefulSet", volumes=(claimed("data"),))
    parts = [node("n1", "z1"), node("n2", "z2"), ours, claim("data", "pv-1"), volume]
    world = World(cluster([part for part in parts if part is not None], **more))
    return volume_zones.check(ours, world.nodes[on], world)


def test_a_volume_without_a_place_goes_everywhere():
    assert ask(PersistentVolume("pv-1")) is None


def test_a_volume_is_reached_only_where_its_node_affinity_says():
    volume = PersistentVolume("pv-1", node_terms=(node_term(ZONE, "In", "z1"),))

    assert ask(volume, "n1") is None
    assert ask(volume, "n2").code == "VolumeOutOfReach"


def test_a_volume_is_reached_only_in_the_zones_of_its_labels():
    assert ask(PersistentVolume("pv-1", labels={ZONE: "z1__z2"})) is None
    assert ask(PersistentVolume("pv-1", labels={ZONE: "z1"})).code == "VolumeOutOfReach"


def test_the_old_zone_label_of_a_volume_is_held_against_the_new_one_of_a_node():
    old = "failure-domain.beta.kubernetes.io/zone"

    assert ask(PersistentVolume("pv-1", labels={old: "z2"})) is None
    assert ask(PersistentVolume("pv-1", labels={old: "z1"})) is not None


def test_what_is_not_known_could_be_anywhere():
    assert ask(None).code == "VolumeUnknown"
    assert ask(PersistentVolume("pv-1"), claims={}).code == "ClaimUnknown"


def test_the_claim_of_an_ephemeral_volume_is_made_anew():
    ours = pod("db-0", "n1", volumes=(Volume("tmp", "ephemeral", "db-0-tmp"),))
    world = World(cluster(node("n1"), node("n2"), ours))

    assert volume_zones.check(ours, world.nodes["n2"], world) is None
