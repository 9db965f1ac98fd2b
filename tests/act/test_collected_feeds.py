"""A FlowSource of type Collector in the feed: its windows of bytes, its health, what is refused."""

import asyncio
import time
from datetime import UTC, datetime

import msgspec
import pytest

from shorthaul.act.feeds import Feed
from shorthaul.api.flowsources import FlowSource
from shorthaul.telemetry.live_books import LiveBook
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import Tier, Unit
from telemetry.collected import spools_made
from telemetry.collected.surroundings import owner
from telemetry.collected.test_readers import NODES, A, B, recent, two_pods

RULES = WindowRules(window_seconds=1, kept_windows=600)
WAIT_SECONDS = 120


def source(port, **more):
    part = {"address": f"127.0.0.1:{port}", **more}
    spec = {"type": "Collector", "collector": part}
    about = {"name": "netflow", "generation": 1}
    return msgspec.convert({"metadata": about, "spec": spec}, FlowSource)


@pytest.fixture
def feed():
    world = two_pods()
    book = LiveBook(world.holders, lambda: 0.0, lambda snapshot: lambda one, other: Tier.ZONE)
    found = Feed(RULES, time.time(), lambda: world.snapshot, book=book)
    yield found
    found.close()


async def observed(feed, wanted, enough):
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        await feed.observe([wanted], time.time(), frozenset({"n1", "n2"}))
        status = feed.status(wanted, datetime.now(UTC))
        if enough(status):
            return status
        await asyncio.sleep(0.05)
    raise AssertionError(status)


async def test_windows_of_a_collector_are_windows_of_bytes_of_the_feed(feed, tmp_path):
    start = recent()
    for number in range(5):
        records = [spools_made.record(A, B, 100 + number, (start + number) * 1_000)]
        spools_made.write(tmp_path / "a", start + number, records, NODES[0][1])
    with spools_made.served(tmp_path / "a") as server:
        wanted = source(server.port, leastCoveragePercent=90)
        status = await observed(feed, wanted, lambda status: status.health.flows >= 5)

    found = [volume for volume in feed.volumes.windows(start + 5)["netflow"] if volume.edges]
    assert [volume.start_seconds - start for volume in found] == [0, 1, 2, 3, 4]
    assert [sent.bytes for volume in found for sent in volume.edges.values()] == [
        100,
        101,
        102,
        103,
        104,
    ]
    assert set(found[0].edges) == {(owner(A), owner(B))}
    assert (status.health.files, status.health.nodes, status.health.connected_nodes) == (1, 2, 1)
    assert feed.uncovered({"n1", "n2"}).code == "FlowsUncovered"


async def test_the_feed_knows_what_both_ends_nodes_told_and_how_the_source_does(feed, tmp_path):
    start = recent()
    for number in range(6):
        records = [spools_made.record(A, B, 100, (start + number - number % 2) * 1_000)]
        spools_made.write(tmp_path / "a", start + number, records, NODES[number % 2][1])
    with spools_made.served(tmp_path / "a") as server:
        wanted = source(server.port, leastCoveragePercent=90)
        await observed(feed, wanted, lambda status: status.health.lines >= 6)
        found = feed.gathered(start + 6)

    told = [sums for volume in found.volumes["netflow"] for sums in volume.ends.values()]
    assert sorted(map(sum, zip(*told, strict=True))) == [300, 300]
    state = found.sources[Unit.BYTES]["netflow"]
    assert (state.coverage_share, state.lost_share) == (1.0, 0.0)


async def test_a_collector_that_does_not_answer_is_in_the_status(feed):
    wanted = source(1)
    status = await observed(feed, wanted, lambda status: status.health.last_error)

    assert "collector 127.0.0.1 of 127.0.0.1:1: GET /windows" in status.health.last_error
    assert status.health.silent_collectors == 1
