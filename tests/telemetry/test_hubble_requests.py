"""HTTP requests in files of Cilium's own exporter become latency in a Topology's status."""

import asyncio
from random import Random

import msgspec
import pytest

from act.test_round_trip_latencies import GROUND
from shorthaul.act.latencies import LatencyFeed
from shorthaul.api.topologies import Topology
from shorthaul.telemetry.hubble_requests import RequestLines, RequestReader
from shorthaul.topology.exchanges import ALONE, SEVERAL, Exchanges
from shorthaul.units import Tier
from telemetry import export_lines
from testbed.hubbles import Hubble

NODES = tuple(f"n{index}" for index in range(6))
SERVED, WITHIN, BETWEEN = 0.020, 0.0005, 0.0040


def http(kind, number, hidden=False):
    value = "HUBBLE_REDACTED" if hidden else f"id-{number}"
    headers = [{"key": "Accept", "value": "*/*"}, {"key": "X-Request-Id", "value": value}]
    return {"type": kind, "http": {"method": "GET", "url": "http://db/", "headers": headers}}


def legs(number, one, other, at, **more):
    """What the proxies of two nodes export of a request: lines by node."""
    way = WITHIN if NODES.index(one) // 3 == NODES.index(other) // 3 else BETWEEN
    times = {one: (0.0, way + SERVED), other: (way / 2, way / 2 + SERVED)}
    for node, (begin, end) in times.items():
        direction, port = ("EGRESS", 40_000) if node == one else ("INGRESS", 50_000)
        for kind, moment in (("REQUEST", begin), ("RESPONSE", end)):
            reply = kind == "RESPONSE"
            ports = {"source_port": port, "destination_port": 80}
            if reply:
                ports = {"source_port": 80, "destination_port": port}
            yield (
                node,
                export_lines.line(
                    f"shop/web-{one}",
                    f"shop/db-{other}",
                    at + moment,
                    node=node,
                    reply=reply,
                    Type="L7",
                    l4={"TCP": ports},
                    l7=http(kind, number, **more),
                    traffic_direction=direction,
                    trace_observation_point=None,
                    event_type={"type": 129},
                ),
            )


def traffic(begin=0.0, pace=1.0, turns=range(12), **more):
    """Requests between all pairs of nodes, each way, by node and in the order of time."""
    found, number = {node: [] for node in NODES}, 1_000 * turns[0]
    for turn in turns:
        for one in NODES:
            for other in NODES:
                if one != other:
                    number += 1
                    at = begin + turn * pace + number / 10_000
                    for node, line in legs(number, one, other, at, **more):
                        found[node].append(line)
    return found


def topology(**where):
    source = {"type": "HubbleRequests", "hubbleRequests": {**where, "windowSeconds": 600}}
    spec = {
        "latencies": {"host": 0.1, "rack": 0.2, "zone": 9.0, "region": 9.0, "beyond": 50.0},
        "latencySource": source,
    }
    body = {"metadata": {"name": "default"}, "spec": spec, "kind": "Topology"}
    return msgspec.convert({"apiVersion": "shorthaul.dev/v1alpha1", **body}, Topology)


async def measured(wanted, see, tiers=1):
    """The feed's measurements once they hold; `see` is called when it has begun to read."""
    feed, now = LatencyFeed(Random(1), sweep_seconds=0.0), 0.0
    begun = False
    async with asyncio.timeout(120):
        while not (found := feed.measurements(now)) or len(found.latencies) < tiers:
            feed.observe(wanted, lambda: GROUND, now)
            if not begun and feed.measurements(now).state.message.startswith("no round trip"):
                see()
                begun = True
            await asyncio.sleep(0.05)
            now += 200.0  # as if a fifth of the window and more had passed
    feed.close()
    return found


@pytest.mark.hubble
@pytest.mark.usefixtures("hubble_programs")
async def test_requests_that_ciliums_exporter_wrote_are_latency_of_tiers(tmp_path):
    with Hubble(tmp_path / "hubble", NODES, capacity=4095) as running:
        for node in NODES:
            running.see(node, [export_lines.line("shop/web-1", "shop/db-1", 0, node=node)])
        files = str(running.exported("*"))

        def see():
            for node, lines in traffic().items():
                running.see(node, lines)

        found = await measured(topology(path=files), see)

    assert_measured(found)


async def test_requests_in_files_are_latency_of_tiers(tmp_path):
    for node in NODES:
        (tmp_path / f"{node}.log").write_bytes(
            export_lines.joined([export_lines.line("a/b", "a/c")])
        )

    def see():
        for node, lines in traffic().items():
            with (tmp_path / f"{node}.log").open("ab") as file:
                file.write(export_lines.joined(lines))

    assert_measured(await measured(topology(path=str(tmp_path / "*.log")), see))


def assert_measured(found):
    assert_tiers(found)
    assert len(found.pairs) == len(NODES) * (len(NODES) - 1) // 2


def assert_tiers(found):
    assert found.state.reason == "Measured"
    assert {each.tier: each.milliseconds for each in found.latencies} == {
        Tier.ZONE: 0.5,
        Tier.REGION: 4.0,
    }


async def test_ids_that_hubble_redacts_tell_nothing(tmp_path):
    path = tmp_path / "events.log"
    path.write_bytes(export_lines.joined([export_lines.line("shop/a", "shop/b")]))
    reader = RequestReader(str(path), 600)
    await reader.sweep()
    with path.open("ab") as file:
        for lines in traffic(hidden=True).values():
            file.write(export_lines.joined(lines))

    found = await reader.sweep()
    reader.close()

    assert (found.milliseconds, found.refused) == ({}, {})


async def test_a_path_without_files_is_told():
    reader = RequestReader("/nowhere/at/all-*.log", 600)
    found = await reader.sweep()
    reader.close()

    assert found.trouble == "no file matches /nowhere/at/all-*.log"


@pytest.mark.recordings
def test_a_recording_of_one_side_has_requests_and_no_distance(recordings):
    file = recordings / "hubble-otel" / "basic-sample-348-http-flows.json"
    if not file.is_file():
        pytest.skip("no recorded HTTP flows on this machine")
    exchanges = Exchanges(3_600)
    reader = RequestLines(exchanges)
    for line in file.read_bytes().splitlines():
        reader.read(line)

    found, refused = exchanges.round_trips()

    assert found == {}
    assert set(refused) <= {ALONE, SEVERAL}
    assert refused[ALONE] > 50
