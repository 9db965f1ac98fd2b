"""Nodes whose exporters fell silent while their collectors told: a window without them tells less.

A collector that is back has heard nobody yet, and its windows are whole as far as it knows. Who was
heard before and is not heard again would look idle, and its pods would be moved. So a node is lost
from the first window in which

- nobody hears it, and the collectors that heard it had told less than all of that window or of the
  one before, or there was no window before;
- or it is silent for twice as long as it ever paused of late; while little is known of that, for
  longer than exporters hold a flow back.

It is back once it was heard for as long as exporters hold flows back, since one that was started
again tells of a long flow only then. One that stays away is not waited for longer than it takes to
start an agent again: then it may as well have nothing to tell, and how many nodes are heard is what
a FlowSource's coverage is for. A few of many nodes are as bearable as the same share of losses.

Windows may come in any order, and again with more in them: what was known of later ones is found
anew. Values only, no I/O.
"""

from collections.abc import Set
from copy import copy
from dataclasses import dataclass

from shorthaul.units import NodeName

Nodes = frozenset[NodeName]

KEPT_WINDOWS = 64
"""Older windows are not found anew."""

PATIENCE_SECONDS = 360
"""A kubelet starts a container again after 300 s at most."""

LEAST_PATIENCE_WINDOWS = 3

KNOWN_FROM = 8
"""Windows in which a node was heard, from which on its pauses say something."""

FADING = 0.9
"""What the longest pause is worth after each window in which the node was heard."""

PAUSES = 2.0
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Window:
    """Who was heard in it, and who could not be, as collectors told nothing or a part of it."""

    heard: Nodes
    cut: Nodes


@dataclass(slots=True)
class _Voice:
    """What is known of one node, in seconds of windows' starts.

    It is lost since `lost_from`, and heard again since `back_from`; `gone` is one that is not
    waited for any more. When it was `doubted`, its collectors told only a part of the window in
    which it was heard last.
    """

    last: int
    times: int = 0
    pause: float = 0.0
    doubted: bool = False
    lost_from: int | None = None
    back_from: int | None = None
    gone: bool = False

    @property
    def is_lost(self) -> bool:
        return self.lost_from is not None


def named(lost: Nodes) -> str:
    """Who a window is without, for people."""
    names = sorted(lost)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    nodes = "node" if len(names) == 1 else "nodes"
    return f"{nodes} {', '.join(names[:MOST_NAMED])}{more}, heard before and not yet for long again"


_Voices = dict[NodeName, _Voice]


def _copied(voices: _Voices) -> _Voices:
    return {node: copy(voice) for node, voice in voices.items()}


class Silences:
    """Which nodes were lost in which window; `longest_seconds` is how long flows are held back."""

    def __init__(self, window_seconds: int, longest_seconds: float) -> None:
        self._seconds, self._longest = window_seconds, longest_seconds
        self._windows: dict[int, _Window] = {}
        self._lost: dict[int, Nodes] = {}
        self._before: _Voices = {}
        self._before_start: int | None = None
        self._until_newest: _Voices = {}
        self._voices: _Voices = {}

    def take(self, start_seconds: int, heard: Set[NodeName], cut: Set[NodeName]) -> tuple[int, ...]:
        """Takes who was heard in a window, together with before, and who cannot have been yet.

        Returns the windows that others are lost in than before, this one left out.
        """
        known, newest = self._windows.get(start_seconds), max(self._windows, default=-1)
        before = known.heard if known is not None else Nodes()
        window = _Window(before | (heard - {NodeName("")}), Nodes(cut))
        is_let_go = self._before_start is not None and start_seconds <= self._before_start
        if window == known or is_let_go:
            return ()
        self._windows[start_seconds] = window
        lost = dict(self._lost)
        if start_seconds >= newest:
            self._voices = self._voices if start_seconds > newest else self._until_newest
            self._until_newest = _copied(self._voices)
            self._go_on(start_seconds, max((s for s in lost if s < start_seconds), default=None))
        else:
            self._find_anew()
        while len(self._windows) > KEPT_WINDOWS:
            self._let_go(min(self._windows))
        changed = (start for start, nodes in lost.items() if nodes != self._lost.get(start, nodes))
        return tuple(sorted(start for start in changed if start != start_seconds))

    def lost(self, start_seconds: int, nodes: Set[NodeName], share_limit: float) -> Nodes:
        """Of these nodes those that were lost in a window, if they are more than a share of all."""
        found = self._lost.get(start_seconds, Nodes()) & nodes
        known = sum(node in nodes and not voice.gone for node, voice in self._voices.items())
        return found if len(found) > share_limit * known else Nodes()

    def _find_anew(self) -> None:
        self._voices = _copied(self._before)
        before, newest = self._before_start, max(self._windows)
        for start in sorted(self._windows):
            if start == newest:
                self._until_newest = _copied(self._voices)
            self._go_on(start, before)
            before = start

    def _go_on(self, start: int, before: int | None) -> None:
        """One window further; `before` is the start of the last one."""
        hole = before is not None and start - before > self._seconds
        self._lost[start] = self._step(start, self._windows[start], hole=hole)

    def _let_go(self, start: int) -> None:
        """Forgets the oldest window but for what it says of voices."""
        voices, self._voices = self._voices, self._before
        before = self._before_start if self._before_start is not None else start
        self._step(start, self._windows.pop(start), hole=start - before > self._seconds)
        self._before, self._before_start, self._voices = self._voices, start, voices
        del self._lost[start]

    def _step(self, start: int, window: _Window, *, hole: bool) -> Nodes:
        for node in window.heard:
            self._heard(node, start, cut=node in window.cut, hole=hole)
        for node in [node for node in self._voices if node not in window.heard]:
            voice = self._voices[node]
            self._unheard(voice, start, cut=hole or node in window.cut)
            if voice.gone and start - voice.last > KEPT_WINDOWS * self._seconds:
                del self._voices[node]
        return Nodes(node for node, voice in self._voices.items() if voice.is_lost)

    def _heard(self, node: NodeName, start: int, *, cut: bool, hole: bool) -> None:
        voice = self._voices.setdefault(node, _Voice(start))
        if voice.gone or (hole and voice.last < start):
            voice.lost_from, voice.back_from, voice.gone = start, start, False
        elif voice.is_lost and voice.back_from is None:
            voice.back_from = start
        elif not voice.is_lost:
            voice.pause = max(float(start - voice.last), voice.pause * FADING)
        if voice.back_from is not None and start > voice.back_from + self._longest:
            voice.lost_from = voice.back_from = None
        voice.last, voice.doubted, voice.times = start, cut, voice.times + 1

    def _unheard(self, voice: _Voice, start: int, *, cut: bool) -> None:
        if voice.gone:
            return
        paused = start - voice.last
        fell_silent = not voice.is_lost and paused > self._most_paused(voice)
        if fell_silent and not (cut or voice.doubted):
            voice.pause = max(voice.pause, float(paused))
        if fell_silent or cut or voice.doubted:
            voice.lost_from, voice.back_from, voice.doubted = start, None, False
        elif voice.lost_from is not None:
            patience = max(PATIENCE_SECONDS, LEAST_PATIENCE_WINDOWS * self._seconds)
            if start - max(voice.lost_from, voice.last) >= patience:
                voice.lost_from, voice.back_from, voice.gone = None, None, True

    def _most_paused(self, voice: _Voice) -> float:
        if voice.times < KNOWN_FROM:
            return self._longest + self._seconds
        return max(PAUSES * voice.pause - 1, self._seconds)
