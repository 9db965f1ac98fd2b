"""Runs the command as a user would: a process of its own, with its streams and exit status."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OFFLINE = ROOT / "examples" / "offline"
CLUSTER = str(OFFLINE / "cluster.json")
EDGES = str(OFFLINE / "edges.csv")
HUBBLE = str(OFFLINE / "hubble")


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    status: int
    out: str
    err: str


def shorthaul(*words, environment=None, text_in=None):
    """Runs `shorthaul` with words and gives what came of it."""
    done = subprocess.run(
        [sys.executable, "-m", "shorthaul", *map(str, words)],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "operator"), **(environment or {})},
        input=text_in,
        encoding="utf-8",
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def refused(*words):
    """Runs it, expects a refusal, and gives its one line."""
    outcome = shorthaul(*words)
    assert outcome.status == 1, outcome
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    (line,) = outcome.err.splitlines()
    assert line.startswith("shorthaul: ")
    return line
