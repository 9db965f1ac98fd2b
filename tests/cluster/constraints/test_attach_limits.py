from shorthaul.cluster.constraints import attach_limits
from shorthaul.cluster.snapshots import PersistentVolume, StorageClass
from shorthaul.cluster.worlds import World
from worlds.builders import claim, claimed, cluster, node, pod


def ask(limit, *others, storage_class=""):
    ours = pod("db-0", "n1", volumes=(claimed("data"),))
    volumes = [PersistentVolume(f"pv-{name}", driver="ebs") for name in ("data", "a", "b")]
    claims = [claim("a", "pv-a"), claim("b", "pv-b")]
    claims.append(claim("data", "" if storage_class else "pv-data", storage_class=storage_class))
    target = node("n2", attach_limits={"ebs": limit, "nfs": 0})
    classes = StorageClass("fast", "ebs", wait_for_consumer=True)
    world = World(cluster(node("n1"), target, ours, others, volumes, claims, classes))
    return attach_limits.check(ours, world.nodes["n2"], world)


def test_one_more_volume_within_the_limit_is_attached():
    assert ask(2, pod("x-0", "n2", volumes=(claimed("a"),))) is None


def test_one_more_volume_beyond_the_limit_is_not():
    reason = ask(1, pod("x-0", "n2", volumes=(claimed("a"),)))

    assert reason.code == "AttachLimitReached"
    assert "1 of 1 volumes of ebs" in reason.message


def test_a_volume_that_is_attached_already_needs_no_room():
    assert ask(1, pod("x-0", "n2", volumes=(claimed("data"),))) is None


def test_a_volume_used_twice_counts_once():
    pair = [pod(f"x-{i}", "n2", volumes=(claimed("a"),)) for i in range(2)]

    assert ask(2, *pair) is None


def test_a_volume_that_will_be_made_counts_for_its_class():
    assert ask(1, pod("x-0", "n2", volumes=(claimed("a"),)), storage_class="fast") is not None
