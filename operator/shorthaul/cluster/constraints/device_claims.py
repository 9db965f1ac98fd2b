"""A pod with claimed devices (DRA) is not moved: which nodes have such devices is not modelled."""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether a pod holds resource claims."""
    if not pod.resource_claims:
        return None
    return Reason(
        "DeviceClaimed", f"pod {pod.ref} holds resource claim {', '.join(pod.resource_claims)}"
    )
