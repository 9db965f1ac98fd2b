"""A node can attach only so many volumes of each CSI driver; a shared volume counts once."""

from collections.abc import Iterable

from shorthaul.cluster import storage
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, Pod
from shorthaul.cluster.worlds import World


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether a node can attach a pod's volumes beside those of the others."""
    if not node.attach_limits or not any(volume.claim for volume in pod.volumes):
        return None
    held = _volumes(world.others_on(node.name, pod), world)
    new = _volumes([pod], world) - held
    for driver, limit in sorted(node.attach_limits.items()):
        count = sum(1 for one, _ in held if one == driver)
        more = sum(1 for one, _ in new if one == driver)
        if more and count + more > limit:
            return Reason(
                "AttachLimitReached",
                f"node {node.name} has {count} of {limit} volumes of {driver} attached, pod "
                f"{pod.ref} needs {more} more",
            )
    return None


def _volumes(pods: Iterable[Pod], world: World) -> set[tuple[str, str]]:
    """Drivers and volumes; a claim without a volume will get one of its own."""
    snapshot = world.snapshot
    return {
        (storage.driver_of(claim, snapshot), claim.volume or f"{claim.namespace}/{claim.name}")
        for pod in pods
        for claim in storage.all_claims(pod, snapshot)
    }
