"""Captures of real exporters in the ledger: every byte once, whatever comes again."""

import csv
import io
import itertools
import json
import random
from pathlib import Path

import pytest

from cli.commands import CLUSTER, HUBBLE, refused, shorthaul
from cli.test_netflow_records import (
    CATALOG,
    LINES,
    NODE_OF_CATALOG,
    NODE_OF_WEB,
    WEB,
    line,
)
from telemetry.captures.capture_files import listening, pcap, pcapng
from telemetry.collectors import traffic
from telemetry.collectors.test_real_exporters import NAMES, PACKAGES, nfreplay, softflowd
from testbed import debian

KEYS = [(WEB, CATALOG, 6, 40_000 + at, 8_080) for at in range(20)]
KEYS += [(CATALOG, WEB, 6, 8_080, 40_000 + at) for at in range(20)]
KEYS += [(WEB, "8.8.8.8", 17, 40_000, 53)]
CATALOGS = "10.2.0.11"  # the Service of two pods
BY = ("--by", "source", "destination", "tier", "hour")


@pytest.fixture(scope="module")
def tools():
    try:
        return debian.programs(PACKAGES, NAMES)
    except debian.Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def cluster(tmp_path):
    """The example's cluster, which was there before the traffic."""
    path = tmp_path / "cluster.json"
    path.write_text(Path(CLUSTER).read_text().replace('"2026-', '"2020-'))
    return path


def rows(ledger):
    outcome = shorthaul("ledger", "report", "--ledger", ledger, *BY, "-o", "csv")
    assert outcome.status == 0, outcome
    return list(csv.DictReader(io.StringIO(outcome.out)))


def ingested(ledger, cluster, *files):
    words = "--ledger", ledger, "--cluster", cluster, "-o", "json"
    outcome = shorthaul("ledger", "ingest", *files, *words)
    assert (outcome.status, outcome.err) == (0, ""), outcome
    told = json.loads(outcome.out)
    others = sum(told["passedOver"].values()) + sum(told["refused"].values())
    assert told["counted"] + told["repeated"] + others == told["lines"], told
    return told


def octets(ledger):
    found = {}
    for row in rows(ledger):
        key = row["source_name"], row["destination_name"], row["tier"]
        found[key] = found.get(key, 0) + int(row["bytes"])
    return {key: size for key, size in found.items() if size}


def sums(sent):
    """What went each way, and its packets."""
    size = {key: sent[key, "bytes"] for key in KEYS}
    forth = sum(size[key] for key in KEYS if key[:2] == (WEB, CATALOG))
    back = sum(size[key] for key in KEYS if key[:2] == (CATALOG, WEB))
    return forth, back, sum(size.values()) - forth - back


def exported(tools, folder, export, *options):
    """What an exporter sends of known traffic, and how much that is."""
    capture = folder / "traffic.pcap"
    sent = traffic.write(capture, KEYS)
    with listening() as listener:
        export(tools, capture, listener, *options)
    assert listener.heard
    return sent, listener


@pytest.mark.parametrize(
    ("export", "options"),
    [
        (softflowd, ("-v", "5")),
        (softflowd, ("-v", "9")),
        (softflowd, ("-v", "10")),
        (softflowd, ("-v", "10", "-b")),
        (nfreplay, ("9",)),
    ],
    ids=lambda value: value.__name__ if callable(value) else " ".join(value),
)
def test_a_capture_of_a_real_exporter_counts_byte_for_byte_once(
    tools, tmp_path, cluster, export, options
):
    sent, listener = exported(tools, tmp_path, export, *options)
    frames = listener.frames()
    shuffled = frames * 2
    random.Random(7).shuffle(shuffled)
    (tmp_path / "whole.pcap").write_bytes(pcap(frames))
    (tmp_path / "again.pcapng").write_bytes(pcapng(shuffled))
    ledger, anew = tmp_path / "a.ledger", tmp_path / "b.ledger"

    first = ingested(ledger, cluster, tmp_path / "whole.pcap")
    before = rows(ledger)
    second = ingested(ledger, cluster, tmp_path / "again.pcapng", tmp_path / "whole.pcap")
    ingested(anew, cluster, tmp_path / "again.pcapng")

    forth, back, world = sums(sent)
    assert octets(ledger) == {
        ("web", "catalog", "region"): forth,
        ("catalog", "web", "region"): back,
        ("web", "world", "unknown"): world,
    }
    assert first["counted"] >= len(KEYS)
    assert (second["counted"], second["repeated"]) == (0, first["counted"])
    assert rows(ledger) == rows(anew) == before
    assert shorthaul("ledger", "check", "--ledger", ledger).out.startswith("sound: ")


def told_apart(tmp_path, cluster, *files):
    """What a ledger has that was given each of some files alone."""
    ledger = tmp_path / f"{len(list(tmp_path.iterdir()))}.ledger"
    for number, lines in enumerate(files):
        path = tmp_path / f"{ledger.name}-{number}.jsonl"
        path.write_bytes(b"".join(lines))
        ingested(ledger, cluster, path)
    assert shorthaul("ledger", "check", "--ledger", ledger).out.startswith("sound: ")
    return octets(ledger)


