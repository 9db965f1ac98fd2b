"""What the demo says, and what its manual says about it, are the same."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANUAL = (ROOT / "docs" / "demo.md").read_text()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "hack" / "demo"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_every_option_is_in_the_manual():
    options = set(re.findall(r"--[a-z-]+", run("--help").stdout)) - {"--help"}

    assert options
    assert {one for one in options if f"`{one}" not in MANUAL} == set()


def test_only_the_folder_of_a_demo_can_be_stopped(tmp_path):
    (tmp_path / "run").mkdir()

    answer = run("--stop", str(tmp_path))

    assert answer.returncode == 1
    assert answer.stderr == f"demo: {tmp_path} is not the folder of a demo\n"
    assert (tmp_path / "run").is_dir()


def test_the_files_that_the_manual_names_are_there():
    named = re.findall(r"`((?:hack|examples)/[a-z/.]+)`", MANUAL)

    assert {name for name in named if not (ROOT / name).exists()} == set()
