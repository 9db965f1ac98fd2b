"""How two maps of the same traffic differ: shares by pair of workloads, both directions together.

Events count connections, not volume, so a plan by events may gather the wrong pairs; whoever has
both ought to know by how much.
"""

from dataclasses import dataclass

from shorthaul.traffic.graphs import TrafficGraph, Vertex

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class PairShares:
    """One pair's share of the whole in either map."""

    one: Vertex
    other: Vertex
    share: float
    other_share: float

    @property
    def difference(self) -> float:
        """How far apart the shares are."""
        return abs(self.share - self.other_share)


def compare(graph: TrafficGraph, other: TrafficGraph) -> tuple[PairShares, ...]:
    """The shares of every pair that is in either map, the most different first."""
    shares, others = _shares(graph), _shares(other)
    pairs = [
        PairShares(*ends, shares.get(ends, 0.0), others.get(ends, 0.0))
        for ends in sorted({*shares, *others}, key=repr)
    ]
    return tuple(sorted(pairs, key=lambda pair: -pair.difference))


def moved_share(pairs: tuple[PairShares, ...]) -> float:
    """The share of the traffic that lies elsewhere in the other map: 0 when alike, at most 1."""
    return sum(pair.difference for pair in pairs) / 2


def comparison_text(graph: TrafficGraph, other: TrafficGraph) -> tuple[str, ...]:
    """One note on the difference; none where one of the maps is empty."""
    if not graph.rate or not other.rate:
        return ()
    pairs = compare(graph, other)
    shown = "; ".join(
        f"{pair.one} – {pair.other} {pair.share:.3f} against {pair.other_share:.3f}"
        for pair in pairs[:_SHOWN]
        if pair.difference
    )
    most = f"; most: {shown}" if shown else ""
    return (
        f"{moved_share(pairs):.1%} of the {graph.unit} lie between other workloads than the "
        f"{other.unit} say{most}",
    )


def _shares(graph: TrafficGraph) -> dict[tuple[Vertex, Vertex], float]:
    rates: dict[tuple[Vertex, Vertex], float] = {}
    for edge in graph.edges:
        one, other = sorted((edge.client, edge.server), key=repr)
        rates[one, other] = rates.get((one, other), 0.0) + edge.rate
    whole = graph.rate
    return {ends: rate / whole for ends, rate in rates.items()} if whole else {}
