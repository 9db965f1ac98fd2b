"""Nodes whose exporters fell silent while their collectors told: a window without them tells less.

A collector that is back has heard nobody yet, and its windows are whole as far as it knows. Who was
heard before and is not heard again would look idle, and its pods would be moved. So a node is lost
when its silence is explained, or is not its habit:

- nobody hears it in a window of which the collectors that heard it told only a part, or in the next
  one, or in the first one after nobody told anything;
- together with most of those that were heard in the window before, when they do not pause usually;
- it is silent for twice as long as it ever paused of late; while little is known of that, for
  longer than exporters hold a flow back as well.

After an explained silence it is back once it was heard for as long as exporters hold flows back:
one that was started again tells of a long flow only then. So it is after a collector's partial
window, which may have ended its exporter too. After a mere pause its first window is enough. One
that stays away is not waited for longer than it takes to start an agent again: it may have nothing
to tell, and how many nodes are heard is what a FlowSource's coverage is for. A few of many nodes
are as bearable as the same share of losses.

Windows may come in any order, and again with more in them: what was known of later ones is found
anew. Values only, no I/O.
"""

from collections.abc import Set
from copy import copy
from dataclasses import dataclass

from shorthaul.telemetry.collected.voices import Pace, Voice
from shorthaul.units import NodeName

Nodes = frozenset[NodeName]

KEPT_WINDOWS = 64
"""Older windows are not found anew."""

FORGET_SECONDS = 3_600
"""How long it is known at least that a node which is not waited for any more was there."""
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Window:
    """Who was heard in it, and who could not be, as collectors told nothing or a part of it."""

    heard: Nodes
    cut: Nodes


_Voices = dict[NodeName, Voice]


def _copied(voices: _Voices) -> _Voices:
    return {node: copy(voice) for node, voice in voices.items()}


class Silences:
    """Which nodes were lost in which window; `longest_seconds` is how long flows are held back.

    `kept_windows` are those that may be asked for.
    """

    def __init__(
        self, window_seconds: int, longest_seconds: float, kept_windows: int = KEPT_WINDOWS
    ) -> None:
        self._seconds, self._pace = window_seconds, Pace(window_seconds, longest_seconds)
        self._kept = kept_windows
        self._known: dict[int, int] = {}
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
        window = self._same(_Window(before | (heard - {NodeName("")}), Nodes(cut)), newest)
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
        while len(self._windows) > self._kept:
            self._let_go(min(self._windows))
        changed = (start for start, nodes in lost.items() if nodes != self._lost.get(start, nodes))
        return tuple(sorted(start for start in changed if start != start_seconds))

    def lost(self, start_seconds: int, nodes: Set[NodeName], share_limit: float) -> Nodes:
        """Of these nodes those that were lost in a window, if they are more than a share of all."""
        found = self._lost.get(start_seconds, Nodes()) & nodes
        known = min(self._known.get(start_seconds, 0), len(nodes))
        return found if len(found) > share_limit * known else Nodes()

    def text(self, lost: Nodes) -> str:
        """Who a window is without, or has for a part only, for people."""
        names = sorted(lost)
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        nodes = "node" if len(names) == 1 else "nodes"
        why = f"silent, or heard again for less than {self._pace.longest_seconds:.0f} s"
        return f"{nodes} {', '.join(names[:MOST_NAMED])}{more} ({why})"

    def _same(self, window: _Window, newest: int) -> _Window:
        """The same window, with the set of the newest one where that is the same."""
        known = self._windows.get(newest)
        is_same = known is not None and known.heard == window.heard
        return _Window(known.heard, window.cut) if known is not None and is_same else window

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
        self._known[start] = sum(not voice.gone for voice in self._voices.values())

    def _let_go(self, start: int) -> None:
        """Forgets the oldest window but for what it says of voices."""
        voices, self._voices = self._voices, self._before
        before = self._before_start if self._before_start is not None else start
        self._step(start, self._windows.pop(start), hole=start - before > self._seconds)
        self._before, self._before_start, self._voices = self._voices, start, voices
        del self._lost[start], self._known[start]

    def _step(self, start: int, window: _Window, *, hole: bool) -> Nodes:
        many = self._many_away(window)
        for node in window.heard:
            cut = node in window.cut
            if node in self._voices:
                self._voices[node].heard(start, self._pace, cut=cut, hole=hole)
            else:
                self._voices[node] = Voice(start, doubted=cut)
        for node in [node for node in self._voices if node not in window.heard]:
            voice, cut = self._voices[node], hole or node in window.cut or node in many
            voice.unheard(start, self._pace, cut=cut)
            if voice.gone and start - voice.last > max(FORGET_SECONDS, self._kept * self._seconds):
                del self._voices[node]
        return Nodes(node for node, voice in self._voices.items() if voice.is_lost)

    def _many_away(self, window: _Window) -> Nodes:
        """Those that were heard last and do not pause usually, if most of them are silent now."""
        latest = max((voice.last for voice in self._voices.values()), default=0)
        regular = [
            node
            for node, voice in self._voices.items()
            if voice.last == latest and not voice.is_lost and voice.pause <= self._seconds
        ]
        away = [node for node in regular if node not in window.heard]
        return Nodes(away if len(away) > 1 and 2 * len(away) > len(regular) else ())
