"""The recording of real nodes with Cilium: bytes are what the shop's program said, edge by edge.

The shop was drawn from a seed, so how often who asks whom for how much is known. Calls come at
random times, and what is measured has headers and acknowledgements, which the program does not
count.
"""

import csv
import json
from math import sqrt

import pytest

from cli.commands import ROOT, shorthaul
from realshop import shops

RECORDED = ROOT / "examples" / "real-nodes"
CLUSTER = str(RECORDED / "cluster.json.gz")
SECONDS = 31.367
ERRORS = 4
HEADERS_PER_CALL = (100, 1_500)
PACKET, HEADERS_PER_PACKET = 1_400, 120


@pytest.fixture(scope="module")
def shop():
    return shops.drawn(1, services=8, stores=1, bytes_per_second=1_000_000)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The edges in bytes/s by the names of both ends, their file, and what the command told."""
    path = tmp_path_factory.mktemp("recorded") / "edges.csv"
    flows = str(RECORDED / "flows.jsonl.gz")
    named = ("--cluster", CLUSTER, "--longest-flow", "10", "--out", str(path))
    done = shorthaul("record", "--netflow", flows, *named)
    assert done.status == 0, done.err
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return {(row["src_name"], row["dst_name"]): float(row["rate"]) for row in rows}, path, done.err


def test_every_edge_carries_what_the_shops_program_says(recorded, shop):
    edges, *_ = recorded

    for call in shop.calls:
        calls = call.rate * shop.replicas(call.client) * SECONDS
        packets = calls * (call.bytes / PACKET)
        spread = ERRORS * sqrt(calls) * call.bytes
        least = calls * (call.bytes + HEADERS_PER_CALL[0]) - spread
        most = calls * (call.bytes + HEADERS_PER_CALL[1]) + packets * HEADERS_PER_PACKET + spread
        assert least <= edges[call.client, call.server] * SECONDS <= most, call
    talking = {(call.client, call.server) for call in shop.calls}
    assert {edge for edge in edges if edge[1] != "coredns"} == talking


def test_all_together_within_a_tenth(recorded, shop):
    edges, *_ = recorded
    whole = sum(rate for (_, server), rate in edges.items() if server != "coredns")

    assert whole == pytest.approx(1.05 * shop.total_bytes_per_second, rel=0.05)


def test_nothing_is_an_estimate_of_a_services_endpoints(recorded):
    *_, told = recorded

    assert "shared out" not in told
    assert "seen again at another point, counted once" in told


def test_hubble_tells_of_the_same_pairs(recorded):
    edges, *_ = recorded
    hubble = str(RECORDED / "hubble")
    done = shorthaul("map", "--flows", hubble, "--cluster", CLUSTER, "-o", "json")
    told = json.loads(done.out)["edges"]

    assert {(each["client"]["name"], each["server"]["name"]) for each in told} == set(edges)


def test_by_events_pods_go_to_dns_and_by_bytes_to_each_other(recorded):
    _, path, _ = recorded
    by_bytes = shorthaul("plan", "--cluster", CLUSTER, "--flows", str(path))
    by_events = shorthaul("plan", "--cluster", CLUSTER, "--flows", str(RECORDED / "hubble"))

    assert "coredns and" not in by_bytes.out
    assert "coredns and" in by_events.out
