"""The spool: closed windows that outlive whatever ends the collector, and how they are served."""

import gzip
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import pytest

from cli.commands import refused
from shorthaul.errors import BadInput
from shorthaul.telemetry.collected.clients import LISTING_BYTES
from shorthaul.telemetry.collectors import spool_servers
from shorthaul.telemetry.collectors.settings import SpoolRules
from shorthaul.telemetry.collectors.spool_servers import SpoolServer, listing
from shorthaul.telemetry.collectors.spool_windows import SpoolWindow, window_of
from shorthaul.telemetry.collectors.spools import Spool, Unread
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.records import NO_ADDRESS, Batch
from shorthaul.traffic.addresses.parties import read_address
from telemetry.collectors.running import Running
from telemetry.netflow import packets as p
from telemetry.relay.certificates import Authority

RULES = SpoolRules(window_seconds=60)
ROOT = Path(__file__).resolve().parents[3]
WAIT_SECONDS = 120


def batch(*sizes):
    made = Batch(64)
    ends = read_address("10.1.0.1"), read_address("10.1.0.2"), NO_ADDRESS, NO_ADDRESS
    for size in sizes:
        made.add(*ends, size, 1, 1, 2, 3, 1, 0, 0, 0, 1, 40_000, 80, 0, 0, 6, 4, 0, 0)
    return made


def take(spool, *sizes):
    spool.take(batch(*sizes), lambda number: Sender("10.0.0.1", 2_055))


def sizes_in(spool, window):
    lines = gzip.decompress(spool.path(window).read_bytes()).splitlines()
    return [json.loads(line)["bytes"] for line in lines]


def ahead(spool, windows=1):
    """A moment so many windows after now."""
    return int(time.time() * 1_000) + windows * spool.rules.window_seconds * 1_000


def test_a_window_holds_what_was_taken_until_its_time_was_over(tmp_path):
    with Spool(str(tmp_path), RULES) as spool:
        take(spool, 1, 2)
        spool.turn(int(time.time() * 1_000), Unread(5, 1))
        take(spool, 3)
        spool.turn(ahead(spool), Unread(7, 4))
        take(spool, 4)
        spool.turn(ahead(spool, 2), Unread(7, 5))

        first, second = spool.windows
        assert (first.records, first.lost, first.undecodable, first.complete) == (3, 7, 4, True)
        assert (second.records, second.lost, second.undecodable) == (1, 0, 1)
        assert first.end_milliseconds == second.start_milliseconds
        assert second.start_milliseconds % 60_000 == second.end_milliseconds % 60_000 == 0
        assert [sizes_in(spool, window) for window in spool.windows] == [[1, 2, 3], [4]]


def test_its_end_and_its_next_start_are_the_same_collector(tmp_path):
    with Spool(str(tmp_path), RULES) as spool:
        before = spool.identity
        take(spool, 1)
    with Spool(str(tmp_path), RULES) as spool:
        after = spool.identity
        (window,) = spool.windows

        assert before == after
        assert window.complete
        assert sizes_in(spool, window) == [1]


@pytest.mark.parametrize("cut", [1, 9, 30])
def test_what_a_dead_process_left_is_cut_to_what_is_whole(tmp_path, cut):
    left = tmp_path / "1700000000000.open"
    whole = gzip.compress(b'{"bytes":1}\n{"bytes":2}\n')
    left.write_bytes(whole + gzip.compress(b'{"bytes":3}\n')[:cut])

    with Spool(str(tmp_path), RULES) as spool:
        (window,) = spool.windows

        assert not window.complete
        assert window.records == 2
        assert sizes_in(spool, window) == [1, 2]
        assert spool.path(window).stat().st_size == len(whole)


def test_the_oldest_windows_go_when_there_is_no_room_and_are_counted(tmp_path):
    rules = SpoolRules(window_seconds=60, kept_bytes=2_000)
    with Spool(str(tmp_path), rules) as spool:
        for number in range(1, 30):
            take(spool, *range(number * 20, number * 20 + 20))
            spool.turn(ahead(spool, number), Unread())

        kept = sum(spool.path(window).stat().st_size for window in spool.windows)
        assert kept <= 2_000
        assert spool.dropped_windows == 29 - len(spool.windows)
        assert spool.dropped_records == 20 * spool.dropped_windows
        assert sizes_in(spool, spool.windows[-1])[0] == 580


def test_empty_windows_go_too_when_they_are_too_many(tmp_path):
    with Spool(str(tmp_path), SpoolRules(window_seconds=60, kept_windows=3)) as spool:
        for number in range(1, 8):
            spool.turn(ahead(spool, number), Unread())

        assert len(spool.windows) == 3
        assert spool.dropped_windows == 4
        assert {path.name for path in tmp_path.glob("*.gz")} == {w.name for w in spool.windows}


