"""The order of moves: waves in which every state on the way is feasible, whatever goes first.

A wave is judged by the reference (`cluster.waves`): others of the wave are taken to be in both
places, one pod of a workload is in flight at a time, budgets and quotas hold. What cannot start yet
waits for a later wave; what can never start, as the pods of a full cycle of exchanges, is stuck. No
pod is parked on a third node: its successor has another name, and a plan moves a pod once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shorthaul.cluster import waves as orders
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.worlds import World
from shorthaul.plan.drafts import Draft
from shorthaul.units import PodRef

ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Schedule:
    """Waves of moves, and the moves that cannot be made with the reason that stops each."""

    waves: tuple[tuple[Draft, ...], ...]
    stuck: Mapping[PodRef, Reason]


def schedule(moves: Sequence[Draft], world: World, now_seconds: float) -> Schedule:
    """Puts moves into waves, those that gain most first; the world is left as it was."""
    waiting = sorted(moves, key=lambda move: (-move.gain, move.pod))
    home = {move.pod: world.pod(move.pod).node for move in waiting}
    waves: list[tuple[Draft, ...]] = []
    stuck: dict[PodRef, Reason] = {}
    while waiting:
        wave = _Wave(world, now_seconds).fill(waiting)
        if not wave:
            stuck = _reasons(waiting, world, now_seconds)
            break
        waves.append(wave)
        done = {move.pod for move in wave}
        waiting = [move for move in waiting if move.pod not in done]
        for move in wave:
            world.move(move.pod, move.target_name)
    for ref, node in home.items():
        world.move(ref, node)
    return Schedule(tuple(waves), stuck)


class _Wave:
    """One wave in the making, tried against the world as it is now."""

    def __init__(self, world: World, now_seconds: float) -> None:
        self._world = world
        self._now = now_seconds

    def fill(self, waiting: Sequence[Draft]) -> tuple[Draft, ...]:
        """As many of the waiting moves as a few rounds find that can be in flight together."""
        wave: list[Draft] = []
        tried: set[PodRef] = set()
        for _ in range(ROUNDS):
            candidates = self._candidates([one for one in waiting if one.pod not in tried], wave)
            if not candidates:
                break
            tried |= {move.pod for move in candidates}
            wave += self._admitted(candidates, wave)
        return tuple(wave or self._first_alone(waiting))

    def _candidates(self, waiting: Sequence[Draft], wave: Sequence[Draft]) -> list[Draft]:
        """One of each workload that has none in the wave, and one for each target."""
        workloads = {self._world.pod(move.pod).workload for move in wave}
        targets: set[str] = set()
        found = []
        for move in waiting:
            workload = self._world.pod(move.pod).workload
            if workload not in workloads and move.target_name not in targets:
                workloads.add(workload)
                targets.add(move.target_name)
                found.append(move)
        return found

    def _admitted(self, candidates: list[Draft], wave: Sequence[Draft]) -> list[Draft]:
        """The candidates that the reference objects to neither beside the wave nor by its side."""
        while candidates:
            refused = _verdicts([*wave, *candidates], self._world, self._now)
            if not refused:
                return candidates
            kept = [move for move in candidates if move.pod not in refused]
            candidates = kept if len(kept) < len(candidates) else kept[: len(kept) // 2]
        return []

    def _first_alone(self, waiting: Sequence[Draft]) -> list[Draft]:
        """The first move that can be made by itself."""
        for move in waiting:
            if not _verdicts([move], self._world, self._now):
                return [move]
        return []


def _verdicts(wave: Sequence[Draft], world: World, now_seconds: float) -> dict[PodRef, Reason]:
    """What the reference says against a wave; the world is left as it was."""
    home = [(move.pod, world.pod(move.pod).node) for move in wave]
    found = orders.check_wave([(move.pod, move.target_name) for move in wave], world, now_seconds)
    for ref, node in home:
        world.move(ref, node)
    return dict(reversed(found))


def _reasons(moves: Sequence[Draft], world: World, now_seconds: float) -> dict[PodRef, Reason]:
    """Why each move by itself cannot be made as things stand."""
    found: dict[PodRef, Reason] = {}
    for move in moves:
        found.update(_verdicts([move], world, now_seconds))
    return found
