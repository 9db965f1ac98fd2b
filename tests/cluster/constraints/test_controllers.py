import pytest

from shorthaul.cluster.constraints import controllers
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.worlds import World
from shorthaul.units import Namespace, WorkloadRef
from worlds.builders import cluster, node, pod


def ask(ours):
    return controllers.veto(ours, World(cluster(node("n1"), ours)), Rules(), 0)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "ReplicationController"])
def test_a_pod_that_is_made_anew_may_be_moved(kind):
    assert ask(pod("cart-1", "n1", kind=kind)) is None


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("DaemonSet", "DaemonSetPod"),
        ("Job", "JobPod"),
        ("Node", "StaticPod"),
        ("TaskRun", "UnknownController"),
    ],
)
def test_a_pod_that_is_not_made_anew_elsewhere_is_never_moved(kind, code):
    assert ask(pod("cart-1", "n1", kind=kind)).code == code


def test_a_job_of_a_cron_job_is_never_moved():
    owner = WorkloadRef(Namespace("shop"), "CronJob", "nightly")

    assert ask(pod("nightly-1-x", "n1", kind="Job", workload=owner)).code == "JobPod"


def test_a_bare_pod_is_never_moved():
    assert ask(pod("cart-1", "n1", owner_kind="", owner_name="")).code == "BarePod"


def test_a_mirror_pod_is_static_whoever_owns_it():
    mirror = {"kubernetes.io/config.mirror": "abc"}

    assert ask(pod("cart-1", "n1", annotations=mirror)).code == "StaticPod"
