"""The collector as a process: datagrams and streams in, lines of JSON and metrics out."""

import asyncio
import json
import socket
import time

import pytest

from cli.commands import shorthaul
from shorthaul.errors import BadInput
from shorthaul.telemetry.collectors.collectors import Collector
from shorthaul.telemetry.collectors.settings import CollectorSettings
from shorthaul.telemetry.collectors.sinks import Lines, Nowhere
from shorthaul.telemetry.collectors.sockets import Drops, Receiver
from shorthaul.telemetry.netflow.decoders import ROOM, Decoder
from shorthaul.telemetry.netflow.records import Batch
from telemetry.collectors.running import Running
from telemetry.netflow import packets as p

FLOWS = p.template(256, p.FLOW4), p.data_set(256, p.flow4(700, 7))


def test_datagrams_of_all_versions_come_out_as_lines(tmp_path):
    with Running(tmp_path) as collector:
        collector.send(
            p.message5(p.record5(100, 1)),
            p.message9(p.template(256, p.FLOW4, version=9), p.data_set(256, p.flow4(200, 2))),
            p.message10(*FLOWS),
            b"nonsense",
        )
        metrics = collector.wait_until("shorthaul_netflow_datagrams_total", 4)
        records = collector.stop()

    assert sorted(record["bytes"] for record in records) == [100, 200, 700]
    first = next(record for record in records if record["bytes"] == 700)
    assert {name: first[name] for name in ("exporter", "source", "destination_port")} == {
        "exporter": "127.0.0.1",
        "source": "10.0.0.1",
        "destination_port": 80,
    }
    assert metrics["shorthaul_netflow_flows_total"] == 3
    assert metrics['shorthaul_netflow_messages_total{version="ipfix"}'] == 1
    refused = 'shorthaul_netflow_refused_total{reason="datagram: not NetFlow 5, 9 or IPFIX"}'
    assert metrics[refused] == 1
    assert metrics["shorthaul_netflow_kernel_dropped_datagrams_total"] == 0


