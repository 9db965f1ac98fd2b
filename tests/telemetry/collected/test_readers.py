"""Reading collectors: several behind one name, TLS, kills while a ledger is written, damage."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shorthaul.cluster.selectors import Selector
from shorthaul.cluster.snapshots import Service
from shorthaul.store import connections, readings
from shorthaul.telemetry.collected import clients, fetches
from shorthaul.telemetry.collected.clients import Place
from shorthaul.telemetry.collected.rosters import Grid
from telemetry.collected import spools_made
from telemetry.collected.surroundings import World, by_pair, owner, pods_at, volumes_until
from telemetry.relay.certificates import Authority
from testbed import ports

ROOT = Path(__file__).resolve().parents[3]
A, B = "10.1.0.1", "10.1.0.2"
NODES = (("n1", "10.0.0.1"), ("n2", "10.0.0.2"))
WINDOWS = 12
LOCAL = "127.0.0.1", "127.0.0.2"
SERVICES = (Service("shop", "collectors", Selector(), headless=True),)
"""Its pods are those of `two_pods`, which never answer."""


def start_age(start):
    """How long ago a start in seconds was."""
    return time.time() - start


def two_pods(ago_seconds=3_600):
    """A pod on each of two nodes, known for an hour."""
    pods = pods_at([A], "n1")
    (other,) = pods_at([B], "n2").values()
    ref = other.ref.__class__("shop", "other")
    pods[ref] = other.__class__(ref, "uid-other", other.workload, "n2", addresses=(B,))
    return World(pods, NODES, ago_seconds=ago_seconds)


def recent(back=60):
    """The start of a second a while ago."""
    return int(time.time()) - back


def environment():
    path = ":".join(str(ROOT / each) for each in ("operator", "hack", "tests"))
    return os.environ | {"PYTHONPATH": path}


def everything(start):
    """Whether the last window of a row has come."""
    return lambda volumes, reading: any(each.start_seconds >= start for each in volumes)


async def read(source, last):
    try:
        return await volumes_until(source, everything(last))
    finally:
        source.close()


NAMED = """
import asyncio, json, sys
from dataclasses import replace
from shorthaul.telemetry.collected.clients import Place
from telemetry.collected.test_readers import SERVICES, read, two_pods

