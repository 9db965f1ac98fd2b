"""Observed traffic pod by pod, in columns, which take a tenth of what an object for each does.

They are a sequence of their edges, for whoever wants these one by one, and equal any other sequence
of the same ones.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shorthaul.traffic.columns import Columns
from shorthaul.traffic.flow_tables import Numbers
from shorthaul.traffic.graphs import PodEdge
from shorthaul.traffic.node_sets import Truths
from shorthaul.traffic.pair_sums import in_order
from shorthaul.units import PodRef

Rates = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PodEdges(Columns[PodEdge]):
    """Edges in order; `pods` are in order too, and `clients` and `servers` are numbers of them."""

    pods: Sequence[PodRef]
    clients: Numbers
    servers: Numbers
    forward: Rates
    backward: Rates
    both_ended: Truths

    by_row = "clients", "servers", "forward", "backward", "both_ended"

    @property
    def rates(self) -> Rates:
        """Both directions together, edge by edge."""
        return self.forward + self.backward

    def __iter__(self) -> Iterator[PodEdge]:
        pods, ends = self.pods, (self.clients, self.servers)
        columns = *ends, self.forward, self.backward, self.both_ended
        rows = zip(*(each.tolist() for each in columns), strict=True)
        for client, server, *told in rows:
            yield PodEdge(pods[client], pods[server], *told)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PodEdges | tuple | list):
            return NotImplemented
        return len(self) == len(other) and all(map(PodEdge.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]  # Columns are compared, never looked up.


def pod_edges(edges: Iterable[PodEdge]) -> PodEdges:
    """Edges in columns and in order."""
    found = sorted(edges, key=_ends)
    pods = in_order({end for edge in found for end in _ends(edge)})
    numbers = {pod: number for number, pod in enumerate(pods)}
    return PodEdges(
        pods,
        np.array([numbers[edge.client] for edge in found], np.int32),
        np.array([numbers[edge.server] for edge in found], np.int32),
        np.array([edge.forward for edge in found], np.float64),
        np.array([edge.backward for edge in found], np.float64),
        np.array([edge.both_ended for edge in found], np.bool_),
    )


def _ends(edge: PodEdge) -> tuple[PodRef, PodRef]:
    return edge.client, edge.server
