"""The order of moves: waves that may each be in flight at once, one after the other.

Whether a wave is safe is for the reference to say (`cluster.waves`): pods of the wave are taken to
be in both places, one pod of a workload is in flight at a time, budgets and quotas hold. What
cannot start yet waits: for a pod to leave its target when room is what is missing, else for a
growing number of waves. When nothing can start any more, `parkings` looks for a pod whose way over
a third node lets the others pass. Its successor then goes on from there in a later wave, so the
pod is in the plan twice. What can never start is stuck, with the numbers.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from shorthaul.cluster import waves as orders
from shorthaul.cluster.constraints import capacities
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.worlds import World
from shorthaul.plan import parkings
from shorthaul.plan.drafts import Draft
from shorthaul.plan.hops import NOWHERE, Hop, Schedule, Spare
from shorthaul.units import NodeName, PodRef, WorkloadRef

TRIES = 8
LONGEST_WAIT = 64


def schedule(
    moves: Sequence[Draft], world: World, now_seconds: float, spare: Spare = NOWHERE
) -> Schedule:
    """Puts moves into waves, those that gain most first; the world is left as it was."""
    home = {move.pod: world.pod(move.pod).node for move in moves}
    found = _Scheduling(moves, world, now_seconds, spare).run()
    for ref, node in home.items():
        world.move(ref, node)
    return found


class _Scheduling:
    """One order in the making; the world goes along, wave by wave."""

    def __init__(
        self, moves: Sequence[Draft], world: World, now_seconds: float, spare: Spare
    ) -> None:
        self._world = world
        self._now = now_seconds
        self._spare = spare
        self._queue = _Queue(moves, world)
        self._waves: list[tuple[Hop, ...]] = []
        self._stuck: dict[PodRef, Reason] = {}
        self._parked: set[PodRef] = set()

    def run(self) -> Schedule:
        queue = self._queue
        swept = False
        while queue.waiting:
            queue.begin()
            if self._make(self._fill()):
                swept = False
            elif queue.has_ready:
                continue
            elif not swept:
                queue.release_all()
                swept = True
            elif not self._unjam():
                break
        for move in list(queue.waiting.values()):
            self._give_up(move, self._reason(move))
        strays = frozenset(self._parked & self._stuck.keys())
        return Schedule(tuple(self._waves), self._stuck, strays)

    def _fill(self) -> list[Hop]:
        """As many moves as can be seen to go together, one of each workload."""
        hops: list[Hop] = []
        for workload in self._queue.workloads():
            for move in self._queue.take(workload, TRIES):
                hop = self._hop(move)
                if self._admit(hop, hops):
                    hops.append(hop)
                    break
        self._clear(hops)
        return hops

    def _admit(self, hop: Hop, hops: Sequence[Hop]) -> bool:
        """Lets a hop join the others and puts its successor into the world, or lets it wait."""
        pod, node = self._world.pod(hop.pod), self._world.nodes[hop.target]
        if capacities.check(pod, node, self._world) is not None:
            self._queue.wait_for_room(hop.move)
            return False
        beside = [other.pod for other in hops]
        if orders.check_step((hop.pod, hop.target), beside, self._world, self._now) is not None:
            self._queue.wait(hop.move)
            return False
        self._world.add(orders.successor(pod, hop.target))
        return True

    def _clear(self, hops: Sequence[Hop]) -> None:
        """Takes the successors out of the world again."""
        for hop in hops:
            self._world.remove(orders.successor_ref(hop.pod))

    def _make(self, hops: Sequence[Hop]) -> bool:
        """Makes the wave, without the moves that the reference refuses; False when all are."""
        left = list(hops)
        while left:
            refused = self._refused(left)
            if not refused:
                self._record(left)
                return True
            kept = [hop for hop in left if hop.pod not in refused] or self._one_of(left)
            for hop in left:
                if hop not in kept:
                    self._queue.wait(hop.move)
            left = kept
        return False

    def _one_of(self, hops: Sequence[Hop]) -> list[Hop]:
        """The first of several that can be made by itself."""
        for hop in hops if len(hops) > 1 else ():
            if not self._refused([hop]):
                self._back([hop])
                return [hop]
        return []

    def _refused(self, hops: Sequence[Hop]) -> set[PodRef]:
        """Who is refused; when nobody is, the moves are made."""
        verdicts = orders.check_wave(
            [(hop.pod, hop.target) for hop in hops], self._world, self._now
        )
        if verdicts:
            self._back(hops)
        return {ref for ref, _ in verdicts}

    def _back(self, hops: Sequence[Hop]) -> None:
        for hop in hops:
            self._world.move(hop.pod, hop.source)

    def _record(self, hops: Sequence[Hop]) -> None:
        self._waves.append(tuple(hops))
        for hop in hops:
            self._queue.left(hop)
            if hop.parks:
                self._parked.add(hop.pod)

    def _unjam(self) -> bool:
        """Gives up who waits for nothing, parks, or cuts a circle; False when none of it helps."""
        queue = self._queue
        hopeless = [move for move in queue.blocked() if not queue.leaving(move.target_name)]
        if hopeless:
            for move in hopeless:
                self._give_up(move, self._reason(move))
            return True
        if not queue.blocked():
            return False
        found = parkings.find(self._jam(), self._world, self._now)
        if found.hops and self._make(found.hops):
            return True
        least = min(found.circle, key=lambda move: (move.gain, move.pod))
        self._give_up(least, found.reason or self._reason(least))
        return True

    def _jam(self) -> parkings.Jam:
        left = None if self._spare.most is None else self._spare.most - len(self._parked)
        return parkings.Jam(
            tuple(self._queue.blocked()),
            tuple(self._queue.waiting.values()),
            frozenset(self._parked),
            Spare(self._spare.price, left),
        )

    def _hop(self, move: Draft) -> Hop:
        source = self._world.pod(move.pod).node
        return Hop(move, source or NodeName(""), move.target_name)

    def _reason(self, move: Draft) -> Reason:
        """Why a move by itself cannot be made as things stand."""
        step, home = (move.pod, move.target_name), self._world.pod(move.pod).node
        verdicts = orders.check_wave([step], self._world, self._now)
        self._world.move(move.pod, home)
        refused = [reason for ref, reason in verdicts if ref == move.pod]
        text = f"{move.pod} was not let to {move.target_name} in any wave"
        return refused[0] if refused else Reason("NoWave", text)

    def _give_up(self, move: Draft, reason: Reason) -> None:
        self._stuck[move.pod] = reason
        self._queue.forget(move)


class _Queue:
    """The moves that wait, by what they wait for; each in exactly one place."""

    def __init__(self, moves: Sequence[Draft], world: World) -> None:
        self._world = world
        self.waiting = {move.pod: move for move in moves}
        self._ready: dict[WorkloadRef, list[tuple[int, PodRef]]] = {}
        self._blocked: dict[NodeName, dict[PodRef, Draft]] = {}
        self._later: dict[int, list[Draft]] = {}
        self._tries: Counter[PodRef] = Counter()
        self._leaving: Counter[NodeName | None] = Counter()
        self._wave = 0
        for move in moves:
            self._leaving[world.pod(move.pod).node] += 1
            self._push(move)

    @property
    def has_ready(self) -> bool:
        """Whether any move could be tried at once."""
        return bool(self._ready)

    def begin(self) -> None:
        """The next wave: those that waited long enough are ready."""
        self._wave += 1
        for move in self._later.pop(self._wave, ()):
            self._push(move)

    def workloads(self) -> list[WorkloadRef]:
        """The workloads with ready moves, by their best one."""
        return sorted(self._ready, key=lambda workload: self._ready[workload][0])

    def take(self, workload: WorkloadRef, most: int) -> Iterator[Draft]:
        """Yields ready moves of a workload, best first, until the caller has enough."""
        heap = self._ready[workload]
        for _ in range(min(most, len(heap))):
            _, ref = heappop(heap)
            if not heap:
                self._ready.pop(workload, None)
            if ref in self.waiting:
                yield self.waiting[ref]

    def wait_for_room(self, move: Draft) -> None:
        """Lets a move wait until a pod leaves its target."""
        self._blocked.setdefault(move.target_name, {})[move.pod] = move

    def wait(self, move: Draft) -> None:
        """Lets a move wait, each time for more waves."""
        self._unblock(move)
        self._tries[move.pod] += 1
        waves = min(LONGEST_WAIT, 2 ** (self._tries[move.pod] - 1))
        self._later.setdefault(self._wave + waves, []).append(move)

    def release_all(self) -> None:
        """Those that wait for a later wave are ready now."""
        for moves in self._later.values():
            for move in moves:
                self._push(move)
        self._later.clear()

    def left(self, hop: Hop) -> None:
        """A pod has left a node, where others may wait for its room."""
        self._unblock(hop.move)
        self._leaving[hop.source] -= 1
        if hop.parks:
            self._leaving[hop.target] += 1
            self._push(hop.move)
        else:
            del self.waiting[hop.pod]
        for move in self._blocked.pop(hop.source, {}).values():
            self._push(move)

    def forget(self, move: Draft) -> None:
        """A move will not be made: its pod stays where it is."""
        self._unblock(move)
        self._leaving[self._world.pod(move.pod).node] -= 1
        del self.waiting[move.pod]

    def blocked(self) -> list[Draft]:
        """The moves that wait for room."""
        return [move for held in self._blocked.values() for move in held.values()]

    def leaving(self, node: NodeName) -> int:
        """How many waiting moves would leave a node."""
        return self._leaving[node]

    def _push(self, move: Draft) -> None:
        workload = self._world.pod(move.pod).workload
        heappush(self._ready.setdefault(workload, []), (-move.gain, move.pod))

    def _unblock(self, move: Draft) -> None:
        held = self._blocked.get(move.target_name, {})
        held.pop(move.pod, None)
        if not held:
            self._blocked.pop(move.target_name, None)
