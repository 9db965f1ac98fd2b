"""Which pods an edge of bytes runs between: as the source told, else as events were seen.

Most sources of bytes tell workloads only. Where Hubble saw enough events between their pods, the
edge's bytes are shared out by events, which is an estimate: a pair of pods with few large messages
gets too little. Below that an edge has no pairs of pods, and who measures it has to model them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from shorthaul.traffic.graphs import Edge, PodEdge, Vertex
from shorthaul.traffic.owners import Owners
from shorthaul.traffic.pair_sums import PairSum
from shorthaul.traffic.volumes import PodEnds
from shorthaul.units import PodRef

LEAST_EVENTS = 20
"""Per pair of pods that was seen, since fewer may be one busy connection (`cluster.routings`)."""

_Ends = tuple[Vertex, Vertex]


def pod_edges(
    edges: Sequence[Edge],
    told: Mapping[PodEnds, float],
    seen: Iterable[PairSum],
    owners: Owners,
) -> tuple[PodEdge, ...]:
    """Pairs of pods that exist now, sorted; `told` are bytes/s both ways, by pods."""
    by_ends = {(edge.client, edge.server): edge for edge in edges}
    own = _by_edge(told, by_ends, owners.of)
    events = {(pair.client, pair.server): pair.events for pair in seen}
    shares = {
        ends: _shared(pairs, by_ends[ends].rate)
        for ends, pairs in _by_edge(events, by_ends, owners.of).items()
        if ends not in own and sum(pairs.values()) >= LEAST_EVENTS * len(pairs)
    }
    found = [
        _pod_edge(pods, rate, by_ends[ends])
        for ends, pairs in {**shares, **own}.items()
        for pods, rate in pairs.items()
        if rate > 0 and all(map(owners.exists, pods))
    ]
    return tuple(sorted(found, key=lambda edge: (edge.client, edge.server)))


def _by_edge(
    amounts: Mapping[PodEnds, float],
    edges: Mapping[_Ends, Edge],
    owner: Callable[[PodRef], Vertex | None],
) -> dict[_Ends, dict[PodEnds, float]]:
    """Pairs of pods by the edge that they are a part of, turned round as the edge is."""
    found: dict[_Ends, dict[PodEnds, float]] = {}
    for (one, other), amount in sorted(amounts.items()):
        ends = owner(one), owner(other)
        if ends[0] is None or ends[1] is None:
            continue
        forth, back = (ends[0], ends[1]), (ends[1], ends[0])
        if forth in edges:
            pods, its = (one, other), found.setdefault(forth, {})
        elif back in edges:
            pods, its = (other, one), found.setdefault(back, {})
        else:
            continue
        its[pods] = its.get(pods, 0.0) + amount
    return found


def _shared(pairs: Mapping[PodEnds, float], rate: float) -> dict[PodEnds, float]:
    whole = sum(pairs.values())
    return {pods: rate * amount / whole for pods, amount in pairs.items()}


def _pod_edge(pods: PodEnds, rate: float, edge: Edge) -> PodEdge:
    """A pair's part of an edge, each way as the edge has it."""
    part = rate / edge.rate if edge.rate > 0 else 0.0
    return PodEdge(*pods, edge.forward * part, edge.backward * part)
