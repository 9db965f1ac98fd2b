"""Whose traffic a flow was, and across which tier, from where both ends were at that time.

A function of one flow and one snapshot, so that neither order nor split of recordings changes an
answer. The receiver's node is the observer's, since a flow is seen where it arrives; the sender's
is the snapshot's, if the pod was there by then: a pod never changes its node, but a StatefulSet
gives its name again. Who is gone has no node any more, and the tier is not known; a name that
nobody in the snapshot owns is unattributed. A named place outside is at its own tier, always.
"""

from collections.abc import Mapping

from shorthaul.cluster.directories import directory_of
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.topology.distances import Distances
from shorthaul.traffic.entries import UNATTRIBUTED, Entry, Key
from shorthaul.traffic.flows import NANOSECONDS, AnchorFlow, Flow
from shorthaul.traffic.owners import Owners
from shorthaul.units import NodeName, PodRef, Tier, WorkloadRef

_REMEMBERED_PODS = 1 << 17


class Whereabouts:
    """Looks flows up in one snapshot; it only remembers owners that it found."""

    def __init__(self, snapshot: Snapshot, distances: Distances) -> None:
        self._pods = snapshot.pods
        self._distances = distances
        self._owners = Owners(directory_of(snapshot), _NOTHING_NAMED)
        self._found: dict[PodRef, WorkloadRef] = {}

    def entry(self, flow: Flow | AnchorFlow, key: Key) -> Entry:
        """A flow as an entry: from who sent to who received, with its events."""
        if isinstance(flow, AnchorFlow):
            return self._anchored(flow, key)
        sender, receiver = flow.client, flow.server
        if flow.reply:
            sender, receiver = receiver, sender
        return Entry(
            flow.time_nanoseconds,
            self._owner(sender),
            self._owner(receiver),
            self._tier(sender, receiver, flow),
            events=flow.events,
            key=key,
        )

    def _anchored(self, flow: AnchorFlow, key: Key) -> Entry:
        owner = self._owner(flow.pod)
        return Entry(
            flow.time_nanoseconds,
            owner if flow.outgoing else flow.place,
            flow.place if flow.outgoing else owner,
            self._distances.scale.anchors.get(flow.place.name),
            events=flow.events,
            key=key,
        )

    def _owner(self, pod: PodRef) -> WorkloadRef:
        found = self._found.get(pod)
        if found is None:
            if len(self._found) >= _REMEMBERED_PODS:
                self._found.clear()
            found = self._found[pod] = self._owners.of(pod) or UNATTRIBUTED
        return found

    def _tier(self, sender: PodRef, receiver: PodRef, flow: Flow) -> Tier | None:
        begin = self._node(sender, flow.time_nanoseconds)
        end = flow.observer or self._node(receiver, flow.time_nanoseconds)
        if not begin or not end:
            return None
        if begin == end:
            return Tier.HOST
        return self._distances.known_tier(begin, end)

    def _node(self, pod: PodRef, time_nanoseconds: int) -> NodeName | None:
        there = self._pods.get(pod)
        if there is None or there.created_seconds * NANOSECONDS > time_nanoseconds:
            return None
        return there.node


_NOTHING_NAMED: Mapping[PodRef, WorkloadRef] = {}
"""What lines name as owners is left out: it would depend on which lines came before."""