def test_the_list_of_all_windows_that_are_kept_can_be_read(tmp_path):
    longest = SpoolWindow(9_999_999_999_999_998, 9_999_999_999_999_999, *[(1 << 53) - 1] * 3, False)
    with Spool(str(tmp_path), RULES) as spool:
        spool.windows = (longest,) * RULES.kept_windows
        told = msgspec.json.encode(listing(spool))

    assert len(told) < LISTING_BYTES


def test_a_window_that_grows_too_large_is_closed_before_its_time(tmp_path):
    rules = SpoolRules(window_seconds=3_600, kept_bytes=1 << 12)
    with Spool(str(tmp_path), rules) as spool:
        take(spool, *range(64))
        while spool._open.size < rules.largest_window_bytes:
            take(spool, *range(64))
        time.sleep(0.01)
        spool.turn(int(time.time() * 1_000), Unread())

        assert len(spool.windows) == 1
        assert spool.windows[0].complete


def test_a_window_in_which_somebody_sent_in_an_exporters_name_is_not_whole(tmp_path):
    with Spool(str(tmp_path), RULES) as spool:
        spool.turn(ahead(spool), Unread())
        spool.turn(ahead(spool), Unread(0, 0, 1))
        spool.turn(ahead(spool, 2), Unread(0, 0, 1))
        spool.turn(ahead(spool, 3), Unread(0, 0, 1))

        assert [window.complete for window in spool.windows[1:]] == [False, True]


def test_a_process_that_stood_still_leaves_a_hole_and_says_nothing_of_it(tmp_path):
    with Spool(str(tmp_path), RULES) as spool:
        spool.turn(ahead(spool), Unread())
        take(spool, 1)
        back = ahead(spool, 9)
        spool.turn(back, Unread(5, 0))
        spool.turn(back + 60_000, Unread(5, 0))

        _, cut, after = spool.windows
        assert (cut.complete, cut.records, cut.lost) == (False, 1, 5)
        assert cut.end_milliseconds - cut.start_milliseconds == 60_000
        assert (after.complete, after.start_milliseconds, after.lost) == (True, back, 0)


def test_a_clock_that_was_set_back_ends_a_window_after_its_length(tmp_path):
    with Spool(str(tmp_path), RULES) as spool:
        start = spool._open.start
        take(spool, 1)
        spool.turn(start - 3_600_000, Unread())
        before = spool.windows
        spool._open.since -= 60
        spool.turn(start - 3_540_000, Unread())
        take(spool, 2)

        assert before == ()
        assert spool.windows == (SpoolWindow(start, start + 1, 1, complete=False),)
        assert spool._open.start == start + 1


def test_a_window_that_grows_too_large_is_closed_whatever_the_clock_says(tmp_path):
    rules = SpoolRules(window_seconds=3_600, kept_bytes=1 << 12)
    with Spool(str(tmp_path), rules) as spool:
        while spool._open.size < rules.largest_window_bytes:
            take(spool, *range(64))
        spool.turn(spool._open.start - 3_600_000, Unread())

        assert [window.complete for window in spool.windows] == [False]


def test_two_collectors_never_share_a_folder(tmp_path):
    with (
        Spool(str(tmp_path), RULES),
        pytest.raises(BadInput, match="another collector spools there"),
    ):
        Spool(str(tmp_path), RULES).__enter__()


def test_names_of_files_say_all_of_a_window():
    window = SpoolWindow(1_700_000_000_000, 1_700_000_060_000, 7, 8, 9, complete=False)

    assert window_of(window.name) == window
    assert window_of("1.open") is window_of("README") is None


def flows(sequence, octets):
    sets = p.template(256, p.FLOW4), p.data_set(256, p.flow4(octets))
    return p.message10(*sets, sequence=sequence)


