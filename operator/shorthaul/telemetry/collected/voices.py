"""What is known of one node that exporters speak for: whether it is lost, and its habits.

Times are seconds of windows' starts. Values only, no I/O.
"""

from dataclasses import dataclass

PATIENCE_SECONDS = 360
"""A kubelet starts a container again after 300 s at most."""

LEAST_PATIENCE_WINDOWS = 3

KNOWN_FROM = 8
"""Windows in which a node was heard, from which on its pauses say something."""

FADING = 0.9
"""What the longest pause is worth after each window in which the node was heard."""

PAUSES = 2.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long windows are, and how long exporters hold flows back."""

    window_seconds: int
    longest_seconds: float

    @property
    def patience_seconds(self) -> int:
        """For how long one that stays away is waited for."""
        return max(PATIENCE_SECONDS, LEAST_PATIENCE_WINDOWS * self.window_seconds)


@dataclass(slots=True)
class Voice:
    """A node that was heard.

    It is lost since `lost_from`, heard again since `back_from`, and has to be for `wait_seconds`;
    `gone` is one that is not waited for any more. A silence that is `explained` says nothing of its
    habits. When it was `doubted`, its collectors told only a part of the window in which it was
    heard last.
    """

    last: int
    times: int = 1
    pause: float = 0.0
    doubted: bool = False
    explained: bool = False
    lost_from: int | None = None
    back_from: int | None = None
    wait_seconds: float = 0.0
    gone: bool = False

    @property
    def is_lost(self) -> bool:
        """Whether windows are without it, or have it for a part only."""
        return self.lost_from is not None

    def heard(self, start: int, pace: Pace, *, cut: bool, hole: bool) -> None:
        """Takes a window that it is heard in: of which its collectors told a part; after none."""
        explained = hole or self.explained or self.doubted
        if not explained:
            self.pause = max(float(start - self.last), self.pause * FADING)
        is_doubtful = self.doubted and not cut and not self.is_lost
        if hole or self.gone or is_doubtful:
            self.lost_from, self.back_from, self.gone = start, start, False
            self.wait_seconds = pace.longest_seconds if explained else pace.window_seconds
        elif self.is_lost and self.back_from is None:
            self.back_from = start
        self._settle(start)
        self.last, self.times = start, self.times + 1
        self.doubted, self.explained = cut, False

    def unheard(self, start: int, pace: Pace, *, cut: bool) -> None:
        """Takes a window that it is not heard in; `cut` where that has a reason."""
        if self.gone:
            return
        if cut or self.doubted:
            self.lost_from, self.back_from, self.wait_seconds = start, None, pace.longest_seconds
            self.doubted, self.explained = False, True
        elif self.explained or start - self.last > self._most_paused(pace):
            self._is_away(start, pace)
        else:
            self._settle(start)

    def _is_away(self, start: int, pace: Pace) -> None:
        if self.lost_from is None:
            self.lost_from, self.wait_seconds = start, pace.window_seconds
        self.back_from = None
        if start - max(self.lost_from, self.last) >= pace.patience_seconds:
            self.lost_from, self.gone = None, True

    def _settle(self, start: int) -> None:
        if self.back_from is not None and start > self.back_from + self.wait_seconds:
            self.lost_from = self.back_from = None

    def _most_paused(self, pace: Pace) -> float:
        habit = max(PAUSES * self.pause - 1, pace.window_seconds)
        if self.times >= KNOWN_FROM:
            return habit
        return max(habit, pace.longest_seconds + pace.window_seconds)
