"""A pod's successor must fit the namespace's ResourceQuotas beside the pod itself.

The old pod counts until it is gone, and a ReplicaSet makes the new one at once; when that is
refused it tries again later and later. A StatefulSet waits until the old one is gone, so its pods
need no room beside themselves.
"""

from collections.abc import Iterable, Mapping

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.resources import PODS, shown
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.selectors import Requirement
from shorthaul.cluster.snapshots import Pod, Quota
from shorthaul.cluster.worlds import World
from shorthaul.units import ResourceName

_CLASS_SCOPE = "PriorityClass"


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether a quota would keep the pod's successor out."""
    return overdrawn([pod], world)


def overdrawn(pods: Iterable[Pod], world: World) -> Reason | None:
    """Whether successors of several pods at once would break a quota of theirs."""
    beside = [pod for pod in pods if pod.owner_kind != "StatefulSet"]
    namespaces = sorted({pod.ref.namespace for pod in beside})
    for quota in (one for namespace in namespaces for one in world.quotas_in(namespace)):
        counted = [pod for pod in beside if counts(quota, pod)]
        for key, hard in quota.hard.items() if counted else ():
            more = sum(_use(pod, key) for pod in counted)
            used = quota.used[key] if key in quota.used else _used(quota, key, world)
            if more and used + more > hard:
                unit = ResourceName(key.removeprefix("requests.").removeprefix("limits."))
                return Reason(
                    "QuotaExceeded",
                    f"quota {quota.namespace}/{quota.name} has {shown(used, unit)} of "
                    f"{shown(hard, unit)} {key} used, successors of {counted[0].ref} and "
                    f"{len(counted) - 1} more ask {shown(more, unit)}",
                )
    return None


def counts(quota: Quota, pod: Pod) -> bool:
    """Whether a quota counts a pod: namespace and all scopes."""
    if quota.namespace != pod.ref.namespace:
        return False
    named = (Requirement(scope, "Exists") for scope in quota.scopes)
    return all(_in_scope(pod, scope) for scope in (*named, *quota.scope_requirements))


def _in_scope(pod: Pod, scope: Requirement) -> bool:
    match scope.key:
        case "Terminating":
            return pod.has_deadline
        case "NotTerminating":
            return not pod.has_deadline
        case "BestEffort":
            return pod.best_effort
        case "NotBestEffort":
            return not pod.best_effort
        case "CrossNamespacePodAffinity":
            return pod.crosses_namespaces
        case "PriorityClass":
            labels: Mapping[str, str] = (
                {_CLASS_SCOPE: pod.priority_class} if pod.priority_class else {}
            )
            return scope.matches(labels)
        case _:
            return False


def _use(pod: Pod, key: str) -> int:
    """What a pod adds to one bound; 0 for bounds on other things than pods."""
    if key in ("pods", "count/pods"):
        return 1
    if key.startswith("limits."):
        return pod.limits.get(ResourceName(key.removeprefix("limits.")))
    name = ResourceName(key.removeprefix("requests."))
    return 0 if name == PODS else pod.requests.get(name)


def _used(quota: Quota, key: str, world: World) -> int:
    """What the namespace's pods use, for a quota whose status does not tell."""
    pods = world.in_namespace(quota.namespace)
    return sum(_use(pod, key) for pod in pods if counts(quota, pod))