def closed(collector, least=1):
    """The windows with records, once there are as many."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        listing = collector.windows()
        found = [window for window in listing["windows"] if window["records"]]
        if sum(window["records"] for window in found) >= least:
            return listing, found
        time.sleep(0.1)
    raise AssertionError(listing)


def test_windows_are_listed_and_given(tmp_path):
    with Running(tmp_path, "--window-seconds", "1", spool=True) as collector:
        collector.send(flows(0, 700), flows(3, 800), b"nonsense")
        listing, found = closed(collector, 2)
        records = [record for each in found for record in collector.window(each["start_ms"])]

        assert sorted(record["bytes"] for record in records) == [700, 800]
        assert listing["window_seconds"] == 1
        assert sum(window["lost"] for window in listing["windows"]) == 2
        assert sum(window["undecodable"] for window in listing["windows"]) == 1
        assert all(window["complete"] for window in listing["windows"])
        with pytest.raises(urllib.error.HTTPError, match="404"):
            collector.window(1)


def test_a_collector_that_is_killed_serves_what_is_whole_at_its_next_start(tmp_path):
    with Running(tmp_path, "--window-seconds", "3600", spool=True) as collector:
        collector.send(*(flows(number, 1_000 + number) for number in range(50)))
        collector.wait_until("shorthaul_netflow_flows_total", 50)
        (path,) = collector.spool.glob("*.open")
        end = time.monotonic() + WAIT_SECONDS
        while not path.stat().st_size and time.monotonic() < end:
            time.sleep(0.05)
        before = collector.windows()["collector"]
        collector.process.send_signal(signal.SIGKILL)
        collector.process.wait()
    with Running(tmp_path, "--window-seconds", "3600", spool=True) as collector:
        listing, (window,) = closed(collector)
        found = {record["bytes"] for record in collector.window(window["start_ms"])}

        assert listing["collector"] == before
        assert not window["complete"]
        assert found <= {1_000 + number for number in range(50)}
        assert len(found) == window["records"]


def test_a_disk_that_is_full_ends_the_collector_in_one_line(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["unshare", "-rm", "sh", "-c"]
    if (
        shutil.which("unshare") is None
        or subprocess.run(
            [*mount, f"mount -t tmpfs none {disk}"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no right to mount a small file system of our own")
    command = f'mount -t tmpfs -o size=64k none {disk}; exec {sys.executable} -c "$1" {disk}'
    done = subprocess.run(
        [*mount, command, "sh", FILLS],
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'operator'}:{ROOT / 'hack'}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.stdout.startswith("refused: cannot write 64 records in "), done.stderr
    assert "No space left on device; make room or give another --spool" in done.stdout
    assert done.stdout.endswith("whole: True\n")


FILLS = """
import random, sys
from shorthaul.errors import BadInput
from shorthaul.telemetry.collectors.spools import Spool
from telemetry.collectors.test_spools import RULES, sizes_in, take

chance, taken = random.Random(1), []
try:
    with Spool(sys.argv[1], RULES) as spool:
        for _ in range(5_000):
            sizes = [chance.randrange(1 << 60) for _ in range(64)]
            take(spool, *sizes)
            taken += sizes
except BadInput as error:
    print("refused:", error)
with Spool(sys.argv[1], RULES) as spool:
    print("whole:", sizes_in(spool, spool.windows[0]) == taken)
"""


def test_with_certificates_only_those_who_show_one_are_served(tmp_path):
    folder = Authority(tmp_path / "authority").folder_of("tls", names="DNS:localhost")
    with (
        Spool(str(tmp_path / "spool"), RULES) as spool,
        SpoolServer(spool, "127.0.0.1", 0, str(folder)) as server,
    ):
        url = f"https://localhost:{server.port}/windows"
        stranger = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        known = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        known.load_cert_chain(folder / "tls.crt", folder / "tls.key")

        assert json.load(urllib.request.urlopen(url, context=known))["collector"] == spool.identity
        with pytest.raises((urllib.error.URLError, OSError)):
            urllib.request.urlopen(url, context=stranger).read()


@pytest.mark.parametrize("tls", [False, True])
def test_who_drips_is_hung_up_on_even_in_the_handshake(tmp_path, monkeypatch, tls):
    monkeypatch.setattr(spool_servers, "CONNECTION_SECONDS", 0.5)
    folder = Authority(tmp_path / "authority").folder_of("tls") if tls else ""
    hello = b"\x16\x03\x01\x20\x00" if tls else b"GET /windows HTTP/1.1\r\nX: "
    with (
        Spool(str(tmp_path / "spool"), RULES) as spool,
        SpoolServer(spool, "127.0.0.1", 0, str(folder)) as server,
        socket.create_connection(("127.0.0.1", server.port)) as dripping,
    ):
        dripping.settimeout(0.1)
        dripping.sendall(hello)
        assert _hung_up(dripping)


def _hung_up(dripping):
    """Whether it is, while there is never silence for long."""
    end = time.monotonic() + 20  # shorter than the silence that is borne
    while time.monotonic() < end:
        try:
            dripping.sendall(b"\x01")
            dripping.recv(1)
            return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


def test_renewed_certificates_are_taken_up_and_what_is_no_certificate_is_not(tmp_path):
    old = Authority(tmp_path / "old").folder_of("tls", names="DNS:localhost")
    new = Authority(tmp_path / "new").folder_of("tls", names="DNS:localhost")
    used = tmp_path / "used"
    shutil.copytree(old, used)
    with (
        Spool(str(tmp_path / "spool"), RULES) as spool,
        SpoolServer(spool, "127.0.0.1", 0, str(used)) as server,
    ):
        assert _lets_in(server, old)
        (used / "tls.crt").write_text("half a")
        (used / "ca.crt").unlink()
        assert _lets_in(server, old)
        shutil.copytree(new, used, dirs_exist_ok=True)
        assert _lets_in(server, new)
        assert not _lets_in(server, old)


def _lets_in(server, folder):
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    try:
        url = f"https://localhost:{server.port}/windows"
        return urllib.request.urlopen(url, context=context).status == 200
    except OSError:
        return False


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--spool", "x", "--out", "-"), "--spool and --out exclude each other"),
        (("--spool", "/proc/nowhere"), "cannot open the spool in /proc/nowhere"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(words, expected):
    assert expected in refused("collector", "--address", "127.0.0.1", *words)
