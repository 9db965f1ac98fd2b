"""Sources of bytes in the feed: what their status says, and which units may be planned on."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from shorthaul import metrics
from shorthaul.act.feeds import Feed
from shorthaul.act.volume_sums import VolumeSums
from shorthaul.api.flowsources import FlowSource, FlowSourceStatus
from shorthaul.telemetry.sources import SourceHealth, SourceReading
from shorthaul.traffic.graphs import SourceState
from shorthaul.traffic.volumes import Left, Sent, Volume
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import Namespace, Unit, WorkloadRef

RULES = WindowRules(window_seconds=10, kept_windows=2)
NOW = datetime(2026, 1, 5, tzinfo=UTC)
WEB, DB = (WorkloadRef(Namespace("shop"), "Deployment", name) for name in ("web", "db"))


def source(trust="Full", **more):
    part = {"address": "http://127.0.0.1:9", "profile": "obi", **more}
    spec = {"type": "Prometheus", "prometheus": part, "trust": trust}
    return msgspec.convert({"metadata": {"name": "bytes"}, "spec": spec}, FlowSource)


def observed(wanted):
    feed = Feed(RULES, NOW.timestamp())
    try:
        closed = asyncio.run(feed.observe([wanted], NOW.timestamp(), None))
        return closed, feed.gathered(NOW.timestamp()), feed.status(wanted, NOW)
    finally:
        feed.close()


def volume(start, size, left=0, complete=True):
    edges = {(WEB, DB): Sent(size)}
    return Volume(start, 10, edges, leftovers=(Left("world", left),), complete=complete)


@pytest.mark.parametrize(
    ("trust", "units"), [("Full", frozenset({Unit.BYTES})), ("ReportOnly", frozenset())]
)
def test_only_a_trusted_source_of_bytes_lets_policies_be_planned_on_bytes(trust, units):
    closed, gathered, _ = observed(source(trust, lagSeconds=7))

    assert (closed, gathered.units) == ((), units)
    assert gathered.lag_seconds == (7 if units else 0)
    assert gathered.sources == {unit: {"bytes": SourceState()} for unit in units}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"tokenFile": "/etc/token", "address": "http://prometheus:9090"}, "in the clear"),
        ({"profile": None}, "neither profile nor ownProfile is given"),
    ],
)
def test_a_source_that_cannot_be_asked_says_so_in_its_status(wrong, told):
    _, _, status = observed(source(**wrong))

    (ready,) = [each for each in status.conditions if each.type == "Ready"]
    assert (ready.status, ready.reason) == ("False", "SourceInTrouble")
    assert told in ready.message
    assert told in status.health.last_error


def test_counts_that_the_api_would_refuse_are_told_as_the_most_that_it_takes():
    feed, wanted = Feed(RULES, NOW.timestamp()), source()
    asyncio.run(feed.observe([wanted], NOW.timestamp(), None))
    opened = feed._open["bytes"]
    opened.health = SourceHealth(*[1 << 64] * 5)
    opened.rate = 1e300

    told = msgspec.json.encode(feed.status(wanted, NOW))
    feed.close()

    health = msgspec.json.decode(told, type=FlowSourceStatus).health
    assert health.lost_events == health.lines == health.flows == health.bad_lines == 1 << 53
    assert health.flows_per_second == 1 << 53


def test_the_sums_of_a_source_are_of_the_windows_that_are_kept_each_once():
    sums = VolumeSums(RULES.kept_windows)
    told = (volume(10, 7), volume(20, 5, complete=False), volume(20, 90, 10), volume(30, 900))
    for each in told:
        sums.add(each)

    assert (sums.windows, sums.incomplete_windows) == (2, 0)
    assert (sums.billed_bytes, sums.left_bytes) == (990, 10)
    assert sums.text == "2 windows of bytes are kept; 1.0% of the bytes name no two workloads"


def test_incomplete_windows_are_told():
    sums = VolumeSums(RULES.kept_windows)
    sums.add(volume(10, 0, complete=False))

    assert "1 windows of bytes are kept, 1 of them incomplete" in sums.text


def test_a_source_says_whom_its_newest_window_is_without():
    sums = VolumeSums(RULES.kept_windows)
    sums.add(replace(volume(990, 7), complete=False, missing=("collector b (node n2)",)))

    assert "1 of them incomplete; the newest is without collector b (node n2); " in sums.text


class Telling:
    """A source that tells what it is given, one window a reading."""

    def __init__(self, *volumes):
        self._volumes = list(volumes)

    async def read(self):
        return SourceReading(volumes=(self._volumes.pop(0),))

    def close(self):
        pass


def counted_bytes():
    name = "shorthaul_traffic_bytes_total"
    outcomes = ("attributed", "unattributed")
    return [metrics.REGISTRY.get_sample_value(name, {"outcome": each}) or 0 for each in outcomes]


def test_bytes_of_a_window_that_is_told_again_are_counted_once():
    feed, wanted = Feed(RULES, NOW.timestamp()), source()
    start = int(NOW.timestamp()) - 10
    told = (
        volume(start, 100, 50, complete=False),
        volume(start, 120, 40),
        volume(start, 150, 45),
        volume(start, 150, 45),
    )
    asyncio.run(feed.observe([wanted], NOW.timestamp(), None))
    feed._open["bytes"].source.close()
    feed._open["bytes"].source = Telling(*told)

    before, grown = counted_bytes(), []
    for _ in told:
        asyncio.run(feed.observe([wanted], NOW.timestamp(), None))
        grown.append([now - then for now, then in zip(counted_bytes(), before, strict=True)])
    health = feed.status(wanted, NOW).health
    feed.close()

    assert grown == [[100, 50], [120, 50], [150, 50], [150, 50]]
    assert (health.bytes, health.unattributed_bytes) == (150, 45)
