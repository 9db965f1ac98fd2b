"""HTTP requests that a real Hubble Relay tells of become latency, however the stream is cut."""

import asyncio
import time

import msgspec
import pytest

from shorthaul.telemetry.hubble_requests import RequestLines
from shorthaul.telemetry.relay import channels, http_requests
from shorthaul.telemetry.relay.channels import Server
from shorthaul.telemetry.relay.flow_requests import http_since
from shorthaul.telemetry.relay.http_requests import RelayRequests
from shorthaul.telemetry.relay.messages import GET_FLOWS, message_class
from shorthaul.telemetry.relay.progresses import Progress
from shorthaul.telemetry.relay.streams import Stream
from shorthaul.topology.exchanges import ALONE, SEVERAL, Exchanges
from telemetry import export_lines
from telemetry.export_lines import START_SECONDS
from telemetry.relay.certificates import Authority
from telemetry.test_hubble_requests import (
    NODES,
    assert_tiers,
    http,
    legs,
    measured,
    topology,
    traffic,
)
from testbed.hubbles import Hubble

pytestmark = [pytest.mark.hubble, pytest.mark.usefixtures("hubble_programs")]
LIMIT_SECONDS = 60
PAIRS = len(NODES) * (len(NODES) - 1)


def now():
    """The time on the scale of recorded lines."""
    return time.time() - START_SECONDS


@pytest.fixture
def fresh(tmp_path):
    """Agents that have seen nothing yet."""
    with Hubble(tmp_path / "hubble", NODES) as running:
        yield running


@pytest.fixture
def hubble(fresh):
    """Agents as they are after a moment: one that has seen nothing tells nothing live."""
    for node in NODES:
        fresh.see(node)
        fresh.see(node)
    return fresh


async def until(reader, condition):
    """The first sweep for which a condition holds."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not condition(found := await reader.sweep()):
            await asyncio.sleep(0.05)
    return found


def whole(found):
    """Every pair has a figure, and no request waits for its other end."""
    return len(found.milliseconds) == PAIRS and not found.refused


def closed(reader):
    """Closes it and lets it end what is under way."""
    reader.close()
    return asyncio.wait([reader._reading])


async def exported(hubble, number):
    """The lines of L7 flows in the agents' files, once there are so many."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while len(lines := list(_l7_lines(hubble))) < number:
            await asyncio.sleep(0.05)
    return lines


def _l7_lines(hubble):
    for node in NODES:
        lines = hubble.exported(node).read_bytes().splitlines(keepends=True)
        yield from (line for line in lines if b'"l7"' in line and line.endswith(b"\n"))


@pytest.mark.parametrize("mutual", [False, True])
async def test_requests_that_a_relay_tells_of_are_latency_of_tiers(tmp_path, hubble, mutual):
    relay, options = {"address": hubble.address}, []
    if mutual:
        folder = Authority(tmp_path / "authority").folder_of("both")
        relay["tls"] = {"folder": str(folder)}
        for name, file in (("cert", "tls.crt"), ("key", "tls.key")):
            options += [f"--tls-relay-server-{name}-file", str(folder / file)]
        options += ["--tls-relay-client-ca-files", str(folder / "ca.crt")]
    hubble.start_relay(*options)

    def see():
        for node, lines in traffic(now(), 0.01).items():
            hubble.see(node, lines)

    assert_tiers(await measured(topology(relay=relay), see, tiers=2))  # pairs may still come


async def test_what_was_before_the_first_sweep_counts_nothing(hubble):
    hubble.start_relay()
    for node, lines in traffic(now() - 60, 0.01).items():
        hubble.see(node, lines)
    reader = RelayRequests(Server(hubble.address), 600)
    await reader.sweep()
    for node, lines in traffic(now(), 0.01, range(12, 14)).items():
        hubble.see(node, lines)
    found = await until(reader, lambda each: sum(each.refused.values()) == 2 * PAIRS)
    await closed(reader)

    assert found.milliseconds == {}
    assert ALONE not in found.refused


async def test_a_relay_that_is_killed_is_begun_again_without_gap_or_double(hubble):
    """What agents saw meanwhile is read later, and what was read before counts once."""
    hubble.start_relay()
    reader = RelayRequests(Server(hubble.address), 600)
    await reader.sweep()
    for node, lines in traffic(now(), 0.01, range(6)).items():
        hubble.see(node, lines)
    await until(reader, lambda each: sum(each.refused.values()) == 6 * PAIRS)
    hubble.kill_relay()
    await until(reader, lambda each: each.trouble)
    for node, lines in traffic(now(), 0.01, range(6, 12)).items():
        hubble.see(node, lines)
    hubble.start_relay()
    found = await until(reader, whole)
    await closed(reader)

    assert SEVERAL not in found.refused
    assert found.refused == {}
    assert found.trouble == ""


