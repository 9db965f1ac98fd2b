"""Latencies of a Topology and targets of a policy, as the plain values that plans are made with."""

from collections.abc import Iterable, Mapping

from shorthaul.api import conditions
from shorthaul.api.policies import Policy, PolicyRef
from shorthaul.api.topologies import Topology
from shorthaul.cluster.targets import LatencyTarget
from shorthaul.topology.latencies import Latencies, Measured
from shorthaul.units import TIERS, Namespace, Objective, Tier, WorkloadRef


def latencies(topology: Topology) -> Latencies | None:
    """What a Topology knows of latencies, None when nothing."""
    spec, probed = topology.spec, adopted(topology)
    if spec.latencies is None and not spec.measured_latencies and not probed:
        return None
    given = spec.latencies
    return Latencies(
        None if given is None else {tier: getattr(given, tier.value) for tier in TIERS},
        tuple(Measured(one.one, one.other, one.milliseconds) for one in spec.measured_latencies),
        probed,
    )


def adopted(topology: Topology) -> Mapping[Tier, float]:
    """What was measured, by tier, where the spec asks for it and the status vouches for it.

    Nothing without the spec's own latencies: a tier that nobody could tell would have none,
    and whoever can keep it from being told would choose what it is taken for.
    """
    spec = topology.spec
    measured = conditions.holds(topology.status.conditions, conditions.LATENCIES_MEASURED)
    if spec.latency_source is None or spec.latencies is None or not measured:
        return {}
    return {each.tier: each.milliseconds for each in topology.status.latencies}


def targets(
    policies: Iterable[Policy], workloads: Mapping[PolicyRef, frozenset[WorkloadRef]]
) -> tuple[LatencyTarget, ...]:
    """The targets of all policies whose objective is latency."""
    return tuple(
        LatencyTarget(
            workloads.get(policy.ref, frozenset()),
            Namespace(one.namespace or policy.ref.namespace),
            one.kind or "",
            one.name,
            one.milliseconds,
            one.penalty,
        )
        for policy in policies
        if policy.spec.objective is Objective.LATENCY and policy.spec.latency is not None
        for one in policy.spec.latency.targets
    )
