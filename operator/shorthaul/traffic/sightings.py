"""Who saw an edge: whether both of its ends' nodes reported it.

A node's observer can only be believed about traffic that arrived at its own pods. So a pair of
pods is both-ended when requests were seen at the server's node and replies at the client's node;
on one node, one observer sees both. Where the directory does not know a pod's node, the node
whose observer saw traffic arrive at it stands in.
"""

from collections.abc import Iterable

from shorthaul.traffic.identities import Directory
from shorthaul.traffic.observations import PairSum
from shorthaul.units import NodeName, PodRef

_UNNAMED = frozenset({NodeName("")})


class Sightings:
    """The nodes that pods were seen on, and with them who saw which pair."""

    def __init__(self, pairs: Iterable[PairSum], directory: Directory | None) -> None:
        self._directory = directory
        self._seen_on: dict[PodRef, set[NodeName]] = {}
        for pair in pairs:
            self._seen_on.setdefault(pair.server, set()).update(pair.forward_observers - _UNNAMED)
            self._seen_on.setdefault(pair.client, set()).update(pair.backward_observers - _UNNAMED)

    def both_ended(self, pair: PairSum) -> bool:
        """Whether observers at both ends, as far as there are two, saw the pair's traffic."""
        clients, servers = self._nodes(pair.client), self._nodes(pair.server)
        if shared := clients & servers:
            return bool(shared & (pair.forward_observers | pair.backward_observers))
        return bool(servers & pair.forward_observers and clients & pair.backward_observers)

    def _nodes(self, pod: PodRef) -> frozenset[NodeName]:
        identity = self._directory.pods.get(pod) if self._directory else None
        if identity is not None and identity.node is not None:
            return frozenset({identity.node})
        return frozenset(self._seen_on.get(pod, ()))
