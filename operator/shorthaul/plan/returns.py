"""Whether a moved pod can go home beside all the others that were moved, asked of the reference.

Only those whose constraints can see the pod are asked: those with terms that mean it or that it
refuses, and the moved pods on its node when there is less room than it asks, or it brings host
ports, volumes or a trust domain. A pod may always stay where it is.
"""

from collections import Counter
from collections.abc import Sequence

from shorthaul.cluster import checkers
from shorthaul.cluster.constraints import capacities, floors, isolations
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.worlds import World
from shorthaul.plan.drafts import Draft
from shorthaul.units import NodeName, PodRef


class Returns:
    """A world in which moves are made, until `close`."""

    def __init__(self, world: World, rules: Rules, moves: Sequence[Draft]) -> None:
        """Makes the moves."""
        self._world = world
        self._rules = rules
        self._on: dict[NodeName, set[PodRef]] = {}
        self._left: Counter[NodeName] = Counter()
        self._full: dict[PodRef, int] = {}
        self._home: dict[PodRef, NodeName | None] = {}
        self._moved: set[PodRef] = set()
        workloads = {world.pod(move.pod).workload for move in moves}
        self._began = {each: floors.standing(each, world) for each in workloads}
        for move in moves:
            self._home[move.pod] = world.move(move.pod, move.target_name)
            self._on.setdefault(move.target_name, set()).add(move.pod)
            self._moved.add(move.pod)

    def send_home(self, move: Draft) -> bool:
        """Undoes a move, unless a pod that was moved minds, or its workload has too few hosts then.

        What a workload lacks today already it may go on to lack.
        """
        world, home = self._world, self._home[move.pod]
        if home is None or self._full.get(move.pod) == self._left[home]:
            return False
        world.move(move.pod, home)
        pod = world.pod(move.pod)
        fits = capacities.check(pod, world.nodes[home], world) is None
        asked = self._moved & world.minding(pod)
        if not fits or pod.host_ports or pod.volumes or isolations.matter(world):
            asked |= self._on.get(home, set())
        minds = floors.lowered(pod.workload, world, self._began[pod.workload])
        if minds or not all(self._stands(ref) for ref in sorted(asked - {move.pod})):
            world.move(move.pod, move.target_name)
            if not fits:
                self._full[move.pod] = self._left[home]
            return False
        self._on[move.target_name].discard(move.pod)
        self._left[move.target_name] += 1
        self._moved.discard(move.pod)
        return True

    def close(self) -> None:
        """Leaves the world as it was."""
        for ref, node in self._home.items():
            self._world.move(ref, node)

    def _stands(self, ref: PodRef) -> bool:
        pod = self._world.pod(ref)
        if pod.node is None:
            return False
        return not checkers.check_target(pod, self._world.nodes[pod.node], self._world, self._rules)
