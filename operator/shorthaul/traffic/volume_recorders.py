"""Keeps the newest windows of every source of bytes, in whatever order and how often they come.

Sources ask the past again after a restart and tell a window again when they know more of it, so a
window of a source counts once: the complete one, or else the one that tells of more. What is not
on the operator's grid, older than what is kept, or from the future is refused and counted. A window
has a limited number of edges; of more than that the largest stay, and the bytes of the others are
left by their reason, so that none is lost. After an outage the windows from before it are too old
to be told, but for a source's newest whole one while it has no other, which says who fell silent.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from shorthaul.traffic.anchors import is_outside
from shorthaul.traffic.volumes import Ends, Left, PodEnds, Sent, Volume, gathered, unordered
from shorthaul.traffic.windows import WindowRules

OFF_GRID = "on another grid of windows"
EARLY = "from the future"
LATE = "older than the windows that are kept"
_Key = TypeVar("_Key", Ends, PodEnds)


class VolumeRecorder:
    """The newest windows per source, and how many were refused for which reason."""

    def __init__(self, rules: WindowRules) -> None:
        self.rules = rules
        self.refused: Counter[str] = Counter()
        self._kept: dict[str, dict[int, Volume]] = {}

    def add(self, source: str, volume: Volume, now_seconds: float) -> bool:
        """Takes one window, or counts why not; whether it says anything new."""
        reason = self._fault(volume, now_seconds)
        if reason:
            self.refused[reason] += 1
            return False
        kept = self._kept.setdefault(source, {})
        taken = bounded(volume, self.rules.pair_limit)
        known = kept.get(volume.start_seconds)
        if known is not None and not _says_more(taken, known):
            return False
        kept[volume.start_seconds] = taken
        for start in sorted(kept)[: -self.rules.kept_windows]:
            del kept[start]
        return volume.start_seconds in kept

    def windows(self, now_seconds: float) -> Mapping[str, Sequence[Volume]]:
        """What is kept by source and not too old, oldest window first; sources sorted."""
        oldest = oldest_kept(self.rules, now_seconds)
        found = {
            source: _told([kept[start] for start in sorted(kept)], oldest)
            for source, kept in sorted(self._kept.items())
        }
        return {source: told for source, told in found.items() if told}

    def forget(self, source: str) -> None:
        """Drops a source that is no more, or is another one now."""
        self._kept.pop(source, None)

    def _fault(self, volume: Volume, now_seconds: float) -> str:
        if volume.seconds != self.rules.window_seconds:
            return OFF_GRID
        if volume.end_seconds > now_seconds + self.rules.lead_seconds:
            return EARLY
        if volume.end_seconds <= oldest_kept(self.rules, now_seconds):
            return LATE
        return ""


def oldest_kept(rules: WindowRules, now_seconds: float) -> int:
    """From when on windows are kept, the one that is not over yet not counted."""
    return (int(now_seconds) // rules.window_seconds - rules.kept_windows) * rules.window_seconds


def bounded(volume: Volume, most_edges: int) -> Volume:
    """A window with its largest edges and pairs only; what others carried is left, by reason."""
    if len(volume.edges) <= most_edges and len(volume.pairs) <= most_edges:
        return volume
    edges = _largest(volume.edges, most_edges)
    pairs = _largest(volume.pairs, most_edges)
    dropped = [(ends, sent) for ends, sent in volume.edges.items() if ends not in edges]
    reason = f"beyond {most_edges} edges in a window"
    left = [Left(reason, sent.bytes, 1, f"{ends[0]} → {ends[1]}") for ends, sent in dropped]
    kept = set(map(unordered, edges))
    return replace(
        volume,
        edges=edges,
        pairs=pairs,
        ends={two: sums for two, sums in volume.ends.items() if two in kept},
        leftovers=gathered((*volume.leftovers, *left)),
    )


def _told(kept: Sequence[Volume], oldest_seconds: int) -> tuple[Volume, ...]:
    """Windows that are not too old, after the newest whole one of all if none of them is whole."""
    recent = [each for each in kept if each.end_seconds > oldest_seconds]
    if any(each.complete for each in recent):
        return tuple(recent)
    whole = [each for each in kept if each.complete]
    return (*whole[-1:], *recent)


def _largest(sums: Mapping[_Key, Sent], most: int) -> dict[_Key, Sent]:
    """The largest, those with a place outside last: they push none out that plans are made with."""
    found = sorted(sums.items(), key=lambda each: (is_outside(*each[0]), -each[1].bytes, each[0]))
    return dict(found[:most])


def _says_more(taken: Volume, known: Volume) -> bool:
    """Whether a window replaces what is known of it; which of two stays never depends on order."""
    if taken == known:
        return False
    one, other = _telling(taken), _telling(known)
    return _spelled(taken) > _spelled(known) if one == other else one > other


def _telling(volume: Volume) -> tuple[int, bool, int, int, int]:
    """How much it tells; what places outside carry weighs no more than what is left."""
    told = volume.edges.items()
    between = sum(sent.bytes for ends, sent in told if not is_outside(*ends))
    told_bytes = volume.billed_bytes + volume.left_bytes
    missing = -len(volume.missing)
    return volume.revision, volume.complete, told_bytes, between, missing


def _spelled(volume: Volume) -> str:
    """All of a window, for the rare two that differ and tell of the same bytes."""
    sums = (volume.edges, volume.pairs, volume.ends)
    return repr(([sorted(each.items()) for each in sums], volume.leftovers))
