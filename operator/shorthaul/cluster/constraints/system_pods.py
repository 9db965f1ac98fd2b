"""What the cluster itself runs on is not moved: critical priorities and protected namespaces."""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World

CRITICAL_PRIORITY = 2_000_000_000
_CRITICAL_CLASSES = frozenset({"system-cluster-critical", "system-node-critical"})


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether a pod is part of the system."""
    if pod.ref.namespace in rules.protected_namespaces:
        return Reason("ProtectedNamespace", f"namespace {pod.ref.namespace} is never touched")
    if pod.priority >= CRITICAL_PRIORITY or pod.priority_class in _CRITICAL_CLASSES:
        return Reason(
            "SystemCritical",
            f"pod {pod.ref} has priority {pod.priority} ({pod.priority_class or 'no class'})",
        )
    return None
