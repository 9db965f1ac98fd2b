"""Windows of bytes of a live Prometheus: none is lost to a restart or while it is away."""

import asyncio
import time

import msgspec
import pytest

from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus.clients import Engine, Server
from shorthaul.telemetry.prometheus.live_windows import LiveWindows, Question
from shorthaul.telemetry.prometheus.profiles import builtin
from shorthaul.telemetry.sources import Surroundings
from shorthaul.traffic.volume_recorders import VolumeRecorder
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import Namespace, PodRef
from telemetry.prometheus.metric_shapes import obi
from telemetry.prometheus.servers import wait_until
from worlds import builders

pytestmark = pytest.mark.prometheus
RULES = WindowRules(window_seconds=5, kept_windows=40)
PATIENCE_SECONDS = 120
OBI = builtin().profile("obi")
METRIC = OBI.metrics[0]
SNAPSHOT = builders.cluster(
    builders.node("n1"), builders.pod("shop/web-1", on="n1"), builders.pod("shop/db-1", on="n1")
)
PODS = PodRef(Namespace("shop"), "web-1"), PodRef(Namespace("shop"), "db-1")


def series(value, destination="db-1"):
    labels = obi(
        k8s_src_name="web-1",
        k8s_dst_namespace="shop",
        k8s_dst_name=destination,
        k8s_dst_owner_name="",
    )
    return METRIC, "counter", labels, value


class Opened:
    """A source that is opened right after a moment, and what it has told since."""

    def __init__(self, engine, moment, snapshot=SNAPSHOT):
        self._began, self._moment = time.monotonic(), moment
        self.recorder = VolumeRecorder(RULES)
        around = Surroundings(RULES, lambda: snapshot, None, 0.0)
        self.live = LiveWindows(engine, Question(OBI, None, 2.0), around, self.now)

    def now(self):
        return self._moment + time.monotonic() - self._began

    @property
    def windows(self):
        return self.recorder.windows(self.now()).get("one", ())

    async def read_until(self, enough):
        """Its health when there is enough."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            reading = await self.live.read()
            for volume in reading.volumes:
                self.recorder.add("one", volume, self.now())
            if enough(reading.health):
                return reading.health
            assert time.monotonic() < deadline, reading.health
            await asyncio.sleep(0.05)

    def told(self, end):
        """Its windows once they reach to the end."""

        def enough(_):
            return self.windows and self.windows[-1].end_seconds >= end

        asyncio.run(self.read_until(enough))
        return self.windows


@pytest.fixture(scope="module")
def grown(prometheus):
    """From when to when a pair of pods sent 5,000 bytes, and one that is gone 700."""
    begin = prometheus.show([series(10), series(10, "late-1")], [])
    end = prometheus.show([series(5_010), series(710, "late-1")], [])
    wait_until(lambda: time.time() > end + 2 * RULES.window_seconds)
    return begin, end


@pytest.fixture
def opened(prometheus, grown):
    """A source that is opened when all of it has been over for long enough."""
    return Opened(Engine(Server(prometheus.url)), grown[1] + RULES.window_seconds + 3)


def test_windows_together_have_all_that_was_counted_and_who_is_not_known(opened, grown):
    windows = opened.told(grown[1])

    assert sum(window.billed_bytes for window in windows) == 5_000
    assert sum(window.left_bytes for window in windows) == 700
    assert sum(w.pairs[PODS].bytes for w in windows if PODS in w.pairs) == 5_000


def test_a_source_that_is_opened_anew_tells_the_windows_of_before(opened, prometheus, grown):
    first = opened.told(grown[1])
    again = Opened(Engine(Server(prometheus.url)), opened.now()).told(grown[1])

    assert again[: len(first)] == first[: len(again)]


def test_a_time_without_series_says_nothing_and_the_window_after_it_is_not_whole(opened, grown):
    windows = opened.told(grown[1])

    assert windows[0].start_seconds > grown[0] - 3 * RULES.window_seconds
    assert [window.complete for window in windows] == [False, *[True] * (len(windows) - 1)]


def test_an_engine_that_is_away_is_trouble_and_its_windows_are_asked_again(prometheus, grown):
    engine = _Away(prometheus.url)
    opened = Opened(engine, grown[1] + RULES.window_seconds + 3)

    troubled = asyncio.run(opened.read_until(lambda health: health.troubles))
    engine.gone = False
    opened.told(grown[1])

    assert troubled.troubles == ("the engine is away",)
    assert sum(window.billed_bytes for window in opened.windows) == 5_000


def test_a_window_of_which_the_engine_warns_is_told_and_not_whole(prometheus, grown):
    opened = Opened(_Warning(prometheus.url), grown[1] + RULES.window_seconds + 3)

    def warned(health):
        return [told for told in health.troubles if told.endswith(": a store is away")]

    troubled = asyncio.run(opened.read_until(warned))
    windows = opened.told(grown[1])

    assert warned(troubled)[0].startswith("the engine warns of window ")
    assert sum(window.billed_bytes for window in windows) == 5_000
    assert not any(window.complete for window in windows)


def test_nothing_is_asked_before_the_cluster_has_been_read():
    opened = Opened(_Away("http://localhost:9"), time.time(), snapshot=None)

    async def read():
        return await opened.live.read(), await opened.live.read()

    assert all(reading.health.troubles == () for reading in asyncio.run(read()))


class _Warning(Engine):
    """The engine, one of whose stores cannot be reached."""

    def __init__(self, url):
        super().__init__(Server(url))

    def ask(self, query, at_seconds):
        found = super().ask(query, at_seconds)
        return msgspec.structs.replace(found, warnings=("a store is away",))


class _Away:
    """The engine, which cannot be reached at first."""

    def __init__(self, url):
        self.gone = True
        self._engine = Engine(Server(url))

    def ask(self, query, at_seconds):
        if self.gone:
            raise BadInput("the engine is away")
        return self._engine.ask(query, at_seconds)

    def close(self):
        self._engine.close()
