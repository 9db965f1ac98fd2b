"""Three collectors share exporters; one is killed in mid-stream: all that was sent is told.

What the operator received and what it declares lost are what exporters sent, to the unit; no record
is there twice, and the ledger has the bytes of those that came. Nobody but the exporters' numbers
knows what the killed one had not written yet.
"""

import contextlib
import json
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from shorthaul.telemetry.collectors.frames import Kind, datagram_frame, frame
from shorthaul.telemetry.netflow.exporters import Sender
from telemetry.collected import sharing_reader
from telemetry.collected.surroundings import addresses_of
from telemetry.collected.test_readers import environment
from telemetry.collectors import traffic
from telemetry.collectors.running import Running
from telemetry.collectors.sharing import Exporter, Sharing
from telemetry.collectors.test_real_exporters import run
from telemetry.netflow import packets as p
from testbed import debian

EXPORTERS = 12
QUICKLY = "--window-seconds", "1"


class Reader:
    """The operator's reading of all three, in a process to which one name is their addresses."""

    def __init__(self, folder, port, addresses, exporters=0):
        names = folder / "hosts"
        names.write_text("".join(f"127.0.0.{n} collectors.test\n" for n in (1, 2, 3)))
        bound = ["unshare", "-rm", "mount", "--bind", names, "/etc/hosts"]
        if shutil.which("unshare") is None or subprocess.run(bound, check=False).returncode:
            pytest.skip("no right to give a name three addresses of our own")
        words = ["unshare", "-rm", "sh", "-c", 'mount --bind "$1" /etc/hosts && shift && exec "$@"']
        words += ["sh", names, sys.executable, sharing_reader.__file__, str(port)]
        self._process = subprocess.Popen(
            [*words, folder / "bytes.ledger", str(exporters), *addresses],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline() == "reading\n"

    def wait_until_all_are_heard(self):
        """Who was never heard cannot be missed."""
        assert self._process.stdout.readline() == "heard\n"

    def end(self, sent):
        """What it has once that many units are accounted for."""
        out, _ = self._process.communicate(f"{sent}\n", timeout=240)
        return json.loads(out.splitlines()[-1])


class Streaming:
    """Exporters that send each message to whichever collector, as a balancer hands them out."""

    def __init__(self, sharing):
        self.sharing, self._chance = sharing, random.Random(7)
        self.exporters = [Exporter(number) for number in range(1, EXPORTERS + 1)]

    def addresses(self):
        return [end for each in self.exporters for end in each.ends]

    def open(self):
        """Every template goes to one collector once, and some records until it is known there."""
        for each in self.exporters:
            each.open(self.sharing.running["one"])
        self.go(1)
        time.sleep(1.0)

    def go(self, rounds, *, between=0.0, to=None):
        for _ in range(rounds):
            for each in self.exporters:
                each.send(to or self._chance.choice(list(self.sharing.running.values())))
            time.sleep(between)

    @property
    def sent(self):
        return sum(each.sent for each in self.exporters)


def spooled(sharing):
    """Every number of bytes in all spools, as often as it is there."""
    found = []
    for collector in sharing.running.values():
        for window in collector.windows()["windows"]:
            found += [record["bytes"] for record in collector.window(window["start_ms"])]
    return found


@pytest.mark.parametrize("returns", [True, False], ids=["it returns", "it is gone"])
def test_a_collector_is_killed_in_mid_stream_and_all_is_accounted_for(tmp_path, returns):
    with Sharing(tmp_path, *QUICKLY) as sharing:
        streaming = Streaming(sharing)
        streaming.open()
        reader = Reader(tmp_path, sharing.serve_port, streaming.addresses(), EXPORTERS)
        owners = {sharing.owner(each.address) for each in streaming.exporters}
        streaming.go(20, between=0.05)
        reader.wait_until_all_are_heard()
        streaming.go(20, between=0.05)
        handed = sharing.count("forwarded_datagrams_total")
        killed = sharing.running["two"]
        killed.process.send_signal(signal.SIGSTOP)
        streaming.go(10, between=0.02)
        sharing.kill("two")
        streaming.go(40, between=0.05)
        sharing.settle(2)
        streaming.go(20, between=0.05)
        if returns:
            sharing.start("two")
            sharing.settle(3)
        streaming.go(20, between=0.05)
        time.sleep(1.5)
        streaming.go(1, to=sharing.running["one"])
        told = reader.end(streaming.sent)
        refused = [sharing.count(f'refused_total{{reason="set: {why}"}}') for why in UNREAD]
        found = spooled(sharing)

    assert owners == {"one", "two", "three"}
    assert handed > 100
    assert (told["received"] + told["lost"], told["lost"] > 0) == (streaming.sent, True)
    assert (told["records"], told["refused"]) == (told["received"], 0)
    assert told["lost_events"] == told["lost"]
    assert refused == [0, 0]
    assert len(found) == len(set(found))
    assert told["bytes"] == told["ledger"]
    assert told["streams"] == 3
    if returns:
        assert (len(found), sum(found)) == (told["received"], told["ledger"])
    else:
        assert len(found) <= told["received"]
        whole = [told["complete"][start] for start in sorted(told["complete"])]
        assert not all(whole)
        assert whole[-1], "the exporters of the one that is gone are heard by others"


@pytest.fixture(scope="module")
def replay(tmp_path_factory):
    """Debian's nfreplay, of flows that its nfpcapd made of a capture, and between whom they are."""
    try:
        tools = debian.programs(("nfdump",), ("nfpcapd", "nfreplay"))
    except debian.Unavailable as error:
        pytest.skip(str(error))
    folder, keys = tmp_path_factory.mktemp("replay"), traffic.flows(number=FLOWS // 2, wide=False)
    traffic.write(folder / "traffic.pcap", keys)
    run(tools, "nfpcapd", "-r", folder / "traffic.pcap", "-l", folder)
    [file] = folder.glob("nfcapd.*")

    def begin(collector, version, microseconds):
        target = "-H", collector.address, "-p", str(collector.udp_port)
        words = [tools.path("nfreplay"), "-r", file, *target, "-v", version, "-d", microseconds]
        return subprocess.Popen(words, env=tools.environment)

    return begin, addresses_of(keys)


FLOWS = 3_000


@pytest.mark.parametrize("version", ["5", "9"])
def test_what_nfreplay_sends_is_accounted_for_when_its_collector_is_killed(
    replay, tmp_path, version
):
    begin, addresses = replay
    with Running(tmp_path) as alone:
        assert begin(alone, version, "2000").wait(60) == 0
        number = alone.wait_until("shorthaul_netflow_flow_records_total", FLOWS)
    sent = FLOWS if version == "5" else number["shorthaul_netflow_datagrams_total"]
    with Sharing(tmp_path, *QUICKLY) as sharing:
        own = sharing.owner("127.0.0.1")
        entry = next(name for name in sharing.running if name != own)
        reader = Reader(tmp_path, sharing.serve_port, addresses)
        replaying = begin(sharing.running[entry], version, "40000")
        sharing.running[own].wait_until("shorthaul_netflow_flow_records_total", FLOWS // 4)
        gone = sharing.kill(own)
        assert replaying.wait(60) == 0
        heirs = [
            each.metrics()["shorthaul_netflow_flow_records_total"]
            for each in sharing.running.values()
        ]
        sharing.start(own)
        told = reader.end(int(sent))
        found = spooled(sharing)

    assert gone is not sharing.running[own]
    assert sorted(heirs)[0] == 0
    assert sorted(heirs)[1] > FLOWS // 4
    assert told["received"] + told["lost"] == sent
    assert (told["records"], told["ledger"]) == (len(found), sum(found))
    assert len(found) == told["received"] or version == "9"
    assert 0 < len(found) <= FLOWS


UNREAD = "no template came in time", "no template, and no room to wait for one"


def test_one_that_is_told_to_stop_loses_nothing_and_none_has_to_be_taught_by_exporters(tmp_path):
    with Sharing(tmp_path, *QUICKLY) as sharing:
        streaming = Streaming(sharing)
        streaming.open()
        reader = Reader(tmp_path, sharing.serve_port, streaming.addresses())
        streaming.go(20, between=0.05)
        leaving = sharing.running.pop("two")
        streaming.go(20, between=0.02)
        leaving.stop()
        streaming.go(20, between=0.05)
        sharing.start("two")
        sharing.settle(3)
        streaming.go(20, between=0.05)
        time.sleep(1.5)
        told = reader.end(streaming.sent)

    assert (told["received"], told["lost"]) == (streaming.sent, 0)
    assert told["records"] == told["received"]


def test_what_an_exporter_sends_to_the_wrong_collector_is_taken_by_its_own(tmp_path):
    with Sharing(tmp_path, spool=False) as sharing:
        exporter = Exporter(1)
        own = sharing.misled(exporter)
        lost = sharing.count('lost_units{version="ipfix",state="lost"}')
        taken = {name: len(each.stop()) for name, each in sharing.running.items()}

    assert taken == {name: exporter.sent if name == own else 0 for name in taken}
    assert lost == 0


def test_who_is_no_member_hands_nothing_on(tmp_path):
    with Sharing(tmp_path, spool=False) as sharing:
        one = sharing.running["one"]
        forged = datagram_frame(p.message5(p.record5(100, 1)), Sender("10.0.0.1", 2_055))
        with socket.create_connection(
            (one.address, sharing.peer_port), source_address=("127.0.9.9", 0)
        ) as connection:
            connection.sendall(frame(Kind.HELLO, b"two\n0") + forged)
            connection.settimeout(20)
            with contextlib.suppress(ConnectionResetError):
                while connection.recv(100):
                    pass
        one.wait_until('shorthaul_netflow_refused_total{reason="peer: not a member"}', 1)
        assert one.stop() == []