def test_ipfix_over_tcp_is_cut_into_messages_wherever_the_segments_end(tmp_path):
    stream = b"".join(
        p.message10(*FLOWS, sequence=number) if number else p.message10(*FLOWS)
        for number in range(5)
    )
    with Running(tmp_path) as collector:
        with socket.create_connection(("127.0.0.1", collector.tcp_port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(0, len(stream), 37):
                connection.sendall(stream[at : at + 37])
                time.sleep(0.001)
            collector.wait_until("shorthaul_netflow_flows_total", 5)
        records = collector.stop()

    assert [record["bytes"] for record in records] == [700] * 5


def test_a_stream_that_is_not_ipfix_is_closed_and_counted(tmp_path):
    with Running(tmp_path) as collector:
        with socket.create_connection(("127.0.0.1", collector.tcp_port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            connection.settimeout(20)
            assert connection.recv(10) == b""
        with socket.create_connection(("127.0.0.1", collector.tcp_port)) as connection:
            connection.sendall(p.message10(*FLOWS)[:-3])
        name = 'shorthaul_netflow_refused_total{reason="stream: %s"}'
        collector.wait_until(name % "not IPFIX", 1)
        collector.wait_until(name % "ended within a message", 1)
        assert collector.stop() == []


def test_what_has_arrived_when_it_is_told_to_stop_is_handed_on(tmp_path):
    with Running(tmp_path, "--flush-seconds", "60") as collector:
        collector.send(*(p.message10(*FLOWS, sequence=number) for number in range(200)))
        records = collector.stop()

    assert len(records) == 200


def test_somebody_in_an_exporters_name_is_told_and_its_window_is_not_whole(tmp_path):
    with Running(tmp_path, spool=True) as collector:
        numbers = (100, 101, 3_000_000_000, 102)
        collector.send(*(p.message5(p.record5(), sequence=number) for number in numbers))
        collector.wait_until('shorthaul_netflow_exporter_conflicts_total{version="v5"}', 1)
        collector.stop()
        told = collector.log.read_text()

    assert "somebody sends in the name of 127.0.0.1 port" in told
    assert [path.name[-13:] for path in collector.spool.glob("*.gz")] == ["-cut.jsonl.gz"]


def test_strangers_are_not_heard(tmp_path):
    with Running(tmp_path, "--allow", "10.0.0.0/8") as collector:
        collector.send(p.message10(*FLOWS))
        name = 'shorthaul_netflow_refused_total{reason="datagram: exporter not allowed"}'
        collector.wait_until(name, 1)
        assert collector.stop() == []


def test_what_the_kernel_drops_is_counted():
    receiver = Receiver("127.0.0.1", 0, 4_096)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(200):
                sender.sendto(bytes(1000), ("127.0.0.1", receiver.bound_port))
        receiver.count_drops()
        received = 0
        while receiver.receive() is not None:
            received += 1
    finally:
        receiver.close()

    if receiver.drops.total is None:
        pytest.skip("this kernel does not tell what a socket dropped")
    assert 0 < received < 200
    assert received + receiver.drops.total == 200


def test_the_kernels_count_wraps_and_may_be_absent():
    drops = Drops()
    for number in (2**32 - 5, 3):
        drops.see(number)
    known = drops.total
    drops.see(None)

    assert (known, drops.total) == (2**32 + 3, None)


def test_a_port_that_is_taken_is_told_in_one_line():
    taken = Receiver("127.0.0.1", 0, 4_096)
    try:
        port = str(taken.bound_port)
        outcome = shorthaul("collector", "--address", "127.0.0.1", "--udp-port", port)
    finally:
        taken.close()

    assert outcome.status == 1
    assert outcome.err.endswith(
        f"shorthaul: cannot listen on 127.0.0.1 port {port}: Address already in use\n"
    )
    assert "Traceback" not in outcome.err


def test_a_network_that_is_none_is_told_in_one_line():
    outcome = shorthaul("collector", "--allow", "10.0.0.0/99")

    assert outcome.status == 1
    assert "network '10.0.0.0/99'" in outcome.err


async def test_records_that_cannot_be_kept_end_the_collector():
    settings = CollectorSettings(address="127.0.0.1", udp_ports=(0,), tcp_port=0, flush_seconds=0.1)
    collector = Collector(settings, Lines("/dev/full"))

    started = asyncio.Event()
    running = asyncio.create_task(collector.run(started))
    await started.wait()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(p.message10(*FLOWS), ("127.0.0.1", collector.receivers[0].bound_port))

    with pytest.raises(BadInput, match="cannot write 1 records to /dev/full: No space left"):
        await asyncio.wait_for(running, 120)


@pytest.mark.parametrize("left", [b"", b'{"bytes":1}\n', b'{"bytes":1}\n{"bytes":2,"pack'])
def test_half_a_line_that_a_killed_collector_left_costs_no_record_after_it(tmp_path, left):
    out, batch = tmp_path / "records.jsonl", Batch()
    out.write_bytes(left)
    Decoder().decode(p.message10(*FLOWS), p.EXPORTER, p.NOW, batch)

    Lines(str(out)).take(batch, lambda number: p.EXPORTER)

    *before, last = out.read_bytes().splitlines()
    assert before == left.splitlines()
    assert json.loads(last)["bytes"] == 700


class FailsOnce:
    """A sink that may have kept what it could not be sure of, as a buffered file may."""

    def __init__(self):
        self.tries, self.kept = 0, []

    def take(self, batch, names, told=()):
        self.tries += 1
        self.kept += [record.bytes for record in batch]
        if self.tries == 1:
            raise BadInput("cannot keep them")


@pytest.mark.parametrize("full", [True, False])
async def test_no_record_goes_to_a_sink_that_failed_again(full):
    seconds = 60.0 if full else 0.1
    settings = CollectorSettings("127.0.0.1", udp_ports=(0,), tcp_port=0, flush_seconds=seconds)
    sink = FailsOnce()
    collector, started = Collector(settings, sink), asyncio.Event()
    if full:
        collector._batch = Batch(ROOM)
    running = asyncio.create_task(collector.run(started))
    await started.wait()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(200):
            sets = p.template(256, p.FLOW4), p.data_set(256, p.flow4(1_000 + number))
            message = p.message10(*sets, sequence=number)
            sender.sendto(message, ("127.0.0.1", collector.receivers[0].bound_port))

    with pytest.raises(BadInput, match="cannot keep them"):
        await asyncio.wait_for(running, 120)

    assert sink.kept
    assert len(set(sink.kept)) == len(sink.kept)


async def test_a_collector_without_a_sink_counts():
    settings = CollectorSettings(address="127.0.0.1", udp_ports=(0,), tcp_port=0, flush_seconds=0.1)
    collector, started = Collector(settings, Nowhere()), asyncio.Event()
    running = asyncio.create_task(collector.run(started))
    await started.wait()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(p.message10(*FLOWS), ("127.0.0.1", collector.receivers[0].bound_port))
    while not collector.decoder.totals.flows:
        await asyncio.sleep(0.05)
    running.cancel()

    assert collector.decoder.totals.flows == 1
