"""What is being done right now, on standard error and only to a terminal; gone when it is done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class Progress(Protocol):
    """Told what is going on; never asked anything."""

    def begin(self, stage: str) -> None:
        """A new stage begins; the one before is over."""

    def advance(self, done: int, total: int) -> None:
        """How far the stage is, in any unit; a total of 0 is not known."""

    def say(self, text: str) -> None:
        """What the stage is about now."""


class Silence:
    """Shows nothing."""

    def begin(self, stage: str) -> None:
        """Does nothing."""

    def advance(self, done: int, total: int) -> None:
        """Does nothing."""

    def say(self, text: str) -> None:
        """Does nothing."""


def search_of(show: Progress) -> Callable[[float, float, float], None]:
    """Shows a search: how far it is, and how much of today's best cost may still be gained."""

    def tell(share: float, cost: float, bound: float) -> None:
        show.advance(round(share * 100), 100)
        if cost > 0:
            show.say(f"searching, at most {max(0.0, 1 - bound / cost):.1%} left to gain")

    return tell


@contextmanager
def shown() -> Iterator[Progress]:
    """Progress for as long as the block runs."""
    if not sys.stderr.isatty():
        yield Silence()
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    bars = Bars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bars:
        yield _Shown(bars)


class _Shown:
    def __init__(self, bars: "Bars") -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def begin(self, stage: str) -> None:
        """Replaces the stage before."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(stage, total=None)

    def advance(self, done: int, total: int) -> None:
        """Moves the bar."""
        if self._task is not None:
            self._bars.update(self._task, completed=done, total=total or None)

    def say(self, text: str) -> None:
        """Changes the words beside the bar."""
        if self._task is not None:
            self._bars.update(self._task, description=text)
