"""What finds no window, carries no weight or comes too late is told in status and metrics."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from act.test_byte_feeds import WEB
from act.test_feeds import NODES, RULES, observe, source, write
from cluster.test_holders import pod
from shorthaul import metrics
from shorthaul.act.feeds import Feed
from shorthaul.act.left_out_counts import LeftOut
from shorthaul.api.flowsources import FlowSource
from shorthaul.cluster import holders
from shorthaul.telemetry.sources import SourceReading
from shorthaul.traffic.addresses.books import BookRules
from shorthaul.traffic.recorders import Recorder
from shorthaul.traffic.volume_recorders import EARLY, LATE, OFF_GRID
from shorthaul.traffic.volumes import Sent, Volume
from telemetry import export_lines
from telemetry.export_lines import START_SECONDS

EVENTS, RECORDS = "shorthaul_unplaced_flow_events_total", "shorthaul_flow_records_total"
WINDOWS, NEWS = "shorthaul_refused_byte_windows_total", "shorthaul_address_news_total"


class Grown:
    """How much metrics have grown since it was made."""

    def __init__(self, name, label, *values):
        self._name, self._label, self._values = name, label, values
        self._before = self._now()

    def __call__(self):
        return tuple(now - before for now, before in zip(self._now(), self._before, strict=True))

    def _now(self):
        told = [
            metrics.REGISTRY.get_sample_value(self._name, {self._label: each})
            for each in self._values
        ]
        return [each or 0 for each in told]


@pytest.fixture
def log(tmp_path):
    return tmp_path / "events.log"


def health_of(feed, wanted, seconds):
    return feed.status(wanted, datetime.fromtimestamp(START_SECONDS + seconds, UTC)).health


def test_events_of_a_closed_window_or_a_time_to_come_are_told_and_count_once(log):
    grown = Grown(EVENTS, "reason", "late", "early", "first window")
    feed = Feed(RULES, START_SECONDS)
    for now in range(0, 60, 5):
        write(log, now, now + 5)
        observe(feed, source(log), now + 5)
    write(log, 12, 15)
    write(log, 5_000, 5_002)
    for now in (61, 62, 63):
        observe(feed, source(log), now)
    health = health_of(feed, source(log), 63)
    feed.close()

    assert (health.late_events, health.early_events) == (3, 2)
    assert grown() == (3, 2, 10)


def test_a_source_of_which_little_is_late_is_not_charged_with_anothers(log, tmp_path):
    other = tmp_path / "other.log"
    write(log, 0, 60)
    write(other, 0, 60)
    feed = Feed(RULES, START_SECONDS)
    two = [source(log), _named(source(other), "other")]
    asyncio.run(feed.observe(two, START_SECONDS + 60, NODES))
    write(other, 12, 19)
    asyncio.run(feed.observe(two, START_SECONDS + 61, NODES))
    told = [health_of(feed, each, 61).late_events for each in two]
    feed.close()

    assert told == [0, 7]


def test_lines_without_weight_are_in_the_status_and_in_metrics_once(log):
    grown = Grown(RECORDS, "outcome", "counted", "ignored", "leftover")
    drop = export_lines.line("shop/web-1", "shop/cart-1", 1, verdict="DROPPED")
    write(log, 0, 5)
    with log.open("ab") as file:
        file.write(export_lines.joined([drop, drop, b"{broken"]))
    feed = Feed(RULES, START_SECONDS)
    for now in (5, 6):
        observe(feed, source(log), now)
    health = health_of(feed, source(log), 6)
    feed.close()

    assert (health.lines, health.flows) == (8, 5)
    assert (health.ignored_lines, health.leftover_lines, health.bad_lines) == (2, 1, 1)
    assert grown() == (5, 2, 1)


def test_a_file_that_is_cut_off_is_told(log):
    write(log, 0, 20)
    feed = Feed(RULES, START_SECONDS)
    observe(feed, source(log), 20)
    log.write_bytes(b"")
    observe(feed, source(log), 21)
    write(log, 20, 25)
    observe(feed, source(log), 25)
    health = health_of(feed, source(log), 25)
    feed.close()

    assert health.truncations == 1


class Told:
    """A source of bytes that tells given windows, once."""

    def __init__(self, *volumes):
        self._volumes = volumes

    async def read(self):
        told, self._volumes = self._volumes, ()
        return SourceReading(volumes=told)

    def close(self):
        pass


def test_windows_of_bytes_that_are_refused_are_told_by_why(log):
    grown = Grown(WINDOWS, "reason", OFF_GRID, EARLY, LATE)
    feed, wanted = Feed(RULES, START_SECONDS), source(log)
    observe(feed, wanted, 0)
    starts = (START_SECONDS - 10, 10), (START_SECONDS, 5), (START_SECONDS + 500, 10), (50, 10)
    windows = [
        Volume(start, seconds, {(WEB, WEB): Sent(9)}, complete=True) for start, seconds in starts
    ]
    feed._open["hubble"].source = Told(*windows, windows[0])
    observe(feed, wanted, 1)
    observe(feed, wanted, 2)
    health = health_of(feed, wanted, 2)
    feed.close()

    assert (health.windows, health.refused_windows) == (1, 3)
    assert grown() == (1, 1, 1)


def test_news_of_addresses_that_come_too_late_or_find_no_room_are_told(monkeypatch):
    grown = Grown(NEWS, "outcome", "late", "dropped")
    monkeypatch.setattr(holders, "NEWS_LIMIT", 3)
    told = holders.Holders(BookRules(retention_milliseconds=10_000, settle_milliseconds=0))
    left_out, recorder = LeftOut(), Recorder(RULES, START_SECONDS)
    for number in range(5):
        told.see(None, pod(f"p{number}", f"10.0.0.{number}"), 1_000 * number)
    left_out.tell(recorder, (), told)
    dropped = grown()
    told.know(4_000)
    told.know(100_000)
    told.see(None, pod("late", "10.0.1.1"), 5_000)
    told.know(100_001)
    for _ in range(2):
        left_out.tell(recorder, (), told)

    assert dropped == (0, 2)
    assert grown() == (1, 2)


def _named(wanted, name):
    spec = {"type": "HubbleExport", "hubbleExport": {"path": wanted.spec.hubble_export.path}}
    return msgspec.convert({"metadata": {"name": name}, "spec": spec}, FlowSource)
