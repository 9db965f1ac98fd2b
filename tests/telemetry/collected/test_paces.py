"""Windows are read slowly while they are new, and as fast as they come after an outage."""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shorthaul.telemetry.collected import clients, paces
from shorthaul.telemetry.collected.clients import Listed, Place
from shorthaul.telemetry.collected.rosters import Due, Grid
from telemetry.collected import spools_made

GRID = Grid(60)


def due(**records):
    windows = [(name, Listed(0, 60_000, each, complete=True)) for name, each in records.items()]
    return Due(0, tuple(windows))


def test_windows_of_one_moment_share_a_quarter_of_a_window_by_their_records():
    found = paces.seconds_of(due(a=300, b=100, c=0), GRID, 90.0)

    assert [round(found[each], 2) for each in due(a=300, b=100, c=0).windows] == [11.25, 3.75, 0]


def test_long_windows_are_read_within_what_an_exchange_may_last():
    found = paces.seconds_of(due(a=5), Grid(300), 310.0)

    assert list(found.values()) == [paces.MOST_SECONDS]
    assert paces.MOST_SECONDS < clients.ANSWER_SECONDS / 2


@pytest.mark.parametrize(("age", "slowly"), [(135.0, True), (136.0, False)])
def test_what_was_missed_for_long_is_read_as_it_comes(age, slowly):
    assert bool(paces.seconds_of(due(a=5), GRID, 60 + age)) is slowly


def test_without_records_nobody_waits():
    assert paces.seconds_of(due(a=0), GRID, 90.0) == {}


def test_a_window_that_is_read_slowly_is_the_same_and_takes_its_time(tmp_path):
    spools_made.write(tmp_path / "a", 1_800_000_000, [], "10.0.0.1")
    [file] = (tmp_path / "a").glob("*.gz")
    file.write_bytes(os.urandom(400_000))
    with spools_made.served(tmp_path / "a") as server:
        place = Place("127.0.0.1", server.port)
        begin = time.monotonic()
        slowly = clients.window_of(place, "127.0.0.1", 1_800_000_000_000, 1.0)
        took = time.monotonic() - begin
        at_once = clients.window_of(place, "127.0.0.1", 1_800_000_000_000)

    assert slowly == at_once == file.read_bytes()
    assert took >= 1.0


def test_little_of_a_window_that_is_read_slowly_is_under_way_at_once():
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        place = Place("127.0.0.1", server.getsockname()[1])
        asked = pool.submit(clients.window_of, place, "127.0.0.1", 0, 2.0)
        connection, _ = server.accept()
        with connection:
            connection.recv(4_096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n")
            connection.setblocking(False)
            left, sent = 400_000, 0
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
            while left:
                try:
                    left -= connection.send(bytes(min(left, 4_096)))
                except BlockingIOError:
                    sent = sent or 400_000 - left
                    time.sleep(0.01)
        assert len(asked.result()) == 400_000

    assert 0 < sent <= 60_000
