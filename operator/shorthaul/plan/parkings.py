"""Circles of moves that wait for each other's room, and the pod whose way round opens one.

The pod of a circle that asks least goes to a node with spare room first, if its room is enough for
the one that waits for it; else some more pods of its node go with it. Nodes that nobody waits for
come first, then those with the most room left. A pod is parked once, and not at all where its
policy wants a minimum age, since its successor would be too young to go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shorthaul.cluster import waves as orders
from shorthaul.cluster.constraints import capacities
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.resources import shown
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World
from shorthaul.plan.drafts import Draft
from shorthaul.plan.hops import Hop, Spare
from shorthaul.units import NodeName, PodRef

MOST_CIRCLES = 16
MOST_NODES = 8
MOST_TOGETHER = 4


@dataclass(frozen=True, slots=True)
class Jam:
    """Moves that wait for room, all that wait, who was parked already, and what is to spare."""

    blocked: tuple[Draft, ...]
    waiting: tuple[Draft, ...]
    parked: frozenset[PodRef]
    spare: Spare


@dataclass(frozen=True, slots=True)
class Found:
    """Hops that open a circle; without any, a circle and why it cannot be opened."""

    hops: tuple[Hop, ...]
    circle: tuple[Draft, ...]
    reason: Reason | None = None


def find(jam: Jam, world: World, now_seconds: float) -> Found:
    """Looks at the circles behind the moves that gain most, until one can be opened."""
    search = _Search(jam, world, now_seconds)
    first: Found | None = None
    for move in search.starts()[:MOST_CIRCLES]:
        found = search.open(move)
        if found.hops:
            return found
        first = first or found
    assert first is not None
    return first


class _Search:
    """One look at a jam."""

    def __init__(self, jam: Jam, world: World, now_seconds: float) -> None:
        self._jam = jam
        self._world = world
        self._now = now_seconds
        self._wanted = {move.target_name for move in jam.blocked}
        self._leavers: dict[NodeName | None, list[Draft]] = {}
        for move in sorted(jam.blocked, key=lambda move: (-move.gain, move.pod)):
            self._leavers.setdefault(world.pod(move.pod).node, []).append(move)

    def starts(self) -> list[Draft]:
        """The best blocked move of each target, best first."""
        best: dict[NodeName, Draft] = {}
        for move in sorted(self._jam.blocked, key=lambda move: (-move.gain, move.pod)):
            best.setdefault(move.target_name, move)
        return list(best.values())

    def open(self, start: Draft) -> Found:
        """Tries to open the circle behind a move."""
        circle = self._circle(start)
        if len(circle) < 2:
            return Found((), circle)
        gain, spare = sum(move.gain for move in circle), self._jam.spare
        smallest = min(circle, key=self._size)
        text = f"{len(circle)} pods wait for each other's room ({_listed(circle)})"
        if spare.most is not None and spare.most < 1:
            reason = Reason("NoSpareMove", f"{text}; parking one takes a move, 0 are left")
            return Found((), circle, reason)
        if gain <= spare.price:
            times = f"{spare.price / gain:.3g} times what" if gain > 0 else "more than"
            text = f"{text}; parking one costs {times} they gain together"
            return Found((), circle, Reason("CircleNotWorthIt", text))
        for move in sorted(circle, key=self._size):
            hops = self._room_for(circle[circle.index(move) - 1], move)
            if hops:
                return Found(hops, circle)
        pod = self._world.pod(smallest.pod)
        asked = ", ".join(
            f"{shown(amount, name)} {name}" for name, amount in sorted(pod.requests.amounts.items())
        )
        text = f"{text}; no node can take {pod.ref}, which asks least ({asked}), meanwhile"
        return Found((), circle, Reason("NoSpareRoom", text))

    def _circle(self, start: Draft) -> tuple[Draft, ...]:
        """Each move waits for the next one, the last for the first; the start alone if none."""
        path: list[Draft] = [start]
        seen = {start.target_name: 0}
        while True:
            leavers = self._leavers.get(path[-1].target_name)
            if not leavers:
                return (start,)
            move = leavers[0]
            path.append(move)
            if move.target_name in seen:
                return tuple(path[seen[move.target_name] + 1 :])
            seen[move.target_name] = len(path) - 1

    def _size(self, move: Draft) -> tuple[float, PodRef]:
        """The largest share of its node that a pod asks for."""
        pod = self._world.pod(move.pod)
        room = self._world.nodes[move.target_name].allocatable
        shares = (amount / max(1, room.get(name)) for name, amount in pod.requests.amounts.items())
        return max(shares, default=0.0), move.pod

    def _room_for(self, waiting: Draft, first: Draft) -> tuple[Hop, ...]:
        """Parks a pod, and others of its node if need be, until a waiting move has room."""
        source = self._world.pod(first.pod).node
        others = [move for move in self._leavers.get(source, ()) if move != first]
        most = self._jam.spare.most
        chosen = [first, *sorted(others, key=self._size)][: MOST_TOGETHER if most is None else most]
        hops: list[Hop] = []
        out: list[Pod] = []
        enough = False
        for move in chosen[:MOST_TOGETHER]:
            hop = self._parked(move, hops)
            if hop is None:
                continue
            hops.append(hop)
            self._world.add(orders.successor(self._world.pod(hop.pod), hop.target))
            out.append(self._world.pod(hop.pod))
            enough = self._fits(waiting, out)
            if enough:
                break
        for hop in hops:
            self._world.remove(orders.successor_ref(hop.pod))
        return tuple(hops) if enough else ()

    def _fits(self, move: Draft, out: Sequence[Pod]) -> bool:
        """Whether a move has room once some pods have left its target."""
        for pod in out:
            self._world.remove(pod.ref)
        node = self._world.nodes[move.target_name]
        reason = capacities.check(self._world.pod(move.pod), node, self._world)
        for pod in out:
            self._world.add(pod)
        return reason is None

    def _parked(self, move: Draft, hops: Sequence[Hop]) -> Hop | None:
        """The hop of a pod to a node that can take it meanwhile."""
        world, pod = self._world, self._world.pod(move.pod)
        rules = world.rules.of(pod.workload)
        if move.pod in self._jam.parked or rules.minimum_age_seconds > 0 or pod.node is None:
            return None
        beside = [hop.pod for hop in hops]
        if any(world.pod(ref).workload == pod.workload for ref in beside):
            return None
        for node in self._spare_nodes(pod, move):
            if orders.check_step((pod.ref, node), beside, world, self._now) is None:
                return Hop(move, pod.node, node, parks=True)
        return None

    def _spare_nodes(self, pod: Pod, move: Draft) -> list[NodeName]:
        """The likeliest nodes with room for a pod."""
        world = self._world
        found = []
        for name, node in world.nodes.items():
            if name in (pod.node, move.target_name) or capacities.check(pod, node, world):
                continue
            used = world.used_by_others(name, pod)
            shares = (
                (used.get(resource) + asked) / max(1, node.allocatable.get(resource))
                for resource, asked in pod.requests.amounts.items()
            )
            found.append((name in self._wanted, max(shares, default=0.0), name))
        return [name for _, _, name in sorted(found)[:MOST_NODES]]


def _listed(circle: Sequence[Draft]) -> str:
    """The first pods of a circle."""
    names = ", ".join(str(move.pod) for move in circle[:3])
    return names if len(circle) <= 3 else f"{names} and {len(circle) - 3} more"
