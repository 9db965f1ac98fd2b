"""What the status of a Topology tells: how the nodes fit it, or which labels contradict it."""

from datetime import datetime

from shorthaul.api import conditions
from shorthaul.api.topologies import Topology, TopologyStatus
from shorthaul.topology.distances import Distances
from shorthaul.units import Tier


def fitting(topology: Topology, distances: Distances, now: datetime) -> TopologyStatus:
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
            topology.status.conditions, (state,), generation=generation, now=now
        ),
        nodes=len(distances.groups),
        racks=counts[Tier.RACK],
        zones=counts[Tier.ZONE],
        regions=counts[Tier.REGION],
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
