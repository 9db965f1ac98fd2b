"""From a snapshot to the directory that traffic is attributed with.

Finished pods stay in it, since recordings outlive them. A pod on its node's own network has the
node's address, which says nothing about the pod, so such addresses are left out.
"""

from collections.abc import Iterable

from shorthaul.cluster.snapshots import Pod, Snapshot
from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.units import PodRef


def directory_of(snapshot: Snapshot) -> Directory:
    """Pods, ReplicaSets and workloads that exist; a workload of some pod exists, listed or not."""
    pods = snapshot.pods
    return Directory(
        pods={ref: PodIdentity(pod.workload, pod.node) for ref, pod in pods.items()},
        replica_sets=snapshot.replica_sets,
        workloads=frozenset((*snapshot.workloads, *(pod.workload for pod in pods.values()))),
        pods_by_address=_addresses(pods.values()),
    )


def _addresses(pods: Iterable[Pod]) -> dict[str, PodRef]:
    """Addresses of running pods; one that two pods claim belongs to nobody."""
    owners: dict[str, PodRef] = {}
    doubled: set[str] = set()
    for pod in pods:
        if pod.host_network or not pod.active:
            continue
        for address in pod.addresses:
            if owners.setdefault(address, pod.ref) != pod.ref:
                doubled.add(address)
    return {address: ref for address, ref in owners.items() if address not in doubled}
