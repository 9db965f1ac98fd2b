"""From Debian's exporters through collectors and their spools to volumes: byte for byte, once."""

import asyncio

import pytest

from shorthaul.store import connections
from shorthaul.telemetry.collected.clients import Place
from telemetry.collected.surroundings import (
    World,
    addresses_of,
    as_sent,
    by_pair,
    pods_at,
    volumes_until,
)
from telemetry.collectors import traffic
from telemetry.collectors.running import Running
from telemetry.collectors.test_real_exporters import FLOWS, pmacctd, softflowd
from testbed import debian

QUICKLY = "--window-seconds", "1"


@pytest.fixture(scope="module")
def tools():
    try:
        return debian.programs(("softflowd", "pmacct"), ("softflowd", "pmacctd"))
    except debian.Unavailable as error:
        pytest.skip(str(error))


def at(collector):
    return Place("127.0.0.1", collector.serve_port)


def billed(size):
    return lambda volumes, reading: sum(each.billed_bytes for each in volumes) >= size


async def settled(seconds=1.0):
    """The book answers from when the watch began, and records take the time that flows are held."""
    await asyncio.sleep(seconds)


@pytest.mark.parametrize("options", [("-v", "9"), ("-v", "10", "-b")], ids=" ".join)
async def test_what_was_sent_is_what_volumes_have(tools, tmp_path, options):
    keys = traffic.flows()
    capture = tmp_path / "traffic.pcap"
    sent = as_sent(traffic.write(capture, keys))
    world = World(pods_at(addresses_of(keys)))
    with Running(tmp_path, *QUICKLY, spool=True) as collector:
        source = world.source(at(collector))
        await settled()
        await asyncio.to_thread(softflowd, tools, capture, collector, *options)
        volumes, reading = await volumes_until(source, billed(sum(sent.values())))
        source.close()

    assert by_pair(volumes) == sent
    assert not any(volume.leftovers for volume in volumes)
    assert reading.health.troubles == ()
    assert reading.health.lost_events == reading.health.bad_lines == 0


async def test_two_exporters_of_one_node_at_different_times_count_once(tools, tmp_path):
    keys = traffic.flows()
    capture = tmp_path / "traffic.pcap"
    sent = as_sent(traffic.write(capture, keys))
    world = World(pods_at(addresses_of(keys)), nodes=[("n1", "127.0.0.1")])
    with Running(tmp_path, *QUICKLY, spool=True) as collector:
        source = world.source(at(collector))
        await settled()
        await asyncio.to_thread(softflowd, tools, capture, collector, "-v", "9")
        first, _ = await volumes_until(source, billed(sum(sent.values())))
        await asyncio.to_thread(pmacctd, tools, capture, collector, 10)
        told = collector.wait_until(FLOWS, 240)[FLOWS]
        later, reading = await volumes_until(
            source, lambda volumes, reading: reading.health.lines >= told
        )
        source.close()

    assert by_pair(first) == sent
    assert by_pair(later) == {}
    assert reading.coverage.connected == frozenset({"n1"})


async def test_the_ledger_has_each_window_once_however_often_it_is_read(tools, tmp_path):
    keys = traffic.flows()
    capture, ledger = tmp_path / "traffic.pcap", tmp_path / "bytes.ledger"
    sent = as_sent(traffic.write(capture, keys))
    world = World(pods_at(addresses_of(keys)))
    with Running(tmp_path, *QUICKLY, spool=True) as collector:
        await settled()
        await asyncio.to_thread(softflowd, tools, capture, collector, "-v", "9")
        for _ in range(2):
            source = world.source(at(collector), ledger=ledger)
            volumes, _ = await volumes_until(source, billed(sum(sent.values())))
            source.close()
            source._around.ledger.close()

    assert by_pair(volumes) == sent
    with connections.reading(str(ledger)) as connection:
        total = connection.execute("SELECT sum(bytes) FROM balances").fetchone()[0]
        tiers = connection.execute("SELECT DISTINCT tier FROM balances").fetchall()
    assert total == sum(sent.values())
    assert tiers == [("host",)]
