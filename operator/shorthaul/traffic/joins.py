"""Bytes from one source, identity and verdict from another: what neither has alone.

Sources of bytes count whatever crosses them and know nothing of policy or of who asked whom;
Hubble knows both and counts no bytes. Joined, a row of bytes counts if forwarded traffic was seen
between its two workloads (Cilium's identities and verdicts are by labels, so replicas share them),
and runs from the client that Hubble saw. If none was seen, the row is left out, except where
nobody could have seen any: no node of either end has an observer that was heard and lost little.
Such rows count, and are said to be bytes only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from shorthaul.traffic.anchors import is_outside
from shorthaul.traffic.graphs import Leftover, Vertex
from shorthaul.traffic.identities import Directory
from shorthaul.traffic.observations import UNWEIGHED_EVENTS, DeclaredEdge, Observations, ObserverSum
from shorthaul.traffic.owned_pairs import sums_by_owner
from shorthaul.traffic.owners import Owners
from shorthaul.units import NodeName, PodRef, Unit, WorkloadRef

UNSEEN = (
    "rows of bytes between workloads that Hubble, though it listened there, saw no forwarded "
    "traffic between; give the rows alone to count them"
)
JOINED = "flow events, taken for who the client is and for the verdict"
LOST_SHARE_LIMIT = 0.05
_Ends = tuple[Vertex, Vertex]


def join(weights: Observations, events: Observations, directory: Directory | None) -> Observations:
    """Keeps of the bytes what was seen forwarded or could not have been seen"""
    return Joining(events, directory, weights.workloads).join(weights)


class Joining:
    """What events tell of clients, verdicts and blind nodes, for any number of maps of bytes.

    `named` is what rows of bytes name as pods' workloads; what events name goes before it.
    """

    def __init__(
        self,
        events: Observations,
        directory: Directory | None,
        named: Mapping[PodRef, WorkloadRef] | None = None,
    ) -> None:
        self._events = events
        self._owners = Owners(directory, {**(named or {}), **events.workloads})
        self._clients = _clients(events, self._owners)
        self._nodes = _Nodes(events.observers, directory)

    def join(self, weights: Observations) -> Observations:
        """Keeps of the bytes what was seen forwarded or could not have been seen"""
        if weights.unit is not Unit.BYTES or self._events.unit is not Unit.FLOWS:
            raise ValueError(f"cannot join {self._events.unit} to {weights.unit}")
        outside: list[DeclaredEdge] = []
        kept: list[DeclaredEdge] = []
        unseen: list[DeclaredEdge] = []
        blind: list[DeclaredEdge] = []
        for row in weights.declared:
            if is_outside(row.client, row.server):
                outside.append(row)  # No policy of pods speaks of both ends, and it moves nothing.
                continue
            ends = _owner(row.client, self._owners), _owner(row.server, self._owners)
            if ends in self._clients:
                kept.append(row if self._clients[ends] else row.turned)
            elif all(map(self._nodes.blind_to, (row.client, row.server), ends)):
                blind.append(row)
            else:
                unseen.append(row)
        return replace(
            weights,
            declared=(*outside, *kept, *blind),
            workloads={**weights.workloads, **self._events.workloads},
            counted_lines=weights.counted_lines - len(unseen),
            ignored=_ignored(weights, self._events),
            leftovers=(*weights.leftovers, *_leftover(unseen)),
            warnings=(*weights.warnings, *_bytes_only(blind, kept)),
        )


def _clients(events: Observations, owners: Owners) -> dict[_Ends, bool]:
    """For both orders of each pair that was seen: whether the first is the client, by events."""
    sums = sums_by_owner(events.pairs, partial(_owner, owners=owners))
    found: dict[_Ends, bool] = {}
    for client, server in sorted(sums, key=repr):
        there, back = sums[client, server], sums.get((server, client), 0)
        found[client, server] = there >= back
        found[server, client] = back > there or (back == there and (server, client) in sums)
    return found


def _owner(end: Vertex, owners: Owners) -> Vertex:
    """The workload, or the end itself where nothing tells whose it is."""
    if isinstance(end, PodRef):
        return owners.of(end) or end
    return owners.workload(end) or end


class _Nodes:
    """Where ends are, and whose observers can be believed about what they did not see."""

    def __init__(
        self, observers: Mapping[NodeName, ObserverSum], directory: Directory | None
    ) -> None:
        self._heard = {name for name, sums in observers.items() if _reliable(sums)}
        self._pods: dict[PodRef, NodeName] = {}
        self._workloads: dict[WorkloadRef, set[NodeName]] = {}
        for pod, identity in directory.pods.items() if directory else ():
            if identity.node is not None:
                self._pods[pod] = identity.node
                self._workloads.setdefault(identity.workload, set()).add(identity.node)

    def blind_to(self, end: Vertex, owner: Vertex) -> bool:
        """Whether an end is known to be where no reliable observer was heard."""
        if isinstance(end, PodRef) and end in self._pods:
            return self._pods[end] not in self._heard
        nodes = self._workloads.get(owner, set()) if isinstance(owner, WorkloadRef) else set()
        return bool(nodes) and not nodes & self._heard


def _reliable(sums: ObserverSum) -> bool:
    return sums.lost_events <= LOST_SHARE_LIMIT * (sums.lost_events + sums.lines)


def _ignored(weights: Observations, events: Observations) -> dict[str, int]:
    """Lines of events have no weight, but those between pods are what rows were joined with."""
    others = {reason: n for reason, n in weights.ignored.items() if reason != UNWEIGHED_EVENTS}
    if events.anchored_lines:
        others[UNWEIGHED_EVENTS] = events.anchored_lines
    return {**others, JOINED: events.counted_lines - events.anchored_lines}


def _leftover(rows: Iterable[DeclaredEdge]) -> tuple[Leftover, ...]:
    found = sorted(rows, key=lambda row: row.where)
    if not found:
        return ()
    first = found[0]
    return (Leftover(UNSEEN, len(found), f"{first.where}: {first.client} → {first.server}"),)


def _bytes_only(blind: list[DeclaredEdge], kept: list[DeclaredEdge]) -> tuple[str, ...]:
    if not blind:
        return ()
    rate = sum(row.rate for row in blind)
    whole = rate + sum(row.rate for row in kept)
    return (
        f"{len(blind)} rows ({rate / whole if whole else 0:.1%} of the bytes) are bytes only: "
        f"Hubble is blind at both ends (first: {blind[0].client} → {blind[0].server}), so that "
        "nothing tells whether policy allows them",
    )
