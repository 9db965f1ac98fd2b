"""Probers on addresses of the loopback device: what they measure, answer and refuse."""

import asyncio
import contextlib
import socket
import time
from random import Random

import pytest

from shorthaul.errors import BadInput
from shorthaul.telemetry.probes import pages, reports
from shorthaul.telemetry.probes.connects import connect
from shorthaul.telemetry.probes.outcomes import Outcome, Probe
from shorthaul.telemetry.probes.peers import Addresses, split
from shorthaul.telemetry.probes.probers import Prober
from shorthaul.telemetry.probes.readers import Reader
from shorthaul.telemetry.probes.responders import Responder
from shorthaul.telemetry.probes.settings import ProberSettings

PATIENCE_SECONDS = 60.0


@contextlib.asynccontextmanager
async def responding(address="127.0.0.2"):
    """A responder of our own and its port."""
    responder = Responder(address, 0)
    port = responder.open()
    try:
        yield responder, port
    finally:
        responder.close()


@contextlib.asynccontextmanager
async def probing(**given):
    """A prober at work, once it listens."""
    made = ProberSettings(port=0, report_port=0, round_seconds=0.2, timeout_seconds=0.15, **given)
    prober = Prober(made, Random(1))
    task = asyncio.create_task(prober.run())
    try:
        await until(lambda: prober.report_port)
        yield prober
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition):
    """Waits for something to become true."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := condition()):
            await asyncio.sleep(0.02)
    return found


async def asked(prober, request):
    reader, writer = await asyncio.open_connection(prober.settings.address, prober.report_port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_probe_is_answered_and_timed():
    async with responding() as (responder, port):
        found = await connect("127.0.0.2", port, 5.0, "127.0.0.3")
        await until(lambda: responder.answered == 1)

    assert (found.outcome, found.own) == (Outcome.ANSWERED, False)
    assert 0 < found.milliseconds < 5_000


async def test_a_probe_that_leads_back_to_where_it_began_is_no_measurement():
    async with responding() as (_, port):
        assert (await connect("127.0.0.2", port, 5.0, "127.0.0.2")).own


async def test_nobody_there_is_a_refusal():
    async with responding() as (_, port):
        pass

    assert (await connect("127.0.0.2", port, 5.0)).outcome is Outcome.REFUSED


async def test_an_address_without_a_way_is_unreachable():
    assert (await connect("255.255.255.255", 9, 2.0)).outcome is Outcome.UNREACHABLE


async def test_a_source_of_another_family_or_of_another_machine_is_unreachable():
    assert (await connect("::1", 9, 2.0, "127.0.0.2")).outcome is Outcome.UNREACHABLE
    assert (await connect("127.0.0.2", 9, 2.0, "192.0.2.1")).outcome is Outcome.UNREACHABLE


async def test_silence_is_a_timeout():
    with socket.socket() as full:
        full.bind(("127.0.0.2", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [asyncio.create_task(connect("127.0.0.2", port, 0.5)) for _ in range(6)]
        found = [each.outcome for each in await asyncio.gather(*waiting)]

    assert Outcome.TIMEOUT in found
    assert set(found) <= {Outcome.TIMEOUT, Outcome.ANSWERED}


async def test_a_prober_tells_of_its_peers_and_never_of_itself():
    async with responding("127.0.0.2") as (_, port):
        peers = (f"127.0.0.2:{port}", "127.0.0.3:1", f"127.0.0.4:{port}")
        async with probing(address="127.0.0.4", node="n4", peers=peers) as prober:

            async def told():
                answer = await asked(prober, b"GET /probes HTTP/1.1\r\n\r\n")
                report = reports.decode(answer.partition(b"\r\n\r\n")[2])
                return report.node, {each.address: each for each in report.peers}

            async with asyncio.timeout(PATIENCE_SECONDS):
                while not {"127.0.0.2", "127.0.0.3"} <= set((await told())[1]):
                    await asyncio.sleep(0.1)
            node, found = await told()
            metrics = await asked(prober, b"GET /metrics HTTP/1.1\r\n\r\n")

    assert node == "n4"
    assert found["127.0.0.2"].least_milliseconds is not None
    assert (found["127.0.0.3"].least_milliseconds, found["127.0.0.3"].refused > 0) == (None, True)
    assert b'shorthaul_prober_probes_total{outcome="answered"}' in metrics


async def test_what_is_old_is_forgotten_even_where_nobody_asks():
    async with probing(address="127.0.0.2", peers=("127.0.0.9",)) as prober:
        long_ago = Probe(time.monotonic() - 2 * prober.settings.kept_seconds, Outcome.TIMEOUT)
        prober._outcomes.add("10.9.9.9", long_ago)
        await until(lambda: "10.9.9.9" not in prober._outcomes._probes)


@pytest.mark.parametrize(
    ("request_bytes", "reason", "status"),
    [
        (b"POST /probes HTTP/1.1\r\n\r\n", "not_get", b"405"),
        (b"GET /other HTTP/1.1\r\n\r\n", "no_such_page", b"404"),
        (b"\x00\xff\r\n\r\n", "not_get", b"405"),
        (b"GET /" + b"a" * 20_000 + b"\r\n\r\n", "head_too_long", b""),
    ],
)
async def test_what_is_no_request_of_ours_is_refused_and_counted(request_bytes, reason, status):
    async with probing(address="127.0.0.2", peers=("127.0.0.9",)) as prober:
        try:
            answer = await asked(prober, request_bytes)
        except ConnectionError:
            answer = b""
        metrics = await asked(prober, b"GET /metrics HTTP/1.1\r\n\r\n")

    assert status in answer[:20]
    assert f'refused_requests_total{{reason="{reason}"}} 1.0'.encode() in metrics


async def test_connections_beyond_the_limit_are_closed_and_the_next_one_is_answered(monkeypatch):
    monkeypatch.setattr(pages, "MOST_CONNECTIONS", 2)
    async with probing(address="127.0.0.2", peers=("127.0.0.9",)) as prober:
        where = prober.settings.address, prober.report_port
        idle = [await asyncio.open_connection(*where) for _ in range(2)]
        await asyncio.sleep(0.1)
        with contextlib.suppress(ConnectionError):
            assert await asked(prober, b"GET /metrics HTTP/1.1\r\n\r\n") == b""
        for _, writer in idle:
            writer.close()
        await asyncio.sleep(0.1)
        metrics = await asked(prober, b"GET /metrics HTTP/1.1\r\n\r\n")

    assert b'reason="too_many_connections"} 1.0' in metrics


async def test_a_port_that_is_taken_is_told_in_one_line():
    async with responding() as (_, port):
        with pytest.raises(BadInput, match=f"cannot listen on 127.0.0.2 port {port}: .*--port"):
            Responder("127.0.0.2", port).open()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("probers.shop.svc", ("probers.shop.svc", 8620)),
        ("10.0.0.1:99", ("10.0.0.1", 99)),
        ("fd00::1", ("fd00::1", 8620)),
        ("[fd00::1]:99", ("fd00::1", 99)),
    ],
)
def test_a_peer_is_a_host_with_or_without_a_port(text, found):
    assert split(text, 8620) == found


@pytest.mark.parametrize("text", ["", ":99", "a:b", "a:0", "a:70000", "[]:9"])
def test_what_is_no_peer_is_told(text):
    with pytest.raises(BadInput, match="is no peer; give HOST"):
        split(text, 8620)


async def test_a_name_that_cannot_be_looked_up_keeps_its_addresses_and_is_told():
    addresses = Addresses(["10.0.0.1", "nobody.invalid", "a" * 80 + ".x"], 8620)

    assert await addresses.look_up() == [("10.0.0.1", 8620)]
    assert [failure.split(":")[0] for failure in addresses.failures] == [
        "cannot look up nobody.invalid",
        f"cannot look up {'a' * 80}.x",
    ]


async def serving(answer, address="127.0.0.2"):
    """A server that answers anything with some bytes, and closes."""

    async def serve(reader, writer):
        await reader.read(1)
        writer.write(answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    return await asyncio.start_server(serve, address, 0)


@pytest.mark.parametrize(
    ("answer", "reason", "text"),
    [
        (b"", "unreadable", "the answer begins with ''"),
        (b"HTTP/1.1 500 No\r\n\r\n", "unreadable", "begins with 'HTTP/1.1 500 No'"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", "unreadable", "no report of a prober"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000, "unreadable", "more than 262,144 bytes"),
    ],
)
async def test_a_reader_counts_nonsense_by_reason(answer, reason, text):
    async with await serving(answer) as server:
        port = server.sockets[0].getsockname()[1]
        sweep = await Reader(f"127.0.0.2:{port}", 1, Random(1)).sweep()

    assert (sweep.probers, dict(sweep.failures), dict(sweep.reports)) == (1, {reason: 1}, {})
    assert text in sweep.example


async def test_a_reader_counts_who_does_not_answer():
    sweep = await Reader("127.0.0.2:1", 1, Random(1)).sweep()

    assert (sweep.probers, dict(sweep.failures)) == (1, {"unanswered": 1})
    assert sweep.example.startswith("127.0.0.2: ")
