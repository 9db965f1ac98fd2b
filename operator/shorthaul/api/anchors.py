"""The named places outside of a Topology, as attribution and maps take them."""

from collections.abc import Mapping

from shorthaul.api.topologies import Topology
from shorthaul.traffic.addresses.ranges import Range
from shorthaul.traffic.anchors import Anchor, ranges_of
from shorthaul.units import Tier


def ranges(topology: Topology | None) -> tuple[Range, ...]:
    """The ranges of its anchors; raises BadInput for those that no lookup could be made from."""
    if topology is None:
        return ()
    named = topology.spec.anchors
    return ranges_of(Anchor(each.name, each.cidrs, each.tier) for each in named)


def tiers(topology: Topology) -> Mapping[str, Tier]:
    """The tier of each anchor by its name."""
    return {each.name: each.tier for each in topology.spec.anchors}
