"""Tailing through what happens to real files: rotation, gzip, truncation, partial lines."""

import asyncio
import gzip
import os
import shutil

import pytest

from shorthaul.telemetry.hubble_lines import LONGEST_LINE_BYTES
from shorthaul.telemetry.hubble_tail import HubbleTail
from shorthaul.traffic import anchors
from shorthaul.traffic.anchors import Anchor, ranges_of
from shorthaul.units import PodRef, Tier
from telemetry import export_lines


def lines(first, last):
    return [export_lines.line("shop/web-1", "shop/cart-1", i) for i in range(first, last)]


def append(path, some):
    with open(path, "ab") as file:
        file.write(export_lines.joined(some) if isinstance(some, list) else some)


def seconds(reading):
    """Which lines were read, by their time."""
    return [flow.time_nanoseconds // 10**9 - export_lines.START_SECONDS for flow in reading.flows]


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def log(folder):
    return folder / "events.log"


@pytest.fixture
def follow(folder):
    tails = []

    def follower(pattern="events.log", **more):
        tail = HubbleTail([str(folder / pattern)], **more)
        tails.append(tail)
        return lambda: asyncio.run(tail.read())

    yield follower
    for tail in tails:
        tail.close()


def test_it_starts_at_the_end_unless_told_otherwise(log, follow):
    append(log, lines(0, 3))
    at_end, at_start = follow(), follow(since_nanoseconds=0)

    assert seconds(at_end()) == []
    assert seconds(at_start()) == [0, 1, 2]
    append(log, lines(3, 5))
    assert seconds(at_end()) == seconds(at_start()) == [3, 4]


@pytest.mark.parametrize("since", [0, 1, 700, 4000, 4999, 6000])
def test_a_start_at_a_time_reads_all_lines_since_and_few_before(log, follow, since):
    append(log, lines(0, 5000))

    read = follow(since_nanoseconds=(export_lines.START_SECONDS + since) * 10**9)
    found = seconds(read())

    assert found == list(range(found[0], 5000))
    assert found[0] <= since
    assert since - found[0] < 1000 or since >= 5000
    append(log, lines(5000, 5002))
    assert seconds(read()) == [5000, 5001]


def test_a_start_at_a_time_goes_by_the_lines_that_have_one(log, follow):
    for first in range(0, 3000, 50):
        append(log, [b"{broken", *lines(first, first + 50)])

    found = seconds(follow(since_nanoseconds=(export_lines.START_SECONDS + 2500) * 10**9)())

    assert found == list(range(found[0], 3000))
    assert 1000 < found[0] <= 2500


def test_a_start_at_a_time_leaves_out_the_backups_from_before(folder, log, follow):
    for name, first in (("old.gz", 0), ("new.gz", 2)):
        (folder / name).write_bytes(gzip.compress(export_lines.joined(lines(first, first + 2))))
        os.utime(folder / name, (0, export_lines.START_SECONDS + first + 2))
    append(log, lines(4, 6))

    found = seconds(follow("*", since_nanoseconds=(export_lines.START_SECONDS + 3) * 10**9)())

    assert sorted(found) == [2, 3, 4, 5]


def test_a_start_in_the_middle_of_a_line_skips_that_line_only(log, follow):
    [first, line, following] = lines(0, 3)
    append(log, first + b"\n" + line[:50])
    read = follow()
    read()
    append(log, line[50:] + b"\n" + following + b"\n")

    reading = read()

    assert seconds(reading) == [2]
    assert reading.health.bad_lines == 0


def test_a_line_without_its_end_waits_for_it(log, follow):
    read = follow(since_nanoseconds=0)
    [first, line] = lines(0, 2)
    append(log, first + b"\n" + line[:70])

    assert seconds(read()) == [0]
    assert seconds(read()) == []
    append(log, line[70:] + b"\n")
    assert seconds(read()) == [1]


def test_a_rotated_file_is_finished_before_the_new_one(folder, log, follow):
    append(log, lines(0, 1))
    read = follow()
    read()
    append(log, lines(1, 3))
    os.rename(log, folder / "events-2026-01-01.log")
    append(folder / "events-2026-01-01.log", lines(3, 4))
    append(log, lines(4, 6))

    assert seconds(read()) == [1, 2, 3, 4, 5]
    assert seconds(read()) == []


@pytest.mark.parametrize("pattern", ["events.log", "events*", "."])
def test_nothing_is_lost_or_read_twice_over_many_rotations_and_compressions(
    folder, log, follow, pattern
):
    append(log, lines(0, 1))
    read = follow(pattern, since_nanoseconds=0)
    found = seconds(read())
    for i in range(5):
        append(log, lines(10 * i + 1, 10 * i + 6))
        found += seconds(read()) if i % 2 else []
        append(log, lines(10 * i + 6, 10 * i + 9))
        backup = folder / f"events-{i}.log"
        os.rename(log, backup)
        append(log, lines(10 * i + 9, 10 * i + 11))
        found += seconds(read())
        packed = folder / f"events-{i}.log.gz"
        packed.write_bytes(gzip.compress(backup.read_bytes()))
        os.unlink(backup)
        found += seconds(read())
    found += seconds(read())

    assert found == list(range(51))


def test_a_file_that_is_deleted_after_rotation_is_still_read_to_its_end(folder, log, follow):
    append(log, lines(0, 1))
    read = follow()
    read()
    append(log, lines(1, 4))
    os.rename(log, folder / "old")
    os.unlink(folder / "old")

    reading = read()

    assert seconds(reading) == [1, 2, 3]
    assert "no file matches" in reading.health.troubles[0]
    append(log, lines(4, 5))
    assert seconds(read()) == [4]


def test_a_compressed_backup_never_seen_before_is_read(folder, log, follow):
    read = follow("events*")
    append(log, lines(5, 6))
    assert seconds(read()) == []

    (folder / "events-1.log.gz").write_bytes(gzip.compress(export_lines.joined(lines(2, 5))))

    assert seconds(read()) == [2, 3, 4]
    assert seconds(read()) == []


def test_a_compressed_backup_that_was_there_at_the_start_is_history(folder, log, follow):
    (folder / "events-1.log.gz").write_bytes(gzip.compress(export_lines.joined(lines(0, 3))))
    append(log, lines(3, 4))

    assert seconds(follow("events*")()) == []
    assert seconds(follow("events*", since_nanoseconds=0)()) == [0, 1, 2, 3]


def test_a_backup_is_taken_up_again_while_it_is_being_compressed(folder, follow):
    packed = gzip.compress(export_lines.joined(lines(0, 400)), mtime=0)
    path = folder / "events-1.log.gz"
    read = follow("events*", since_nanoseconds=0)
    found = []
    for cut in (len(packed) // 2, len(packed) - 4, len(packed)):
        path.write_bytes(packed[:cut])
        reading = read()
        found += seconds(reading)

    assert found == list(range(400))
    assert reading.health.troubles == ()
    assert reading.health.bad_lines == 0


def test_a_damaged_backup_is_told_and_does_not_stop_the_others(folder, log, follow):
    packed = gzip.compress(export_lines.joined(lines(0, 400)))
    (folder / "events-1.log.gz").write_bytes(packed[: len(packed) // 2])
    append(log, lines(500, 501))
    read = follow("events*", since_nanoseconds=0)

    reading = read()

    assert 500 in seconds(reading)
    assert reading.caught_up
    assert "events-1.log.gz: ends early" in reading.health.troubles[0]
    assert seconds(read()) == []


def test_a_truncated_file_is_read_from_its_start(log, follow):
    append(log, lines(0, 5))
    read = follow()
    read()
    log.write_bytes(b"")
    append(log, lines(5, 7))

    reading = read()

    assert seconds(reading) == [5, 6]
    assert reading.health.truncations == 1


def test_a_truncated_file_without_a_whole_line_yet_is_not_taken_for_a_backlog(log, follow):
    append(log, lines(0, 5))
    read = follow()
    read()
    [line] = lines(5, 6)
    log.write_bytes(line[:30])

    assert [read().caught_up for _ in range(3)] == [True, True, True]
    append(log, line[30:] + b"\n")
    assert seconds(read()) == [5]


def test_a_file_that_was_written_anew_and_is_longer_than_before_is_noticed(log, follow):
    append(log, lines(0, 2))
    read = follow()
    read()
    log.write_bytes(export_lines.joined(lines(10, 20)))

    assert seconds(read()) == list(range(10, 20))


def test_a_copy_that_is_truncated_afterwards_loses_and_doubles_nothing(folder, log, follow):
    append(log, lines(0, 3))
    read = follow("events*", since_nanoseconds=0)
    found = seconds(read())
    append(log, lines(3, 6))
    shutil.copy(log, folder / "events.log.1")
    log.write_bytes(b"")
    append(log, lines(6, 8))
    found += seconds(read())

    assert sorted(found) == list(range(8))


def test_a_reading_is_bounded_and_says_that_there_is_more(log, follow):
    append(log, lines(0, 1000))
    read = follow(since_nanoseconds=0, read_bytes=100_000)
    readings = [read()]
    while not readings[-1].caught_up:
        readings.append(read())

    assert len(readings) > 4
    assert all(len(reading.flows) < 300 for reading in readings)
    assert [second for reading in readings for second in seconds(reading)] == list(range(1000))
    assert readings[0].health.lag_bytes > 0 == readings[-1].health.lag_bytes


def test_files_that_appear_later_are_read_from_their_start(folder, follow):
    read = follow("*/events.log")
    assert read().caught_up
    (folder / "n7").mkdir()
    append(folder / "n7" / "events.log", lines(0, 2))

    assert seconds(read()) == [0, 1]


def test_health_counts_lines_flows_lost_events_and_bad_lines(log, follow):
    read = follow(since_nanoseconds=0)
    append(log, [*lines(0, 2), export_lines.lost(9, at=3), b"rubbish", b'{"agent_event":{}}'])
    append(log, [export_lines.line("a/b", "c/d", 7, verdict="DROPPED", node="n4")])

    reading = read()

    health = reading.health
    assert (health.files, health.lines, health.flows) == (1, 6, 2)
    assert (health.bad_lines, health.lost_events) == (1, 9)
    assert health.newest_nanoseconds == (export_lines.START_SECONDS + 7) * 10**9
    assert [(lost.observer, lost.events) for lost in reading.lost] == [("n1", 9)]
    assert [(heard.observer, heard.lines) for heard in reading.heard] == [("n4", 1)]
    assert reading.ignored == {"agent event": 1, "verdict DROPPED": 1}
    assert [leftover.example for leftover in reading.leftovers] == [str(log)]


def test_a_line_over_the_limit_is_one_bad_line(log, follow):
    read = follow(since_nanoseconds=0)
    append(log, lines(0, 1))
    append(log, b"x" * (3 * LONGEST_LINE_BYTES) + b"\n")
    append(log, lines(1, 2))

    reading = read()

    assert seconds(reading) == [0, 1]
    assert reading.health.bad_lines == 1


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_read(folder, log, follow):
    append(log, lines(0, 1))
    (folder / "events-loop").symlink_to(folder / "events-loop")
    os.mkfifo(folder / "events-pipe")

    assert seconds(follow("events*", since_nanoseconds=0)()) == [0]


def test_the_loop_is_not_blocked_while_files_are_read(log, follow, folder):
    append(log, lines(0, 2000))

    async def watch():
        tail = HubbleTail([str(log)], since_nanoseconds=0)
        reading = asyncio.create_task(tail.read())
        turns = 0
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
        tail.close()
        return turns, await reading

    turns, reading = asyncio.run(watch())

    assert turns > 2
    assert len(reading.flows) == 2000


def outside(at, address):
    told = {"IP": {"source": address, "destination": "10.0.0.2"}}
    return export_lines.line("world", "shop/cart-1", at, **told)


def test_places_outside_have_the_names_that_they_have_when_a_line_is_read(log, follow):
    named = []
    read = follow(since_nanoseconds=0, places=lambda: named)
    append(log, [outside(0, "198.51.100.9"), *lines(1, 2)])
    nameless = read()
    named += ranges_of([Anchor("office", ("198.51.100.0/24",), Tier.REGION)])
    append(log, [outside(2, "198.51.100.9"), outside(3, "203.0.113.1")])
    known = read()
    named.clear()
    append(log, [outside(4, "198.51.100.9")])
    forgotten = read()

    assert (nameless.anchored, forgotten.anchored) == ((), ())
    assert [each.ends for each in known.anchored] == [
        (anchors.vertex("office"), PodRef("shop", "cart-1"))
    ]
    assert known.flows == ()
    assert (known.health.lines, known.health.flows) == (4, 2)
    assert {each.reason: each.records for each in forgotten.leftovers} == {"one end is world": 3}
