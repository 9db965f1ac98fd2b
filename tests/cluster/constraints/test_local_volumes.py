import pytest

from shorthaul.cluster.constraints import local_volumes
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.cluster.snapshots import PersistentVolume, Volume
from shorthaul.cluster.worlds import World
from worlds.builders import claim, claimed, cluster, node, pod

SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
SCRATCH = Volume("tmp", "emptyDir")
SHARED_MEMORY = Volume("shm", "emptyDir", memory_backed=True)


def ask(*volumes, source="csi", allow=False, **more):
    ours = pod("cart-1", "n1", volumes=volumes, **more)
    bound = (claim("data", "pv-1"), PersistentVolume("pv-1", source))
    rules = Rules(WorkloadRules(allow_empty_dir=allow))
    return local_volumes.veto(ours, World(cluster(node("n1"), ours, bound)), rules, 0)


def test_a_pod_whose_files_are_elsewhere_may_be_moved():
    assert ask(claimed("data"), Volume("settings", "other"), Volume("token", "csi")) is None


@pytest.mark.parametrize("source", ["local", "hostPath"])
def test_a_pod_with_a_local_volume_is_never_moved(source):
    assert ask(claimed("data"), source=source, allow=True).code == "LocalVolume"


def test_a_pod_with_a_host_path_is_never_moved():
    assert ask(Volume("logs", "hostPath"), allow=True).code == "HostPathVolume"


@pytest.mark.parametrize("volume", [SCRATCH, SHARED_MEMORY])
def test_a_pod_with_an_empty_dir_is_moved_only_where_its_loss_is_allowed(volume):
    assert ask(volume).code == "EmptyDirVolume"
    assert ask(volume, allow=True) is None


def test_the_owner_may_allow_the_loss_of_single_volumes():
    annotations = {SAFE: "shm, tmp"}

    assert ask(SCRATCH, SHARED_MEMORY, annotations=annotations) is None
    assert ask(SCRATCH, annotations={SAFE: "cache"}) is not None


def test_an_ephemeral_volume_is_lost_too():
    assert ask(Volume("big", "ephemeral", "cart-1-big")).code == "EphemeralVolume"
    assert ask(Volume("big", "ephemeral", "cart-1-big"), allow=True) is None
