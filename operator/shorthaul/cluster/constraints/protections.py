"""Owners say by annotation that a pod, a workload or a namespace is to be left alone.

Our own mark and those that other movers honour: cluster-autoscaler, Karpenter, descheduler. A mark
with the value "false" is no mark, except for the descheduler's, which counts by its presence, and
cluster-autoscaler's, whose "false" is the mark.
"""

from collections.abc import Mapping

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World

DO_NOT_MOVE = "shorthaul.dev/do-not-move"
_NO_EVICTION = "descheduler.alpha.kubernetes.io/prefer-no-eviction"
_SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
_KARPENTER = ("karpenter.sh/do-not-disrupt", "karpenter.sh/do-not-evict")


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether anybody marked a pod as not to be moved."""
    workload = world.snapshot.workloads.get(pod.workload)
    places: tuple[tuple[str, Mapping[str, str]], ...] = (
        (f"pod {pod.ref}", pod.annotations),
        (f"workload {pod.workload}", workload.annotations if workload else {}),
        (
            f"namespace {pod.ref.namespace}",
            world.snapshot.namespace_annotations.get(pod.ref.namespace, {}),
        ),
    )
    for what, annotations in places:
        mark = _mark(annotations)
        if mark:
            return Reason("Protected", f"{what} has the annotation {mark}={annotations[mark]!r}")
    return None


def _mark(annotations: Mapping[str, str]) -> str:
    if _NO_EVICTION in annotations:
        return _NO_EVICTION
    if annotations.get(_SAFE_TO_EVICT, "").lower() == "false":
        return _SAFE_TO_EVICT
    for key in (DO_NOT_MOVE, *_KARPENTER):
        if annotations.get(key, "false").lower() != "false":
            return key
    return ""
