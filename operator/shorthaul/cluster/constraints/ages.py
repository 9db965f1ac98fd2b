"""A pod younger than its policy's minimum is not moved: it has hardly warmed up."""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether a pod is too young."""
    least = rules.of(pod.workload).minimum_age_seconds
    age = now_seconds - pod.created_seconds
    if least <= 0 or age >= least:
        return None
    return Reason("TooYoung", f"pod {pod.ref} is {age:.0f} s old, {least:.0f} s are the least")
