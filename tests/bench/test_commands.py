"""The command line says what there is and refuses what there is not."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import commands, suites

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_explains_itself():
    found = subprocess.run(
        [sys.executable, ROOT / "hack" / "bench", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "run a suite" in found.stdout


def test_every_suite_has_cells_and_no_cell_twice():
    for name, cells in suites.SUITES.items():
        keys = [cell.key for cell in cells()]
        assert keys, name
        assert len(keys) == len(set(keys)), name


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "--world", "tiny24", "--option", "x"], ["draw", "none"]]
)
def test_what_cannot_be_done_is_one_line(arguments, capsys):
    assert commands.main(arguments) == 1
    assert capsys.readouterr().err.startswith("bench: ")
