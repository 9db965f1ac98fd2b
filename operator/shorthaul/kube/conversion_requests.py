"""What a pod takes of a node, counted as the scheduler counts it.

Source of the rules: k8s.io/component-helpers `resource.PodRequests` with KEP-753 (sidecars),
KEP-2837 (pod-level resources) and KEP-1287 (in-place resize: the larger of what is asked, what was
allocated and what is in force). A container that has only a limit requests as much, as the API
server would have defaulted it.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from shorthaul.cluster.resources import CPU, MEMORY, PODS, Resources, parse_quantity
from shorthaul.kube import objects, pod_objects
from shorthaul.units import ResourceName

_POD_LEVEL = (CPU, MEMORY)
_NOTHING = Resources()
_CPU_KEYS = frozenset({"cpu", "requests.cpu", "limits.cpu"})
_MOST_ASKED = 2**53
Statuses = Mapping[str, pod_objects.ContainerStatus]


def amounts_of(raw: objects.Quantities, where: str) -> Resources:
    """Quantities as integers; raises ValueError that names the field."""
    if not raw:
        return _NOTHING
    return Resources({ResourceName(n): amount(n, v, where) for n, v in raw.items()})


def amount(name: str, value: objects.Quantity, where: str) -> int:
    """One quantity by resource or quota key; raises ValueError that names the field."""
    text = value if isinstance(value, str) else repr(value)
    resource = CPU if name in _CPU_KEYS else ResourceName(name)
    try:
        return _parsed(text, resource)
    except ValueError as error:
        raise ValueError(f"{where}.{name}: {error}") from None


@lru_cache(maxsize=4096)
def _parsed(text: str, resource: ResourceName) -> int:
    return parse_quantity(text, resource)


def requests_of(raw: pod_objects.Pod) -> Resources:
    """What the scheduler counts for a pod, itself included."""
    spec = raw.spec
    refused = _resize_is_impossible(raw)
    containers = _statuses(raw.status.container_statuses)
    sidecars = _statuses(raw.status.init_container_statuses)
    main = _total(_container_requests(one, containers, refused) for one in spec.containers or ())
    starting, staying = _init_requests(spec.init_containers or (), sidecars, refused)
    counted = main.plus(staying).largest(starting)
    counted = _with_pod_level(counted, raw)
    counted = counted.plus(amounts_of(spec.overhead, "spec.overhead"))
    return _capped(counted).plus(Resources({PODS: 1}))


def _capped(asked: Resources) -> Resources:
    """At most more than any node has, so that sums over a thousand pods fit into 64 bits."""
    return Resources({name: min(value, _MOST_ASKED) for name, value in asked.amounts.items()})


def limits_of(raw: pod_objects.Pod) -> Resources:
    """A pod's limits as a quota counts them; overhead adds only where there is a limit."""
    spec = raw.spec
    containers = spec.containers or ()
    limits = _total(_limits(one.resources, "spec.containers.resources") for one in containers)
    peak, staying = _NOTHING, _NOTHING
    for one in spec.init_containers or ():
        own = _limits(one.resources, "spec.initContainers.resources")
        if one.restart_policy == "Always":
            staying = staying.plus(own)
            peak = peak.largest(staying)
        else:
            peak = peak.largest(staying.plus(own))
    limits = limits.plus(staying).largest(peak)
    limits = Resources({**limits.amounts, **_limits(spec.resources, "spec.resources").amounts})
    overhead = amounts_of(spec.overhead, "spec.overhead")
    return Resources(
        {name: value + overhead.get(name) for name, value in limits.amounts.items() if value}
    )


def is_best_effort(raw: pod_objects.Pod) -> bool:
    """Whether no container asks for cpu or memory; the API server's word counts first."""
    if raw.status.qos_class:
        return raw.status.qos_class == "BestEffort"
    asked = requests_of(raw).plus(limits_of(raw))
    return not asked.get(CPU) and not asked.get(MEMORY)


def _container_requests(raw: pod_objects.Container, statuses: Statuses, refused: bool) -> Resources:
    """The larger of asked and granted; what was asked is left out when it cannot be granted."""
    status = statuses.get(raw.name)
    asked = _asked(raw.resources, f"container {raw.name} resources")
    if status is None:
        return asked
    granted = amounts_of(status.allocated_resources, f"container {raw.name} allocatedResources")
    if status.resources is not None:
        running = amounts_of(status.resources.requests, f"container {raw.name} resources.requests")
        granted = granted.largest(running)
    if refused and granted.amounts:
        return granted
    return asked.largest(granted)


def _init_requests(
    containers: Iterable[pod_objects.Container], statuses: Statuses, refused: bool
) -> tuple[Resources, Resources]:
    """The peak while starting, and what the sidecars go on taking."""
    peak, staying = _NOTHING, _NOTHING
    for one in containers:
        own = _container_requests(one, statuses, refused)
        if one.restart_policy == "Always":
            staying = staying.plus(own)
            peak = peak.largest(staying)
        else:
            peak = peak.largest(staying.plus(own))
    return peak, staying


def _with_pod_level(counted: Resources, raw: pod_objects.Pod) -> Resources:
    """Pod-level requests replace the sum of the containers', for the resources they may name."""
    if raw.spec.resources is None:
        return counted
    asked = _asked(raw.spec.resources, "spec.resources")
    granted = amounts_of(raw.status.allocated_resources, "status.allocatedResources")
    overriding = {
        name: max(value, granted.get(name))
        for name, value in asked.amounts.items()
        if name in _POD_LEVEL or name.startswith("hugepages-")
    }
    return Resources({**counted.amounts, **overriding})


def _asked(raw: objects.ResourceRequirements | None, where: str) -> Resources:
    if raw is None:
        return _NOTHING
    requests = amounts_of(raw.requests, f"{where}.requests")
    return Resources({**_limits(raw, where).amounts, **requests.amounts})


def _limits(raw: objects.ResourceRequirements | None, where: str) -> Resources:
    return amounts_of(raw.limits if raw else None, f"{where}.limits")


def _total(parts: Iterable[Resources]) -> Resources:
    total = _NOTHING
    for part in parts:
        total = total.plus(part)
    return total


def _statuses(raw: Iterable[pod_objects.ContainerStatus] | None) -> Statuses:
    return {status.name: status for status in raw or ()}


def _resize_is_impossible(raw: pod_objects.Pod) -> bool:
    return any(
        part.type == "PodResizePending" and part.reason == "Infeasible"
        for part in raw.status.conditions or ()
    )
