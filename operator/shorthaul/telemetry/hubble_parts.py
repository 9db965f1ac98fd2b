"""Kinds of Hubble's lines that are flows for certain, many at once.

Whether a line is a flow between pods is decided by its manner, by each end for itself, and by
whether both ends are of one cluster. So what was decided for some lines tells of others: parts that
were in flows make a flow together, whichever they are, if their clusters are the same.
"""

import numpy as np
import numpy.typing as npt

from shorthaul.telemetry.hubble_ends import End
from shorthaul.telemetry.kernels.library import Parts
from shorthaul.traffic.flow_tables import Numbers, Patterns

_UNKNOWN = -1


class FlowParts:
    """What is known of parts that were in flows, by their numbers."""

    def __init__(self, most_parts: int, patterns: Patterns) -> None:
        self._patterns = patterns
        self._pods, self._clusters, self._replies, self._observers = (
            np.full(most_parts, _UNKNOWN, np.int32) for _ in range(4)
        )

    def learn(self, parts: Parts, pattern: int, ends: tuple[End | None, End | None]) -> None:
        """Takes the parts of a kind that is a flow, of a pattern."""
        client, server, reply, observer, _ = self._patterns.row(pattern)
        source, destination, manner, node = parts
        self._pods[source], self._pods[destination] = (
            (server, client) if reply else (client, server)
        )
        self._replies[manner], self._observers[node] = reply, observer
        for number, end in zip((source, destination), ends, strict=True):
            if end is not None:
                self._clusters[number] = self._patterns.cluster(end.cluster_name)

    def flows(self, parts: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
        """Which kinds are flows for certain."""
        source, destination = parts["source"], parts["destination"]
        pods = np.minimum(self._pods[source], self._pods[destination])
        rest = np.minimum(self._replies[parts["manner"]], self._observers[parts["node"]])
        near = self._clusters[source] == self._clusters[destination]
        certain: npt.NDArray[np.bool_] = (np.minimum(pods, rest) > _UNKNOWN) & near
        return certain

    def add(self, parts: npt.NDArray[np.void]) -> Numbers:
        """New patterns of kinds that are flows for certain."""
        source, destination = self._pods[parts["source"]], self._pods[parts["destination"]]
        reply = self._replies[parts["manner"]]
        return self._patterns.extend(
            np.where(reply, destination, source),
            np.where(reply, source, destination),
            reply,
            self._observers[parts["node"]],
            self._clusters[parts["destination"]],
        )
