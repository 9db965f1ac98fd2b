"""`shorthaul record --netflow`: the collector's lines become edges; every byte is accounted for."""

import csv
import gzip
import json
import re

import msgspec
import pytest

from cli.commands import CLUSTER, refused, shorthaul
from shorthaul.telemetry.collectors.sinks import line_of
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.records import NO_ADDRESS, Record
from shorthaul.traffic.addresses.parties import read_address

NOW = 1_780_000_000_000
SECONDS = 100
WEB, CATALOG, SERVICE = "10.1.0.11", "10.1.0.14", "10.2.0.18"
NODE_OF_WEB, NODE_OF_CATALOG, NODE, WORLD = "10.0.1.1", "10.0.3.1", "10.0.2.1", "8.8.8.8"


def line(source, destination, size, ports=(40_000, 8_080), exporter=NODE, sampling=1):
    record = Record(
        *(read_address(source), read_address(destination), NO_ADDRESS, NO_ADDRESS),
        *(size, 1, NOW - SECONDS * 1_000, NOW, NOW, 1, 0, 0, 0, sampling),
        *(*ports, 0, 0, 6, 4, 0, 0),
    )
    return msgspec.json.encode(line_of(record, lambda number: Sender(exporter, 2_055))) + b"\n"


LINES = b"".join(
    (
        line(WEB, CATALOG, 4_000, exporter=NODE_OF_WEB),
        line(WEB, CATALOG, 3_000, exporter=NODE_OF_CATALOG),
        line(CATALOG, WEB, 7_000, (8_080, 40_000), sampling=10),
        line(WEB, SERVICE, 500),
        line(WORLD, WEB, 200),
        line(WEB, "10.99.0.1", 100),
        b"no line\n",
    )
)


def record(folder, lines, *words):
    file = folder / "records.jsonl.gz"
    file.write_bytes(gzip.compress(lines))
    edges = folder / "edges.csv"
    files = "--netflow", file, "--cluster", CLUSTER, "--out", edges
    outcome = shorthaul("record", *files, *words)
    assert outcome.status == 0, outcome
    assert outcome.out == ""
    return edges, outcome.err


def test_each_connection_counts_once_and_runs_from_its_client(tmp_path):
    edges, _ = record(tmp_path, LINES)

    rates = {
        (row["src_name"], row["dst_name"]): float(row["rate"])
        for row in csv.DictReader(edges.open())
        if row["unit"] == "bytes/s"
    }
    assert rates == {
        ("web", "catalog"): (3_000 + 70_000) / SECONDS,
        ("web", "ledger"): 500 / SECONDS,
    }


def test_what_was_read_adds_up_to_what_is_told(tmp_path):
    _, told = record(tmp_path, LINES)

    text = told.replace(",", "")
    whole = int(re.search(r"of (\d+) bytes read", text)[1])
    parts = [int(number) for number in re.findall(r"records with (\d+) bytes", text)]
    assert whole == sum(parts) == 77_800
    for part in (
        "2 edges, 3 records with 73,500 bytes of 77,800 bytes read, in 100.000 s",
        "1 records with 200 bytes (0.3%): billed, but in no edge: with the world outside",
        "1 records with 100 bytes (0.1%): unattributed: with a private address outside all known",
        "1 records with 4,000 bytes: seen again at another point, counted once",
        "refused: 1 records with 0 bytes: no line of the collector",
        "records.jsonl.gz:7)",
        "500 bytes of the edges went to Services' own addresses",
        "both ends differ on 1 of 1 edges that the nodes of both tell of (first: shop/web →"
        " shop/catalog, 4000 bytes at the client's nodes, 3000 at the server's)",
    ):
        assert part in told


@pytest.mark.parametrize("command", ["map", "plan"])
def test_the_edges_are_what_map_and_plan_read(tmp_path, command):
    edges, _ = record(tmp_path, LINES)

    outcome = shorthaul(command, "--cluster", CLUSTER, "--flows", edges, "-o", "json")

    assert outcome.status == 0
    assert "bytes/s" in outcome.out
    assert json.loads(outcome.out)


def test_records_without_sampling_count_as_asked(tmp_path):
    edges, told = record(tmp_path, line(WEB, CATALOG, 100, sampling=0), "--sampling", "7")

    (row,) = csv.DictReader(edges.open())
    assert float(row["rate"]) == 7.0
    assert "1 records tell no sampling" in told


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--prometheus", "http://p", "--netflow", "f"), "exclude each other; give one of them"),
        ((), "give --prometheus URL or --netflow FILE"),
        (("--prometheus", "http://127.0.0.1:1"), "--prometheus needs --profile"),
        (("--netflow", "f"), "--netflow needs --cluster"),
        (("--netflow", "f", "--step", "9"), "--step is for --prometheus only; leave it out"),
        (
            ("--prometheus", "http://p", "--profile", "obi", "--longest-flow", "9"),
            "--longest-flow is for --netflow only",
        ),
        (("--netflow", "absent", "--cluster", CLUSTER), "absent: no such file"),
        (("--netflow", "f", "--cluster", CLUSTER, "--sampling", "1.5"), "give a whole number"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(words, expected):
    assert expected in refused("record", *words)


def test_a_file_that_cannot_be_read_is_told_in_one_line(tmp_path):
    file = tmp_path / "empty.jsonl"
    file.touch()

    told = refused("record", "--netflow", file, "--cluster", CLUSTER)

    assert f"{file}: no records in it" in told


def test_a_file_without_a_line_of_the_collector_is_told_in_one_line(tmp_path):
    file = tmp_path / "other.jsonl"
    file.write_text('{"flow": {}}\nno line\n')

    told = refused("record", "--netflow", file, "--cluster", CLUSTER)

    assert f"{file}:1: no line of the collector" in told
    assert "so are all 2 lines" in told
