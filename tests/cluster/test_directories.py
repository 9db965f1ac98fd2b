"""From a snapshot to the directory: who exists, and whose address is whose."""

from shorthaul.cluster import snapshots
from shorthaul.cluster.directories import directory_of
from shorthaul.units import PodRef, WorkloadRef
from worlds import builders


def addresses(*pods):
    return directory_of(builders.cluster(builders.nodes(2), pods)).pods_by_address


def test_pods_come_with_their_workload_and_node():
    directory = directory_of(builders.cluster(builders.nodes(1), builders.pod("shop/web-1", "n1")))

    identity = directory.pods[PodRef("shop", "web-1")]
    assert (identity.workload, identity.node) == (WorkloadRef("shop", "Deployment", "web"), "n1")


def test_a_workload_exists_when_it_is_listed_or_has_a_pod():
    listed = snapshots.Workload(WorkloadRef("shop", "Deployment", "idle"), replicas=0)
    pod = builders.pod("shop/web-1", "n1")
    world = builders.cluster(builders.nodes(1), pod, listed, workloads={listed.ref: listed})

    assert directory_of(world).workloads == {listed.ref, pod.workload}


def test_an_address_belongs_to_its_running_pod():
    pod = builders.pod("shop/web-1", "n1", addresses=("10.0.0.1", "fd00::1"))

    assert addresses(pod) == {"10.0.0.1": pod.ref, "fd00::1": pod.ref}


def test_addresses_of_finished_and_of_host_network_pods_are_nobodys():
    finished = builders.pod("shop/job-1", "n1", addresses=("10.0.0.1",), phase="Succeeded")
    agent = builders.pod("shop/agent-1", "n1", addresses=("10.250.0.1",), host_network=True)

    assert addresses(finished, agent) == {}


def test_an_address_that_two_pods_claim_is_nobodys():
    one, other = (builders.pod(f"shop/web-{i}", "n1", addresses=("10.0.0.1",)) for i in (1, 2))

    assert addresses(one, other) == {}