world = two_pods()
world.snapshot = replace(world.snapshot, services=SERVICES)
source = world.source(Place(sys.argv[3], int(sys.argv[1])))
volumes, reading = asyncio.run(read(source, int(sys.argv[2])))
print(json.dumps({
    "bytes": sum(volume.billed_bytes for volume in volumes),
    "collectors": reading.health.files,
    "troubles": reading.health.troubles,
    "nodes": sorted(reading.coverage.connected),
    "complete": all(each.complete for each in volumes),
    "missing": volumes[-1].missing,
    "silent": reading.health.silent,
}))
"""


def read_by_name(folder, port, last, *, host="collectors.test", addresses=LOCAL):
    """What a reader says to whom a name is some addresses."""
    (folder / "hosts").write_text("".join(f"{each} {host}\n" for each in addresses))
    words = ["unshare", "-rm", "sh", "-c", 'mount --bind "$1" /etc/hosts && shift && exec "$@"']
    words += ["sh", str(folder / "hosts"), sys.executable, "-c", NAMED, str(port), str(last), host]
    if (
        shutil.which("unshare") is None
        or subprocess.run(
            ["unshare", "-rm", "mount", "--bind", folder / "hosts", "/etc/hosts"],
            capture_output=True,
            check=False,
        ).returncode
    ):
        pytest.skip("no right to give a name two addresses of our own")
    done = subprocess.run(
        words, env=environment(), capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_two_nodes_out_of_step_at_two_collectors_of_one_name_count_once(tmp_path):
    start, sent = recent(), 0
    for number in range(WINDOWS):
        moment = (start + number) * 1_000
        sent += 1_000 + number
        records = [spools_made.record(A, B, 1_000 + number, moment + 999)]
        spools_made.write(tmp_path / "a", start + number, records, NODES[0][1])
        late = records if number else []
        spools_made.write(tmp_path / "b", start + number + 1, late, NODES[1][1])
    spools_made.write(tmp_path / "b", start, [], NODES[1][1])
    spools_made.write(tmp_path / "a", start + WINDOWS, [], NODES[0][1])
    (port,) = ports.pick(1)
    with (
        spools_made.served(tmp_path / "a", "127.0.0.1", port),
        spools_made.served(tmp_path / "b", "127.0.0.2", port),
    ):
        told = read_by_name(tmp_path, port, start + WINDOWS)

    assert (told["collectors"], told["troubles"], told["nodes"]) == (2, [], ["n1", "n2"])
    assert sent - 2 * (1_000 + WINDOWS) <= told["bytes"] <= sent


@pytest.mark.parametrize(
    ("host", "addresses", "who", "silent"),
    [
        ("collectors.test", LOCAL, "at 127.0.0.2", 1),
        ("collectors.shop", LOCAL[:1], "pod shop/other, pod shop/pod-0", 2),
        ("collectors.test", LOCAL[:1], "", 0),
    ],
)
def test_a_collector_that_is_silent_since_before_the_start_is_missed(
    tmp_path, host, addresses, who, silent
):
    start = recent()
    for number in range(WINDOWS):
        moment = (start + number) * 1_000 + 999
        records = [spools_made.record(A, B, 500, moment)]
        spools_made.write(tmp_path / "a", start + number, records, NODES[0][1])
    (port,) = ports.pick(1)
    with spools_made.served(tmp_path / "a", "127.0.0.1", port):
        told = read_by_name(tmp_path, port, start + WINDOWS - 1, host=host, addresses=addresses)

    named = [f"collector {who}, never heard since the start"] if silent else []
    assert (told["bytes"], told["silent"]) == (500 * WINDOWS, silent)
    assert (told["missing"], told["complete"]) == ([f"{e} (node n2)" for e in named], not silent)
    assert [each.split(" (")[0] for each in told["troubles"] if "never" in each] == named


def test_a_collector_whose_windows_cannot_be_had_holds_nobody_elses_back(tmp_path):
    start = recent()
    for number in range(WINDOWS):
        moment = (start + number) * 1_000 + 999
        there, back = spools_made.record(A, B, 500, moment), spools_made.record(B, A, 70, moment)
        spools_made.write(tmp_path / "a", start + number, [there], "10.9.9.9")
        spools_made.write(tmp_path / "b", start + number, [back], "10.9.9.8")
    first = min((tmp_path / "b").glob("*.jsonl.gz"))
    with first.open("r+b") as file:
        file.truncate(clients.WINDOW_BYTES + 1)
    (port,) = ports.pick(1)
    with (
        spools_made.served(tmp_path / "a", "127.0.0.1", port),
        spools_made.served(tmp_path / "b", "127.0.0.2", port),
    ):
        told = read_by_name(tmp_path, port, start + WINDOWS - 1)

    assert (told["collectors"], told["bytes"]) == (2, 500 * WINDOWS)
    assert "more than" in told["troubles"][0]
    assert not told["complete"]


async def test_windows_are_read_over_tls_from_those_who_show_a_certificate(tmp_path):
    folder = Authority(tmp_path / "authority").folder_of("tls", names="DNS:collector.example")
    start = recent()
    spools_made.write(
        tmp_path / "a", start, [spools_made.record(A, B, 700, start * 1_000)], "10.9.9.9"
    )
    with spools_made.served(tmp_path / "a", tls=str(folder)) as server:
        place = Place("127.0.0.1", server.port, str(folder), "collector.example")
        volumes, _ = await read(two_pods().source(place), start)
        clear = two_pods().source(Place("127.0.0.1", server.port))
        _, refused = await volumes_until(clear, lambda volumes, reading: reading.health.troubles)
        clear.close()

    assert by_pair(volumes) == {(owner(A), owner(B)): 700}
    assert "GET /windows" in refused.health.troubles[0]


async def test_a_window_that_is_damaged_counts_as_far_as_it_goes_and_is_not_complete(tmp_path):
    start = recent()
    for number in range(2):
        records = [spools_made.record(A, B, 500, (start + number) * 1_000)]
        spools_made.write(tmp_path / "a", start + number, records, "10.9.9.9")
    first = min((tmp_path / "a").glob("*.jsonl.gz"))
    first.write_bytes(first.read_bytes()[:-4])
    with spools_made.served(tmp_path / "a") as server:
        place = Place("127.0.0.1", server.port)
        volumes, _ = await read(two_pods().source(place), start + 1)

    assert [(each.billed_bytes, each.complete) for each in volumes[:2]] == [
        (500, False),
        (500, True),
    ]


async def test_a_collector_that_is_none_is_told_and_read_again(tmp_path):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as other:
        place = Place("127.0.0.1", other.getsockname()[1])
        other.close()
        source = two_pods().source(place)
        _, reading = await volumes_until(source, lambda volumes, reading: reading.health.troubles)
        source.close()

    assert "GET /windows" in reading.health.troubles[0]


async def test_windows_that_tell_of_flows_from_before_the_watch_are_not_complete(tmp_path):
    start = recent()
    for number in range(10):
        spools_made.write(tmp_path / "a", start + number, [], "10.9.9.9")
    world = two_pods(ago_seconds=start_age(start))
    with spools_made.served(tmp_path / "a") as server:
        source = world.source(Place("127.0.0.1", server.port), longest_milliseconds=4_500)
        volumes, _ = await read(source, start + 9)

    assert [each.complete for each in volumes[:10]] == [False] * 5 + [True] * 5


async def test_a_collector_that_is_back_has_heard_nobody_yet_and_its_windows_say_nothing(tmp_path):
    start, folder = recent(), tmp_path / "a"
    for number in [*range(4), *range(8, 16)]:
        records = [spools_made.record(A, B, 500, (start + number) * 1_000)]
        told = records if number < 4 or number >= 12 else []
        spools_made.write(folder, start + number, told, "10.0.0.1")
    with spools_made.served(folder) as server:
        source = two_pods().source(Place("127.0.0.1", server.port), longest_milliseconds=1_000)
        volumes, _ = await read(source, start + 15)

    assert [each.complete for each in volumes[:12]] == [True] * 4 + [False] * 6 + [True] * 2
    assert {each.missing for each in volumes[4:10]} == {
        ("node n1 (silent, or heard again for less than 1 s)",)
    }


async def test_who_was_heard_before_the_operator_began_is_missed_by_todays_addresses(tmp_path):
    start, folder = recent(), tmp_path / "a"
    for number in [*range(4), *range(8, 16)]:
        records = [spools_made.record(A, B, 500, (start + number) * 1_000)]
        spools_made.write(folder, start + number, records * (number < 4), "10.0.0.1")
    world = two_pods(ago_seconds=start_age(start + 6))
    with spools_made.served(folder) as server:
        source = world.source(Place("127.0.0.1", server.port), longest_milliseconds=1_000)
        volumes, _ = await read(source, start + 15)

    assert not any(each.complete for each in volumes)


async def test_a_window_that_cannot_be_fetched_stops_nobody_once_patience_is_over(tmp_path):
    start = recent()
    for number in range(3):
        records = [spools_made.record(A, B, 500, (start + number) * 1_000)]
        spools_made.write(tmp_path / "a", start + number, records, "10.9.9.9")
    with spools_made.served(tmp_path / "a") as server:
        source = two_pods().source(Place("127.0.0.1", server.port))
        source._roster.grid = Grid(1, patience_seconds=2)
        first = min((tmp_path / "a").glob("*.jsonl.gz"))
        with first.open("r+b") as file:
            file.truncate(clients.WINDOW_BYTES + 1)
        _, waiting = await volumes_until(source, lambda _, reading: reading.health.troubles)
        volumes, reading = await read(source, start + 2)

    assert "more than" in waiting.health.troubles[0]
    assert [(each.billed_bytes, each.complete) for each in volumes[:3]] == [
        (0, False),
        (500, True),
        (500, True),
    ]
    assert reading.health.lost_events == 1


async def test_what_the_ledger_has_is_left_out_even_when_it_was_locked_at_first(tmp_path):
    old, start, ledger = recent(1_200), recent(), tmp_path / "bytes.ledger"
    records = [spools_made.record(A, B, 500, old * 1_000)]
    spools_made.write(tmp_path / "a", old, records, "10.9.9.9")
    with spools_made.served(tmp_path / "a") as server:
        place = Place("127.0.0.1", server.port)
        before = two_pods().source(place, ledger=ledger)
        await read(before, old)
    spools_made.write(tmp_path / "a", start, [], "10.9.9.9")
    with spools_made.served(tmp_path / "a") as server:
        source = two_pods().source(Place("127.0.0.1", server.port), ledger=ledger)
        await volumes_until(source, lambda _, reading: reading.health.troubles)
        before._around.ledger.close()
        volumes, _ = await read(source, start)
        source._around.ledger.close()

    assert volumes[0].start_seconds == start


async def test_more_bytes_than_can_be_held_are_left_out_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(fetches, "MOST_BYTES", 1)
    start = recent() // 2 * 2
    for number in range(2):
        records = [spools_made.record(A, B, 500, (start + number) * 1_000)]
        spools_made.write(tmp_path / "a", start + number, records, "10.9.9.9")
    with spools_made.served(tmp_path / "a") as server:
        source = two_pods().source(Place("127.0.0.1", server.port), window_seconds=2)
        volumes, reading = await volumes_until(
            source, lambda volumes, reading: volumes and reading.health.troubles
        )
        source.close()

    assert [(each.billed_bytes, each.complete) for each in volumes[:1]] == [(500, False)]
    assert reading.health.lost_events == 1
    assert "more than 1 bytes together" in reading.health.troubles[0]


READS = """
import asyncio, sys
from shorthaul.telemetry.collected.clients import Place
from telemetry.collected.surroundings import volumes_until
from telemetry.collected.test_readers import everything, two_pods

