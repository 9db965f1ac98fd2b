"""Whether enough of the cluster is seen: the nodes whose flows arrive, over all sources."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from shorthaul.cluster.reasons import Reason
from shorthaul.telemetry.sources import Coverage
from shorthaul.units import NodeName

_NAMED_NODES = 3


@dataclass(frozen=True, slots=True)
class Covering:
    """What one source covers, and of how many nodes its owner wants to have flows."""

    source: str
    coverage: Coverage
    least_percent: int


def uncovered(sources: Iterable[Covering], nodes: Set[NodeName]) -> Reason | None:
    """Why too little is seen to plan upon; the strictest source decides, all of them count."""
    sources = sorted(sources, key=lambda each: each.source)
    least = max((each.least_percent for each in sources), default=0)
    seen = frozenset[NodeName]().union(*(each.coverage.connected for each in sources))
    if len(seen & nodes) * 100 >= least * len(nodes):
        return None
    names = ", ".join(each.source for each in sources)
    return Reason(
        "FlowsUncovered",
        f"flows of {len(seen & nodes)} of {len(nodes)} nodes arrive ({names}), at least {least} % "
        f"are asked for; not: {shortened(nodes - seen)}",
    )


def shortened(nodes: Set[NodeName]) -> str:
    """The first of some nodes, and how many more there are."""
    first = sorted(nodes)[:_NAMED_NODES]
    more = len(nodes) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")