def test_points_whose_files_come_one_after_the_other_count_once(tmp_path, cluster):
    """Three nodes' files apart, in any order and again: each connection's bytes are there once."""
    asked = [line(WEB, CATALOG, 100, (40_000 + at, 8_080), NODE_OF_WEB) for at in range(20)]
    heard = [line(WEB, CATALOG, 100, (40_000 + at, 8_080), NODE_OF_CATALOG) for at in range(30)]
    passed = [line(WEB, CATALOG, 100, (40_000 + at, 8_080)) for at in range(10, 40)]
    whole = {("web", "catalog", "region"): 4_000}

    for files in itertools.permutations((asked, heard, passed)):
        assert told_apart(tmp_path, cluster, *files, *files) == whole
    halves = heard[::2], asked[1::3], passed, heard, asked
    assert told_apart(tmp_path, cluster, *halves) == whole


def test_a_services_address_and_its_endpoints_in_two_files_are_one_connection(tmp_path, cluster):
    client = [line(CATALOGS, WEB, 500, (8_080, 40_000), NODE_OF_WEB)]
    server = [line(CATALOG, WEB, 500, (8_080, 40_000), NODE_OF_CATALOG)]

    for files in ((client, server), (server, client)):
        assert sum(told_apart(tmp_path, cluster, *files).values()) == 500


def test_what_comes_after_a_point_fell_silent_counts_in_a_later_run(tmp_path, cluster):
    early = line(WEB, CATALOG, 100, exporter=NODE_OF_CATALOG)
    later = json.loads(line(WEB, CATALOG, 100, exporter=NODE_OF_WEB))
    later |= {name: later[name] + 600_000 for name in ("start_ms", "end_ms", "received_ms")}
    late = json.dumps(later).encode()

    assert told_apart(tmp_path, cluster, [early], [late]) == {("web", "catalog", "region"): 200}


def test_two_points_of_one_connection_count_once_in_any_order(tools, tmp_path, cluster):
    """The receiver's node counts; who is given alone first goes on counting."""
    sent, listener = exported(tools, tmp_path, softflowd, "-v", "9")
    web, catalog = (tmp_path / f"{name}.pcap" for name in ("web", "catalog"))
    web.write_bytes(pcap(listener.frames(NODE_OF_WEB)))
    catalog.write_bytes(pcap(listener.frames(NODE_OF_CATALOG)))
    together, apart = tmp_path / "together.ledger", tmp_path / "apart.ledger"

    both = ingested(together, cluster, web, catalog)
    alone = [ingested(together, cluster, each) for each in (web, catalog)]
    one = ingested(apart, cluster, web)
    then = ingested(apart, cluster, catalog, web)

    assert octets(together) == octets(apart)
    assert sum(octets(together).values()) == sum(sums(sent))
    assert both["passedOver"] == {"record of bytes that another point counts": len(KEYS)}
    assert [told["counted"] for told in (*alone, then)] == [0, 0, 0]
    assert (one["counted"], then["repeated"]) == (len(KEYS), len(KEYS))


def test_the_collectors_lines_count_like_captures_and_beside_hubble(tmp_path):
    lines, ledger = tmp_path / "records.jsonl", tmp_path / "a.ledger"
    lines.write_bytes(LINES)

    told = ingested(ledger, CLUSTER, lines, HUBBLE)
    again = ingested(ledger, CLUSTER, lines)

    found = octets(ledger)
    assert found["web", "catalog", "region"] == 3_000
    assert found["catalog", "web", "region"] == 70_000
    assert found["unattributed", "unattributed", "unknown"] == 100
    assert sum(found.values()) == 3_000 + 70_000 + 500 + 200 + 100
    assert told["counted"] == 264 + 5
    assert again["counted"] == 0
    assert sum(int(row["events"]) for row in rows(ledger)) == 264


def test_other_sampling_later_counts_nothing_again(tmp_path, cluster):
    lines, ledger = tmp_path / "records.jsonl", tmp_path / "a.ledger"
    lines.write_bytes(LINES)
    ingested(ledger, CLUSTER, lines)
    before = octets(ledger)

    words = ("--ledger", ledger, "--cluster", CLUSTER, "--sampling", "9", "-o", "json")
    told = json.loads(shorthaul("ledger", "ingest", lines, *words).out)

    assert told["counted"] == 0
    assert octets(ledger) == before


def test_what_is_no_export_is_refused_in_one_line_and_makes_no_ledger(tmp_path):
    capture = tmp_path / "web.pcap"
    capture.write_bytes(pcap([(1, b"\0" * 60)]))
    words = "--ledger", tmp_path / "a.ledger", "--cluster", CLUSTER

    assert "no message of NetFlow or IPFIX" in refused("ledger", "ingest", capture, *words)
    assert not (tmp_path / "a.ledger").exists()


def test_a_file_with_nothing_in_it_is_named(tmp_path, cluster):
    path = tmp_path / "exports.pcap"
    path.touch()
    words = "--ledger", tmp_path / "shop.ledger", "--cluster", cluster
    outcome = shorthaul("ledger", "ingest", path, *words)

    assert outcome.status == 0, outcome
    assert f"{path} is empty: nothing counted" in outcome.out
