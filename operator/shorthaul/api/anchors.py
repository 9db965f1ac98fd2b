"""The named places outside of a Topology, as attribution and maps take them.

As many as a Topology may have take seconds to read, and the operator asks at every look; so what
was read of the same anchors last is kept.
"""

from collections.abc import Mapping
from functools import lru_cache

from shorthaul.api.topologies import NamedAnchor, Topology
from shorthaul.errors import BadInput
from shorthaul.traffic.addresses.ranges import Range
from shorthaul.traffic.anchors import Anchor, ranges_of
from shorthaul.units import Tier


def ranges(topology: Topology | None) -> tuple[Range, ...]:
    """The ranges of its anchors; raises BadInput for those that no lookup could be made from."""
    if topology is None:
        return ()
    found = _read(topology.spec.anchors)
    if isinstance(found, str):
        raise BadInput(found)
    return found


def tiers(topology: Topology) -> Mapping[str, Tier]:
    """The tier of each anchor by its name."""
    return {each.name: each.tier for each in topology.spec.anchors}


@lru_cache(maxsize=2)
def _read(named: tuple[NamedAnchor, ...]) -> tuple[Range, ...] | str:
    """The ranges, or why there are none."""
    try:
        return ranges_of(Anchor(each.name, each.cidrs, each.tier) for each in named)
    except BadInput as error:
        return str(error)
