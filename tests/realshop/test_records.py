"""What a recording keeps of Hubble's exports: whole lines, from a moment on."""

import json

import pytest

from realshop import records

TIMES = (
    ("2026-11-27T05:00:00.999999999Z", 1795755600.999),
    ("2026-11-27T05:00:01Z", 1795755601.0),
    ("2026-11-27T05:00:01.250000001Z", 1795755601.25),
)


def line(time):
    return json.dumps({"flow": {"uuid": time}, "time": time}).encode() + b"\n"


@pytest.mark.parametrize("first", range(len(TIMES)))
def test_lines_from_a_moment_on_are_kept_as_they_are(first):
    exported = b"".join(line(time) for time, _ in TIMES)

    found = list(records.events(exported, TIMES[first][1]))

    assert found == [line(time) for time, _ in TIMES[first:]]


def test_a_line_that_is_being_written_is_left_out():
    exported = line(TIMES[0][0]) + line(TIMES[1][0])[:-9]

    assert list(records.events(exported, 0.0)) == [line(TIMES[0][0])]
