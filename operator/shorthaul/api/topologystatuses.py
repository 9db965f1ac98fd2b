"""What the status of a Topology tells: how the nodes fit it, or which labels contradict it.

And where the Topology names a source of latencies: what is measured, or why nothing counts for now.
"""

from dataclasses import dataclass
from datetime import datetime

from shorthaul.api import conditions
from shorthaul.api.conditions import State
from shorthaul.api.topologies import MeasuredLatency, TierLatency, Topology, TopologyStatus
from shorthaul.topology.distances import Distances
from shorthaul.topology.latencies import Measured
from shorthaul.units import Tier


@dataclass(frozen=True, slots=True)
class Measurements:
    """What is measured now, and the condition that says whether plans are made with it."""

    state: State
    probers: int = 0
    latencies: tuple[TierLatency, ...] = ()
    pairs: tuple[Measured, ...] = ()


def fitting(
    topology: Topology,
    distances: Distances,
    now: datetime,
    measurements: Measurements | None = None,
) -> TopologyStatus:
    """The nodes have been placed by their labels; what some lack is told."""
    groups = distances.groups.values()
    counts = {
        tier: len({found for each in groups if (found := each.get(tier)) is not None})
        for tier in (Tier.RACK, Tier.ZONE, Tier.REGION)
    }
    text = "; ".join(distances.warnings) or "every node has the label of each tier"
    state = conditions.ready(text, "LabelsMissing" if distances.warnings else "NodesPlaced")
    generation = topology.metadata.generation
    return TopologyStatus(
        observed_generation=generation,
        conditions=conditions.reported(
            topology.status.conditions,
            (state,) if measurements is None else (state, measurements.state),
            generation=generation,
            now=now,
        ),
        nodes=len(distances.groups),
        racks=counts[Tier.RACK],
        zones=counts[Tier.ZONE],
        regions=counts[Tier.REGION],
        probers=0 if measurements is None else measurements.probers,
        latencies=() if measurements is None else measurements.latencies,
        measured_latencies=()
        if measurements is None
        else tuple(
            MeasuredLatency(one=each.one, other=each.other, milliseconds=each.milliseconds)
            for each in measurements.pairs
        ),
    )


def contradicted(topology: Topology, error: str, now: datetime) -> TopologyStatus:
    """The labels contradict each other, so that nothing is planned until they are mended."""
    generation, code = topology.metadata.generation, "ContradictoryTopology"
    states = (conditions.not_ready(code, error), conditions.stalled(code, error))
    return TopologyStatus(
        observed_generation=generation,
        conditions=conditions.reported(
            topology.status.conditions, states, generation=generation, now=now
        ),
    )
