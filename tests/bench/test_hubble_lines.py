"""The bench of Hubble's lines draws what counts, and every event of it is in the map's windows."""

import json

from benchmarks import commands, hubble_lines
from shorthaul.telemetry.hubble_lines import LineReader
from shorthaul.traffic.flows import Flow


def test_lines_are_as_long_as_real_ones_and_all_count():
    lines = hubble_lines.draw(200, seed=3)

    assert lines == hubble_lines.draw(200, seed=3)
    assert 1_200 < sum(map(len, lines)) / len(lines) < 1_700
    reader = LineReader()
    assert all(isinstance(reader.read(line), Flow) for line in lines)
    assert len({json.loads(line)["flow"]["node_name"] for line in lines}) > 20


def test_the_command_tells_all_of_them(capsys):
    words = ["hubble", "--lines", "300", "--rounds", "1", "--edges", "500"]

    assert commands.main(words) == 0

    told = capsys.readouterr().out.splitlines()
    names = ["msgspec", "decode", "windows", "decode,", "windows,", "edges", "with"]
    assert [line.split()[0] for line in told[1:]] == names
    assert all("lines/s of one core" in line for line in told[1:6])
    assert "500 pairs of pods" in told[6]
