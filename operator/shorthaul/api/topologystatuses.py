"""What the status of a Topology tells: how the nodes fit it, or which labels contradict it.

And where the Topology names a source of latencies: what is measured, or why nothing counts for now.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from shorthaul.api import anchors, conditions
from shorthaul.api.conditions import State
from shorthaul.api.topologies import MeasuredLatency, TierLatency, Topology, TopologyStatus
from shorthaul.errors import BadInput
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
    """The nodes have been placed by their labels; what some lack is told, or what anchors lack."""
    groups = distances.groups.values()
    counts = {
        tier: len({found for each in groups if (found := each.get(tier)) is not None})
        for tier in (Tier.RACK, Tier.ZONE, Tier.REGION)
    }
    text = "; ".join(distances.warnings) or "every node has the label of each tier"
    state = conditions.ready(text, "LabelsMissing" if distances.warnings else "NodesPlaced")
    try:
        anchors.ranges(topology)
    except BadInput as error:
        state = _nameless(error, distances.warnings)
    return msgspec.structs.replace(
        _told(topology, (state,), now, measurements),
        nodes=len(distances.groups),
        racks=counts[Tier.RACK],
        zones=counts[Tier.ZONE],
        regions=counts[Tier.REGION],
    )


def contradicted(
    topology: Topology, error: str, now: datetime, measurements: Measurements | None = None
) -> TopologyStatus:
    """The labels contradict each other, so that nothing is planned until they are mended.

    What was measured counts again then, also should the operator be started anew meanwhile.
    """
    code = "ContradictoryTopology"
    states = (conditions.not_ready(code, error), conditions.stalled(code, error))
    return _told(topology, states, now, measurements)


def _nameless(error: BadInput, warnings: tuple[str, ...]) -> State:
    text = f"{error}; until then no address outside has a name"
    return conditions.not_ready("ContradictoryAnchors", "; ".join((text, *warnings)))


def _told(
    topology: Topology, states: tuple[State, ...], now: datetime, measurements: Measurements | None
) -> TopologyStatus:
    """The conditions, and what is measured, if anything is to be."""
    generation = topology.metadata.generation
    if measurements is not None:
        states = (*states, measurements.state)
    status = TopologyStatus(
        observed_generation=generation,
        conditions=conditions.reported(
            topology.status.conditions, states, generation=generation, now=now
        ),
    )
    if measurements is None:
        return status
    return msgspec.structs.replace(
        status,
        probers=measurements.probers,
        latencies=measurements.latencies,
        measured_latencies=tuple(
            MeasuredLatency(one=each.one, other=each.other, milliseconds=each.milliseconds)
            for each in measurements.pairs
        ),
    )
