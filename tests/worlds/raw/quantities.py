"""What pods ask and nodes give, from raw objects: cpu in cores, memory in bytes, one pod each."""

from decimal import Decimal

_SUFFIXES = {
    "m": Decimal("0.001"),
    "k": 1000,
    **{letter: Decimal(1000) ** (i + 2) for i, letter in enumerate("MGT")},
    **{f"{letter}i": Decimal(1024) ** (i + 1) for i, letter in enumerate("KMGT")},
}
RESOURCES = ("cpu", "memory", "pods")


def quantity(text: str | int) -> Decimal:
    """A Kubernetes quantity as a number."""
    text = str(text)
    for suffix in ("Ki", "Mi", "Gi", "Ti", "m", "k", "M", "G", "T"):
        if text.endswith(suffix):
            return Decimal(text.removesuffix(suffix)) * _SUFFIXES[suffix]
    return Decimal(text)


def asked(pod: dict, resource: str) -> Decimal:
    """What a pod takes of a node: spec or allocated, whichever is more, with its overhead."""
    if resource == "pods":
        return Decimal(1)
    spec, status = pod["spec"], pod.get("status", {})
    allocated = {
        one["name"]: _amount(one.get("allocatedResources", {}), resource)
        for one in status.get("containerStatuses", [])
    }
    running = sum(
        (
            max(_requests(one, resource), allocated.get(one["name"], 0))
            for one in spec["containers"]
        ),
        Decimal(0),
    )
    highest = Decimal(0)
    for one in spec.get("initContainers", []):
        if one.get("restartPolicy") == "Always":
            running += _requests(one, resource)
        else:
            highest = max(highest, _requests(one, resource))
    whole = _requests(spec, resource) or max(running, highest)
    return whole + _amount(spec.get("overhead", {}), resource)


def given(node: dict, resource: str) -> Decimal:
    """What a node has for pods."""
    return _amount(node["status"]["allocatable"], resource)


def _requests(holder: dict, resource: str) -> Decimal:
    return _amount(holder.get("resources", {}).get("requests", {}), resource)


def _amount(amounts: dict, resource: str) -> Decimal:
    return quantity(amounts.get(resource, 0))
