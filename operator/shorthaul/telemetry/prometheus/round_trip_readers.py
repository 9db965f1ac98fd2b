"""Asks an engine for round trips now and then, in a thread; what goes wrong is an answer too."""

import asyncio
import time
from collections.abc import Callable

from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus.answers import Answer
from shorthaul.telemetry.prometheus.live_windows import Asking
from shorthaul.telemetry.prometheus.round_trip_profiles import Histogram, OwnQuery
from shorthaul.telemetry.prometheus.round_trips import RoundTrips, read_round_trips
from shorthaul.topology.soundings import EXACT


class RoundTripReader:
    """The round trips of one engine."""

    def __init__(
        self,
        engine: Asking,
        asked: Histogram | OwnQuery,
        window_seconds: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Store whom to ask for what; nothing is asked before `sweep`."""
        self._engine, self._asked, self._window_seconds = engine, asked, window_seconds
        self._clock = clock
        self._resolution = EXACT
        self._closed = False

    async def sweep(self) -> RoundTrips:
        """What the engine answers now; never raises BadInput."""
        return await asyncio.to_thread(self._read)

    def close(self) -> None:
        """Ends the connections; a query that is under way ends by itself."""
        self._closed = True
        self._engine.close()

    def _read(self) -> RoundTrips:
        try:
            found = read_round_trips(
                self._ask,
                self._asked,
                seconds=self._window_seconds,
                at_seconds=int(self._clock()),
            )
        except BadInput as error:
            # What was answered before is known no better than it was then.
            return RoundTrips(resolution=self._resolution, trouble=str(error))
        self._resolution = found.resolution
        return found

    def _ask(self, query: str, at_seconds: int) -> Answer:
        if self._closed:
            raise BadInput("the source is closed")
        return self._engine.ask(query, at_seconds)
