"""A pod with a ReadWriteOncePod claim is not moved.

Its successor cannot start before it is gone for good, and waits unscheduled until then.
"""

from shorthaul.cluster import storage
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World

MODE = "ReadWriteOncePod"


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether a pod is the one writer of a claim."""
    for name, claim in storage.lasting_claims(pod, world.snapshot):
        if claim is not None and MODE in claim.access_modes:
            return Reason("SingleWriterClaim", f"claim {name} of pod {pod.ref} is {MODE}")
    return None
