"""A live source of bytes: asks Prometheus for each window of the grid once it is over.

Questions are asked in a thread, a few windows at a time and the oldest first, so that reading never
waits. What an engine keeps of the past is asked too, as far back as windows are kept: an operator
that was started again, or an engine that was away, loses no window. A window without any sample
says nothing; the one after it is not whole, since counters that went on meanwhile show all of it
there; nor is one of which the engine warns. A window that cannot be read is asked again later, and
the trouble told.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from shorthaul.cluster.directories import directory_of
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus import answers
from shorthaul.telemetry.prometheus.answers import Answer
from shorthaul.telemetry.prometheus.ends import Names
from shorthaul.telemetry.prometheus.measurements import Measurement
from shorthaul.telemetry.prometheus.outsides import outsides_of
from shorthaul.telemetry.prometheus.profiles import Profile
from shorthaul.telemetry.prometheus.readers import NothingMeasured, Stretch, read_traffic
from shorthaul.telemetry.prometheus.window_volumes import volume_of
from shorthaul.telemetry.sources import SourceHealth, SourceReading, Surroundings
from shorthaul.traffic.flows import NANOSECONDS
from shorthaul.traffic.volume_recorders import oldest_kept
from shorthaul.traffic.volumes import Volume

MOST_AT_ONCE = 10
MOST_FAILURES = 2
MOST_EMPTY = 3
RETRY_SECONDS = 15.0


class Asking(Protocol):
    """An engine that answers queries, until it is closed."""

    def ask(self, query: str, at_seconds: int) -> Answer:
        """The instant vector of a query at a time; raises BadInput."""
        ...

    def close(self) -> None:
        """Ends the connections."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an engine, and how long after its end a window is asked for."""

    profile: Profile
    sampling: float | None = None
    lag_seconds: float = 60.0


@dataclass(slots=True)
class _Round:
    """What a few windows came to: what was told, which were empty, and what went wrong."""

    told: list[Volume] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


class LiveWindows:
    """The windows of one engine by one profile."""

    def __init__(
        self,
        engine: Asking,
        question: Question,
        around: Surroundings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Store whom to ask for what; nothing is asked before `read`."""
        self._engine, self._question, self._around = engine, question, around
        self._clock = clock
        self._health = SourceHealth()
        self._told: set[int] = set()
        self._empty: dict[int, int] = {}
        self._not_before = 0.0
        self._asking: asyncio.Task[_Round] | None = None
        self._closed = False

    async def read(self) -> SourceReading:
        """What has been answered since; asks for what is due now, in the background."""
        volumes = self._answered()
        snapshot = self._around.snapshot()
        if self._asking is None and snapshot is not None and self._clock() >= self._not_before:
            due = self._due(self._clock())
            if due:
                work = asyncio.to_thread(self._round, due, frozenset(self._empty), snapshot)
                self._asking = asyncio.create_task(work)
        return SourceReading(volumes=tuple(volumes), health=self._health)

    def close(self) -> None:
        """Asks no more; the query that is under way ends by itself, within its time limit."""
        self._closed = True
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        self._engine.close()

    def _due(self, now_seconds: float) -> list[int]:
        """The windows that are over for long enough and have not been told.

        Oldest first, so that it is known whether the one before was empty; those that were empty
        come last, in case the engine has stored them meanwhile.
        """
        rules = self._around.rules
        oldest, step = oldest_kept(rules, now_seconds), rules.window_seconds
        self._told = {start for start in self._told if start >= oldest}
        self._empty = {start: n for start, n in self._empty.items() if start >= oldest - step}
        end = now_seconds - self._question.lag_seconds
        over = range(oldest, int(end) - step + 1, step)
        asked = {start: self._empty.get(start, 0) for start in over if start not in self._told}
        due = [start for start, times in asked.items() if times < MOST_EMPTY]
        return sorted(due, key=lambda start: (asked[start], start))[:MOST_AT_ONCE]

    def _answered(self) -> list[Volume]:
        if self._asking is None or not self._asking.done():
            return []
        found, self._asking = self._asking.result(), None
        self._told.update(volume.start_seconds for volume in found.told)
        for start in found.empty:
            self._empty[start] = self._empty.get(start, 0) + 1
        if found.troubles or not found.told:
            pause = min(RETRY_SECONDS, float(self._around.rules.window_seconds))
            self._not_before = self._clock() + pause
        newest = max((volume.end_seconds for volume in found.told), default=0) * NANOSECONDS
        self._health = replace(
            self._health,
            flows=self._health.flows + sum(len(volume.edges) for volume in found.told),
            newest_nanoseconds=max(self._health.newest_nanoseconds, newest),
            troubles=tuple(dict.fromkeys(found.troubles)),
        )
        return found.told

    def _round(self, due: Sequence[int], empty: frozenset[int], snapshot: Snapshot) -> _Round:
        """Asks for some windows, in a thread; gives up after some failures in a row."""
        found, failures = _Round(), 0
        directory, step = directory_of(snapshot), self._around.rules.window_seconds
        places = self._around.book.places() if self._around.book else ()
        names = Names(directory, self._question.profile.nobody, outsides_of(places, snapshot))
        for start in due:
            try:
                measured = self._measured(start, names)
            except NothingMeasured as nothing:
                found.empty.append(start)
                if start == max(due):
                    found.troubles.append(str(nothing))
                continue
            except BadInput as error:
                found.troubles.append(str(error))
                failures += 1
                if failures >= MOST_FAILURES:
                    break
                continue
            failures = 0
            follows_nothing = start - step in empty or start - step in found.empty
            doubts = answers.doubts(measured.warnings)
            found.troubles += (f"the engine warns of window {start}: {each}" for each in doubts)
            complete = not (follows_nothing or doubts)
            found.told.append(volume_of(measured, start, directory, complete=complete))
        return found

    def _measured(self, start: int, names: Names) -> Measurement:
        """What was counted in one window; raises BadInput, NothingMeasured where nothing was."""
        question, step = self._question, self._around.rules.window_seconds
        measured = read_traffic(
            self._ask,
            question.profile,
            names,
            Stretch(start, start + step, step),
            sampling=question.sampling,
        )
        if not measured.rows:
            raise NothingMeasured(
                f"no sample of {' or '.join(question.profile.metrics)} in a window of {step} s; "
                "windows have to be longer than the scrape interval, and lagSeconds long enough"
            )
        return measured

    def _ask(self, query: str, at_seconds: int) -> Answer:
        if self._closed:
            raise BadInput("the source is closed")
        return self._engine.ask(query, at_seconds)
