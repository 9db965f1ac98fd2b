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

MOST_READMISSIONS = 200


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
        """As many of the waiting moves as can be in flight together."""
        wave = self._thinned(self._one_each(waiting))
        for move in self._left_out(waiting, wave)[:MOST_READMISSIONS]:
            if not self._objections([*wave, move]):
                wave.append(move)
        return tuple(wave)

    def _one_each(self, waiting: Sequence[Draft]) -> list[Draft]:
        first: dict[object, Draft] = {}
        for move in waiting:
            first.setdefault(self._world.pod(move.pod).workload, move)
        return list(first.values())

    def _thinned(self, wave: list[Draft]) -> list[Draft]:
        """Without those that the reference objects to, until it objects to none."""
        while wave:
            refused = self._objections(wave)
            if not refused:
                return wave
            kept = [move for move in wave if move.pod not in refused]
            wave = kept if len(kept) < len(wave) else wave[:-1]
        return []

    def _left_out(self, waiting: Sequence[Draft], wave: Sequence[Draft]) -> list[Draft]:
        busy = {self._world.pod(move.pod).workload for move in wave}
        return [move for move in waiting if self._world.pod(move.pod).workload not in busy]

    def _objections(self, wave: Sequence[Draft]) -> dict[PodRef, Reason]:
        return _verdicts(wave, self._world, self._now)


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
