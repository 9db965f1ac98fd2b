"""A pod whose claim or volume is not known is not moved: it could be bound to its node."""

from shorthaul.cluster import storage
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether anything about a pod's volumes is in the dark."""
    for name, claim in storage.lasting_claims(pod, world.snapshot):
        if claim is None:
            return Reason("ClaimUnknown", f"claim {name} of pod {pod.ref} is not known")
        if claim.volume and storage.volume_of(claim, world.snapshot) is None:
            return Reason("VolumeUnknown", f"volume {claim.volume} of pod {pod.ref} is not known")
    return None
