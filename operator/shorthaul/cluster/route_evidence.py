"""What observed traffic says about how a server's pods are chosen.

Data planes differ in what they make of a Service's fields and hints, so a plan believes them only
where the flows agree. Hubble reports a busy connection every few seconds, so a handful of events
may be one connection: below a least number there is no evidence either way. Rates in bytes are
taken as they are, since they do not tell how many connections are behind them.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shorthaul.cluster.snapshots import Snapshot
from shorthaul.traffic.graphs import PodEdge
from shorthaul.units import NodeName, PodRef, Unit

ZONE_LABEL = "topology.kubernetes.io/zone"
LEAST_EVENTS = 20
LEAST_NEAR_SHARE = 0.9
MOST_UNEVENNESS = 0.25

Group = Callable[[PodRef], str | None]


@dataclass(frozen=True, slots=True)
class Share:
    """A share of some traffic, and how many events that traffic was (infinite for bytes)."""

    share: float
    events: float

    @property
    def enough(self) -> bool:
        """Whether there is enough traffic to judge by."""
        return self.events >= LEAST_EVENTS


@dataclass(frozen=True, slots=True)
class Traffic:
    """One server workload's observed pod pairs, its ready pods, and events per unit of rate."""

    edges: tuple[PodEdge, ...]
    servers: tuple[PodRef, ...]
    unit: Unit
    seconds: float

    def near(self, group: Group) -> Share:
        """Of the traffic of clients that have a server in their group, what stays in it."""
        groups = {group(server) for server in self.servers} - {None}
        able = [edge for edge in self.edges if group(edge.client) in groups]
        staying = (edge.rate for edge in able if group(edge.client) == group(edge.server))
        return self._share(staying, able)

    def unevenness(self) -> Share:
        """How far clients are from sending each server pod the same: 0 even, towards 1 not.

        The mean over client pods, by traffic, of the share that would have to go elsewhere; and
        the events per server pod.
        """
        by_client: dict[PodRef, dict[PodRef, float]] = {}
        for edge in self.edges:
            rates = by_client.setdefault(edge.client, {})
            rates[edge.server] = rates.get(edge.server, 0.0) + edge.rate
        excess = [self._excess(rates) for rates in by_client.values()]
        uneven = self._share(excess, self.edges)
        return Share(uneven.share, uneven.events / max(1, len(self.servers)))

    def _excess(self, rates: Mapping[PodRef, float]) -> float:
        even = math.fsum(rates.values()) / max(1, len(self.servers))
        return math.fsum(max(0.0, rate - even) for rate in rates.values())

    def _share(self, part: Iterable[float], whole: Sequence[PodEdge]) -> Share:
        rate = math.fsum(edge.rate for edge in whole)
        if rate <= 0:
            return Share(0.0, 0.0)
        events = rate * self.seconds if self.unit is Unit.FLOWS else math.inf
        return Share(math.fsum(part) / rate, events)


def node_of(snapshot: Snapshot) -> Group:
    """The node of a pod."""

    def group(ref: PodRef) -> NodeName | None:
        pod = snapshot.pods.get(ref)
        return pod.node if pod else None

    return group


def zone_of(snapshot: Snapshot) -> Group:
    """The zone of a pod's node, None where the node has no label."""

    def group(ref: PodRef) -> str | None:
        pod = snapshot.pods.get(ref)
        node = snapshot.nodes.get(pod.node) if pod and pod.node else None
        return node.labels.get(ZONE_LABEL) if node else None

    return group
