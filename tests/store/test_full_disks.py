"""A disk that takes no more: the ledger refuses, says so, loses nothing, and goes on afterwards."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shorthaul.store import readings
from shorthaul.store.connections import Refusing
from shorthaul.store.ledgers import Ledger
from shorthaul.traffic.entries import Batch
from store.ledger_worlds import drawn, expected, held, whole

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT / 'operator'}:{ROOT / 'tests'}"}
WRITER = [sys.executable, "-m", "store.ledger_writers"]

ON_A_SMALL_DISK = """
set -e
mount -t tmpfs -o size=600k none "$1"
status=0
$WRITER "$1/a.ledger" 0 100000 200 > "$2/said" || status=$?
test "$status" = 3
cp "$1"/a.ledger* "$2"
mount -o remount,size=64m "$1"
$WRITER "$1/a.ledger" 0 12000 200 | tail -n 1
cp "$1/a.ledger" "$2/after.ledger"
"""


def test_a_full_file_system_is_refused_and_nothing_is_lost_or_counted_twice(tmp_path):
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    kept.mkdir()
    if (
        shutil.which("unshare") is None
        or subprocess.run(
            ["unshare", "-rm", "mount", "-t", "tmpfs", "none", disk],
            capture_output=True,
            check=False,
        ).returncode
    ):
        pytest.skip("no right to mount a small file system of our own")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", ON_A_SMALL_DISK, "sh", disk, kept],
        env={**ENVIRONMENT, "WRITER": " ".join(WRITER)},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr

    *_, said = (kept / "said").read_text().splitlines()
    word, counted, told = said.split(" ")[:3]
    assert (word, told) == ("refusing", "True")
    assert "the disk is full or fails" in said
    full, after = str(kept / "a.ledger"), str(kept / "after.ledger")
    assert whole(full).records == int(counted) > 0
    assert held(full) == expected(map(drawn, range(int(counted))))
    assert readings.disagreements(full) == []
    assert held(after) == expected(map(drawn, range(max(int(counted), 12000))))


def test_after_the_disk_has_room_again_the_same_writer_goes_on(tmp_path):
    path = str(tmp_path / "a.ledger")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    batches = [Batch("file", tuple(map(drawn, range(n, n + 500)))) for n in range(0, 5000, 500)]
    with Ledger(path) as ledger:
        receipts = [ledger.take(batches[:1])]
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
        try:
            with pytest.raises(Refusing) as refusal:
                receipts.extend(ledger.take([batch]) for batch in batches * 10)
            refusing = ledger.refusing
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        taken = sum(receipt.counted for receipt in receipts)
        receipts += [ledger.take([batch]) for batch in batches]

        assert refusing == str(refusal.value)
        assert ledger.refusing == ""
    assert 0 < taken < 5000
    assert sum(receipt.counted for receipt in receipts) == 5000
    assert held(path) == expected(map(drawn, range(5000)))
    assert readings.disagreements(path) == []
