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


def test_what_tells_a_machine_from_others_is_not_kept():
    about = {"machineID": "3d12", "systemUUID": "3d12", "bootID": "0957", "architecture": "amd64"}
    node = {"kind": "Node", "metadata": {"name": "n1", "managedFields": []}}

    kept = records.without_bookkeeping({**node, "status": {"nodeInfo": about, "phase": "x"}})

    assert kept["status"] == {
        "nodeInfo": {"machineID": "", "systemUUID": "", "bootID": "", "architecture": "amd64"},
        "phase": "x",
    }
    assert kept["metadata"] == {"name": "n1"}
    assert records.without_bookkeeping({**node, "kind": "Pod"}) == {
        "kind": "Pod",
        "metadata": {"name": "n1"},
    }
