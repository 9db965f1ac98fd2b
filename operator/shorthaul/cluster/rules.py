"""What the owners of workloads ask of any placement, beside what Kubernetes itself enforces.

The AffinityPolicy's constraints as plain values, so that this folder needs no API objects; `api`
fills them. The defaults are those of an offline `plan` without a policy (DESIGN §8).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shorthaul.cluster.reasons import Reason
from shorthaul.units import Namespace, WorkloadRef

PROTECTED_NAMESPACES = frozenset({Namespace("kube-system"), Namespace("shorthaul-system")})


@dataclass(frozen=True, slots=True)
class WorkloadRules:
    """How one workload may be treated; hosts and zones are floors of distinct ones.

    A workload with at least `least_hosts` replicas keeps at least that many hosts, one with fewer
    keeps what it has; zones alike. `trust_domain` "" shares hosts with everybody but others' named
    domains: two pods of different domains never share a host. `resting` is why it may not be moved
    for now.
    """

    movable: bool = True
    resting: Reason | None = None
    least_hosts: int = 2
    least_zones: int = 1
    trust_domain: str = ""
    allow_empty_dir: bool = False
    allow_single_replica: bool = True
    minimum_age_seconds: float = 0.0
    attracted_by: frozenset[Namespace] | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules by workload, and those of every other workload."""

    default: WorkloadRules = WorkloadRules()
    workloads: Mapping[WorkloadRef, WorkloadRules] = field(default_factory=dict)
    protected_namespaces: frozenset[Namespace] = PROTECTED_NAMESPACES

    def of(self, workload: WorkloadRef) -> WorkloadRules:
        """The rules of one workload."""
        return self.workloads.get(workload, self.default)