async def main(port, ledger, last):
    source = two_pods().source(Place("127.0.0.1", port), ledger=ledger)
    while True:
        volumes, _ = await volumes_until(source, lambda volumes, reading: volumes)
        for volume in volumes:
            print(volume.start_seconds, flush=True)
            if volume.start_seconds >= last:
                return
asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
"""


def reader(port, ledger, last):
    words = [sys.executable, "-c", READS, str(port), str(ledger), str(last)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment())


def test_a_reader_that_is_killed_at_any_moment_counts_each_window_once(tmp_path):
    chance, start, sent = random.Random(3), recent(300), 0
    windows = 150
    for number in range(windows):
        records = []
        for at in range(chance.randrange(1, 40)):
            size = chance.randrange(1 << 40)
            sent += size
            ports = 40_000 + at, 80
            records.append(spools_made.record(A, B, size, (start + number) * 1_000, ports))
        spools_made.write(tmp_path / "a", start + number, records, "10.9.9.9")
    ledger, kills = tmp_path / "bytes.ledger", 0
    with spools_made.served(tmp_path / "a") as server:
        for patience in (1, 30, 70):
            child = reader(server.port, ledger, start + windows - 1)
            for _ in range(patience):
                child.stdout.readline()
            time.sleep(chance.random() * 0.01)
            child.send_signal(signal.SIGKILL)
            child.wait()
            child.stdout.close()
            kills += 1
            assert total(ledger) <= sent
        last = reader(server.port, ledger, start + windows - 1)
        last.communicate(timeout=120)

    assert kills == 3
    assert total(ledger) == sent
    assert readings.disagreements(str(ledger)) == []


def total(ledger):
    with connections.reading(str(ledger)) as connection:
        return connection.execute("SELECT sum(bytes) FROM balances").fetchone()[0]
