"""The names and quantities that every other module speaks in.

They exist so that no bare string or number crosses a folder border: a node is not a namespace, a
pod is not a workload, and a rate says what it counts. Nothing here knows Kubernetes objects.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

Namespace = NewType("Namespace", str)
NodeName = NewType("NodeName", str)
Uid = NewType("Uid", str)
ResourceName = NewType("ResourceName", str)


@dataclass(frozen=True, slots=True, order=True)
class PodRef:
    """One pod, by namespace and name."""

    namespace: Namespace
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class WorkloadRef:
    """What owns interchangeable pods: the topmost known controller (Deployment, StatefulSet, …)."""

    namespace: Namespace
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Unit(StrEnum):
    """What a rate counts; two units are never added."""

    BYTES = "bytes/s"
    FLOWS = "flows/s"


class Objective(StrEnum):
    """What a plan makes small."""

    BYTES = "bytes"
    FLOWS = "flows"
    LATENCY = "latency"
    COST = "cost"


class Routing(StrEnum):
    """How a Service spreads a client's traffic over the server's pods (DESIGN §5)."""

    UNIFORM = "uniform"
    ZONE = "zone"
    NODE = "node"
    LOCAL = "local"


class Tier(StrEnum):
    """The smallest part of the network that two pods share, from near to far."""

    HOST = "host"
    RACK = "rack"
    ZONE = "zone"
    REGION = "region"
    BEYOND = "beyond"


TIERS: tuple[Tier, ...] = tuple(Tier)
