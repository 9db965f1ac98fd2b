"""`shorthaul ledger` as a user runs it: ingest, report, export, carry, check."""

import csv
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.commands import CLUSTER, EDGES, HUBBLE, ROOT, refused, shorthaul
from shorthaul.store import connections

LINES = sorted(
    line for file in Path(HUBBLE).iterdir() for line in file.read_bytes().splitlines(keepends=True)
)


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """A ledger of the whole recording, made once."""
    path = tmp_path_factory.mktemp("day") / "shop.ledger"
    told = ingested(path, HUBBLE)
    assert told["counted"] == 264
    return path, told


@pytest.fixture
def ledger(day, tmp_path):
    return shutil.copy(day[0], tmp_path / "shop.ledger")


def rows(path, *more):
    outcome = shorthaul("ledger", "report", "--ledger", path, "-o", "csv", *more)
    assert (outcome.status, outcome.err) == (0, "")
    return list(csv.DictReader(io.StringIO(outcome.out)))


def ingested(path, *files):
    words = ("--ledger", path, "--cluster", CLUSTER, "-o", "json")
    outcome = shorthaul("ledger", "ingest", *files, *words)
    assert (outcome.status, outcome.err) == (0, "")
    return json.loads(outcome.out)


def test_each_line_is_counted_or_told_why_not(day):
    told = day[1]

    others = sum(told["passedOver"].values()) + sum(told["refused"].values()) + told["repeated"]
    assert told["counted"] + others == told["lines"] == len(LINES)


def test_nodes_that_do_not_tell_where_they_are_are_told(tmp_path):
    cluster = tmp_path / "cluster.json"
    text = Path(CLUSTER).read_text()
    cluster.write_text(text.replace("topology.kubernetes.io/zone", "somewhere/else"))
    files = (HUBBLE, "--ledger", tmp_path / "a.ledger", "--cluster", cluster)
    planned = shorthaul("map", "--cluster", cluster, "--flows", HUBBLE, "-o", "json")

    outcome = shorthaul("ledger", "ingest", *files, "-o", "json")

    told = json.loads(outcome.out)["warnings"]
    assert any("nodes have no label topology.kubernetes.io/zone" in each for each in told)
    assert set(told) <= set(json.loads(planned.out)["notes"])


def test_the_same_day_twice_shuffled_and_split_gives_the_same_ledger(ledger, tmp_path):
    shuffled = LINES[:]
    random.Random(5).shuffle(shuffled)
    for number in range(2):
        (tmp_path / f"part{number}.log").write_bytes(b"".join(shuffled[number::2]))
    parts = [tmp_path / f"part{number}.log" for number in range(2)]
    anew = tmp_path / "anew.ledger"
    every = ("--by", "hour", "source", "destination", "tier")
    before = rows(ledger, *every)

    first = [ingested(anew, part) for part in parts]
    second = ingested(ledger, *parts)

    assert rows(anew, *every) == rows(ledger, *every) == before
    assert second["counted"] == 0
    assert second["repeated"] == sum(part["counted"] for part in first)


def test_reports_add_up_however_they_are_asked_for(ledger):
    whole = sum(int(row["events"]) for row in rows(ledger))

    for by in ("source", "hour"):
        assert sum(int(row["events"]) for row in rows(ledger, "--by", by)) == whole
    tiers = {row["tier"]: int(row["events"]) for row in rows(ledger, "--by", "tier")}
    (host,) = rows(ledger, "--by", "tier", "--tier", "host")
    assert int(host["events"]) == tiers["host"]
    hour = rows(ledger, "--by", "hour")[0]["hour"]
    assert rows(ledger, "--since", hour) == rows(ledger)
    assert rows(ledger, "--until", hour) == []


def test_the_table_and_json_tell_the_same(ledger):
    words = ("ledger", "report", "--ledger", ledger, "--by", "tier")
    table, found = shorthaul(*words), json.loads(shorthaul(*words, "-o", "json").out)

    for row in found["balances"]:
        assert any(
            line.split()[0] == row["tier"] and line.split()[-1] == str(row["records"])
            for line in table.out.splitlines()
            if line.split()
        )
    assert table.out.splitlines()[-1].endswith("264 events in 264 records")


def test_parquet_holds_what_csv_holds(ledger, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")
    words = ("-o", "parquet", "--out", tmp_path / "a.parquet")
    outcome = shorthaul("ledger", "report", "--ledger", ledger, *words)

    assert (outcome.status, outcome.out) == (0, "")
    found = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert [{name: str(value) for name, value in row.items()} for row in found] == rows(ledger)


def test_carried_hours_stay_in_the_totals_and_take_no_more(ledger):
    before = rows(ledger)
    carried = shorthaul("ledger", "carry", "--ledger", ledger, "--before", "2026-03-03T00:00")

    assert carried.out == "carried 36 rows from before 2026-03-03T00:00Z\n"
    assert rows(ledger) == before
    assert {row["hour"] for row in rows(ledger, "--by", "hour")} == {"carried"}
    again = ingested(ledger, HUBBLE)
    assert again["refused"] == {"hour that is kept no longer by itself": 264}
    assert rows(ledger) == before
    assert shorthaul("ledger", "check", "--ledger", ledger).out.startswith("sound: ")


def test_mistakes_are_told_in_one_line(ledger, tmp_path):
    nowhere, text = tmp_path / "no.ledger", tmp_path / "text"
    text.write_text("no ledger\n" * 200)
    report, carry = ("ledger", "report", "--ledger"), ("ledger", "carry", "--ledger")
    files = ("--ledger", tmp_path / "b.ledger", "--cluster", CLUSTER)

    assert "no such ledger" in refused(*report, nowhere)
    assert "no such ledger" in refused(*carry, nowhere, "--before", "2026-03-03T00:00")
    assert "file is not a database" in refused(*report, text)
    assert "no full hour" in refused(*report, ledger, "--since", "2026-03-02T09:30")
    assert "not before --until" in refused(
        *report, ledger, "--since", "2026-03-02T09:00", "--until", "2026-03-02T09:00"
    )
    assert "give one with --out" in refused(*report, ledger, "-o", "parquet")
    assert "is not over yet" in refused(*carry, ledger, "--before", "2099-01-01T00:00")
    for moment in ("9999-12-31T23:00-23:00", "0001-01-01T00:00+23:00", "1999-12-31T23:00"):
        assert "is not from 2000 to 2100" in refused(*carry, ledger, "--before", moment)
    assert "no line here is a Hubble export line" in refused("ledger", "ingest", EDGES, *files)


def test_a_second_writer_is_refused_and_a_reader_is_not(ledger):
    held = connections.lock(str(ledger))
    assert "another process writes this ledger" in refused(
        "ledger", "ingest", HUBBLE, "--ledger", ledger, "--cluster", CLUSTER
    )
    assert len(rows(ledger)) == 36
    os.close(held)


def test_an_interrupted_ingest_says_that_it_may_be_run_again(tmp_path):
    fifo = tmp_path / "lines"
    os.mkfifo(fifo)
    words = ("ledger", "ingest", str(fifo), "--ledger", str(tmp_path / "a"), "--cluster", CLUSTER)
    child = subprocess.Popen(
        [sys.executable, "-m", "shorthaul", *words],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    with open(fifo, "wb") as stream:
        stream.write(LINES[0])
        stream.flush()
        while not (tmp_path / "a-writer").exists():
            time.sleep(0.05)
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
        told = child.communicate(timeout=30)[1]

    assert child.returncode == 130
    assert told == (
        "\nshorthaul: interrupted; 0 records are counted; run it again, nothing counts twice\n"
    )
