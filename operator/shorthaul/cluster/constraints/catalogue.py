"""The list of all constraints, in the order in which they are asked.

STATIC depend on the pod, the node and their volumes only, so their answers may be kept for all pods
of one kind; DYNAMIC depend on where other pods are. VETOES say that a pod may not be moved at all.
A new constraint is one module here, one line below and one test file.
"""

from collections.abc import Callable

from shorthaul.cluster.constraints import (
    ages,
    attach_limits,
    budgets,
    capacities,
    claim_accesses,
    consents,
    controllers,
    cordons,
    device_claims,
    drains,
    floors,
    gangs,
    host_ports,
    isolations,
    lifecycles,
    local_endpoints,
    local_volumes,
    node_affinities,
    pod_affinities,
    pod_anti_affinities,
    protections,
    quotas,
    rollouts,
    schedulers,
    single_writers,
    spreads,
    system_pods,
    taints,
    unbound_claims,
    unknown_volumes,
    volume_zones,
)
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Node, Pod
from shorthaul.cluster.worlds import World

Check = Callable[[Pod, Node, World], Reason | None]
Veto = Callable[[Pod, World, Rules, float], Reason | None]

STATIC: tuple[Check, ...] = (
    cordons.check,
    drains.check,
    taints.check,
    node_affinities.check,
    volume_zones.check,
    unbound_claims.check,
)
DYNAMIC: tuple[Check, ...] = (
    capacities.check,
    host_ports.check,
    pod_affinities.check,
    pod_anti_affinities.check,
    spreads.check,
    claim_accesses.check,
    attach_limits.check,
    isolations.check,
    floors.check,
)
VETOES: tuple[Veto, ...] = (
    controllers.veto,
    system_pods.veto,
    lifecycles.veto,
    protections.veto,
    consents.veto,
    schedulers.veto,
    gangs.veto,
    device_claims.veto,
    local_volumes.veto,
    unknown_volumes.veto,
    single_writers.veto,
    rollouts.veto,
    ages.veto,
    budgets.veto,
    quotas.veto,
    local_endpoints.veto,
)


def first_veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Why a pod may not be moved, in the words of the first constraint that says so."""
    for veto in VETOES:
        reason = veto(pod, world, rules, now_seconds)
        if reason is not None:
            return reason
    return None
