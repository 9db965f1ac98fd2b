"""Windows of real nodes with Cilium, billed as the operator does it: bytes are the shop's."""

import gzip
import json
from collections import defaultdict
from pathlib import Path

import pytest

from realshop import shops
from shorthaul.cli import inputs
from shorthaul.cluster.address_books import book_of, node_ends_of, nodes_of
from shorthaul.cluster.directories import directory_of
from shorthaul.telemetry.collected.bills import Judging, Memory, Part, bill_parts
from shorthaul.telemetry.collected.clients import Listed
from shorthaul.telemetry.netflow_lines import Rules
from shorthaul.traffic.billed_volumes import Stretch
from shorthaul.traffic.metering import Ground
from shorthaul.units import Tier

RECORDED = Path(__file__).parents[3] / "examples" / "real-nodes"
WINDOW = 10_000


def windows():
    """The records by window and exporter, as collectors would have kept them."""
    found = defaultdict(lambda: defaultdict(list))
    with gzip.open(RECORDED / "flows.jsonl.gz", "rt") as file:
        for line in file:
            told = json.loads(line)
            about = told.get("numbers", told)
            moment = about.get("received_ms") or about["told_ms"]
            found[moment // WINDOW * WINDOW][about["exporter"]].append(line)
    return sorted(found.items())


def test_no_connection_counts_twice_though_services_are_told_of_on_one_side():
    snapshot = inputs.read_cluster([str(RECORDED / "cluster.json.gz")])
    book = book_of(snapshot, windows()[-1][0] + 2 * WINDOW)
    ground = Ground(book, directory_of(snapshot), nodes_of(snapshot), node_ends_of(snapshot))
    judging = Judging(ground, lambda one, other: Tier.ZONE, Rules(WINDOW))
    shop = shops.drawn(1, services=8, stores=1, bytes_per_second=1_000_000)
    pairs = {frozenset((call.client, call.server)) for call in shop.calls}
    memory, told = Memory(), list[int]()
    for start, by_exporter in windows():
        stretch = Stretch(start // 1_000, WINDOW // 1_000)
        found = bill_parts(list(parts(start, by_exporter)), memory, judging, stretch)
        told.append(
            sum(
                sent.bytes
                for ends, sent in found.volume.edges.items()
                if {ends[0].name, ends[1].name} in pairs
            )
        )
        assert not [left for left in found.volume.leftovers if "Service" in left.reason]
    seconds = len(told) * WINDOW / 1_000
    assert sum(told) / seconds == pytest.approx(1.05 * shop.total_bytes_per_second, rel=0.1)


def parts(start, by_exporter):
    for name, lines in sorted(by_exporter.items()):
        listed = Listed(start, start + WINDOW, len(lines))
        yield Part(name, listed, gzip.compress("".join(lines).encode()))