async def test_a_live_stream_and_the_files_of_the_same_agents_say_the_same(hubble):
    hubble.start_relay()
    reader = RelayRequests(Server(hubble.address), 600)
    await reader.sweep()
    seen = traffic(now(), 0.01)
    for node, lines in seen.items():
        hubble.see(node, lines)
    exchanges = Exchanges(600)
    reading = RequestLines(exchanges)
    for line in await exported(hubble, sum(map(len, seen.values()))):
        reading.read(line)
    in_files, refused = exchanges.round_trips()
    # A pair has a figure before all of its requests have come, and the least may come last.
    found = await until(reader, lambda each: whole(each) and each.milliseconds == in_files)
    await closed(reader)

    assert len(in_files) == PAIRS
    assert found.refused == refused == {}


async def test_agents_that_had_seen_nothing_when_they_were_asked_are_heard_later(
    fresh, monkeypatch
):
    """As after their restart: a stream from an empty ring buffer stays silent for ever."""
    monkeypatch.setattr(http_requests, "RENEW_SECONDS", 3.0)
    fresh.start_relay()
    reader = RelayRequests(Server(fresh.address), 600)
    await reader.sweep()
    await asyncio.sleep(2)
    for turns in (range(6), range(6, 12)):
        for node, lines in traffic(now(), 0.01, turns).items():
            fresh.see(node, lines)
        await asyncio.sleep(2)
    found = await until(reader, whole)
    await asyncio.sleep(4)
    later = await reader.sweep()
    await closed(reader)

    assert found.refused == later.refused == {}
    assert len(later.milliseconds) == PAIRS


def test_agents_send_nothing_but_http_and_of_it_only_what_is_used(hubble):
    """Packets, DNS and all the rest stay with the agents, else a Relay would send everything."""
    hubble.start_relay()
    begin = now()
    packets = [
        export_lines.line("shop/web-1", "shop/db-1", begin + i / 10_000) for i in range(5_000)
    ]
    asked = {"type": "REQUEST", "dns": {"query": "db."}}
    names = export_lines.line("shop/web-1", "shop/db-1", begin, Type="L7", l7=asked)
    wanted = [line for node, line in legs(1, "n0", "n1", begin + 1) if node == "n0"]
    hubble.see("n0", [names, *packets, *wanted])
    channel = channels.connect(Server(hubble.address))
    since = int((begin - 1 + START_SECONDS) * 1e9)
    stream = Stream(channels.stream(channel, GET_FLOWS, http_since(since))).start()
    parse, found = message_class("observer.GetFlowsResponse").FromString, []
    end = time.monotonic() + LIMIT_SECONDS
    while len(found) < 2 and time.monotonic() < end:
        found += [each for each in map(parse, stream.take(1_000)) if each.HasField("flow")]
        time.sleep(0.05)
    time.sleep(1)
    found += [each for each in map(parse, stream.take(1_000)) if each.HasField("flow")]
    stream.close()
    channel.close()

    assert len(found) == len(wanted) == 2
    for each in found:
        told = {field.name for field, _ in each.flow.ListFields()}
        assert told == {
            *("time", "l4", "l7", "source", "destination", "node_name", "traffic_direction"),
            *({"uuid"} if each.flow.uuid else ()),
        }
        headers = {header.key: header.value for header in each.flow.l7.http.headers}
        assert headers["X-Request-Id"] == "id-1"


async def test_who_cannot_be_reached_is_told_in_one_line(tmp_path):
    reader = RelayRequests(Server("127.0.0.1:9"), 600)
    found = await until(reader, lambda each: each.trouble)
    await closed(reader)

    assert found.trouble.startswith("127.0.0.1:9: ")
    assert found.milliseconds == {}


async def test_events_that_tell_too_little_or_are_damaged_raise_nothing(hubble):
    hubble.start_relay()
    reader = RelayRequests(Server(hubble.address), 600)
    await reader.sweep()
    begin = now()
    lines = [line for node, line in legs(1, "n0", "n1", begin) if node == "n0"]
    for part in ("l4", "l7", "source", "destination", "traffic_direction"):
        for line in lines:
            event = msgspec.json.decode(line)
            del event["flow"][part]
            event["flow"]["l7"] = event["flow"].get("l7") or http("SAMPLE", 2)
            hubble.see("n0", [msgspec.json.encode(event)])
    reader._take(b"\xff\xff", time.time(), Progress(0))
    for node, whole in traffic(now(), 0.01, range(1, 2)).items():
        hubble.see(node, whole)
    found = await until(reader, lambda each: sum(each.refused.values()) == PAIRS)
    await closed(reader)

    assert found.milliseconds == {}
