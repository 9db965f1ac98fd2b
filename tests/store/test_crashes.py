"""SIGKILL at any moment: what a restarted writer counts in the end is exact."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shorthaul.store import readings
from store.ledger_worlds import drawn, expected, held

ROOT = Path(__file__).resolve().parents[2]
RECORDS = 6000
KILLS = 12


def writer(path, *more):
    return subprocess.Popen(
        [sys.executable, "-m", "store.ledger_writers", path, "0", str(RECORDS), "50", *more],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'operator'}:{ROOT / 'tests'}"},
    )


def kill_somewhere(child, dice):
    """Lets some batches go by, then a little of the next, then kills."""
    for _ in range(dice.randrange(1, 40)):
        child.stdout.readline()
    time.sleep(dice.random() * 0.004)
    child.send_signal(signal.SIGKILL)
    child.stdout.close()
    child.wait()


@pytest.mark.parametrize("more", [(), ("POSITIONS",)], ids=["keys", "positions"])
def test_totals_are_exact_after_a_writer_was_killed_at_random_moments(tmp_path, more):
    path, dice, seen = str(tmp_path / "a.ledger"), random.Random(7), 0
    for _ in range(KILLS):
        kill_somewhere(writer(path, *more), dice)
        if not Path(path).exists():
            continue
        now = sum(counts["records"] for counts in held(path).values())
        assert readings.disagreements(path) == []
        assert now >= seen
        seen = now
    assert 0 < seen < RECORDS
    last = writer(path, *more)
    assert last.communicate(timeout=120)[0].endswith("done\n")

    assert held(path) == expected(map(drawn, range(RECORDS)))
    assert readings.disagreements(path) == []
