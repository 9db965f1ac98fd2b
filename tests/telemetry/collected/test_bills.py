"""What a window comes to, and what it says of what it left out."""

import time
from dataclasses import replace

from shorthaul.telemetry.collected import bills
from shorthaul.telemetry.collected.bills import Judging, Memory, Part, bill_parts
from shorthaul.telemetry.collected.clients import Listed
from shorthaul.telemetry.netflow_lines import Rules
from shorthaul.traffic.billed_volumes import Stretch
from shorthaul.traffic.counting_points import CountingPoints, PointRules
from shorthaul.units import Tier
from telemetry.collected import spools_made
from telemetry.collected.surroundings import World, pods_at

A, B, C = "10.1.0.1", "10.1.0.2", "10.1.0.3"
START = 1_800_000_000


TWO_NODES = (("n1", "10.0.0.1"), ("n2", "10.0.0.2"))


def billed(folder, points, records, exporter="10.9.9.9", parts=1, of_b="n1"):
    spools_made.write(folder, START, records, exporter)
    (window,) = folder.iterdir()
    pods = {
        name: replace(pod, node=of_b) if pod.addresses == (B,) else pod
        for name, pod in pods_at([A, B, C]).items()
    }
    world = World(pods, TWO_NODES, ago_seconds=time.time() - START + 60)
    world.holders.look(world.snapshot, START * 1_000)
    holders = world.holders
    ground = holders.ground(holders.know(START * 1_000 + 2_000), START * 1_000)
    part = Part("a", Listed(START * 1_000, START * 1_000 + 1_000, 1), window.read_bytes())
    judging = Judging(ground, lambda one, other: Tier.ZONE, Rules(60_000))
    return bill_parts([part] * parts, Memory(points), judging, Stretch(START, 1))


def test_a_window_with_more_pairs_than_can_be_told_apart_is_not_complete_and_says_so(tmp_path):
    records = [spools_made.record(A, end, 100, START * 1_000) for end in (B, C)]

    some = billed(tmp_path / "a", CountingPoints(PointRules(pair_limit=1)), records)
    everything = billed(tmp_path / "b", CountingPoints(), records)

    assert not some.volume.complete
    assert some.damages == (
        f"window {START}: 1 records left out, of more pairs of addresses than can be told apart;"
        " restrict who may send to collectors",
    )
    assert everything.volume.complete
    assert everything.damages == ()


def test_a_pod_speaks_for_no_node(tmp_path):
    records = [spools_made.record(A, B, 100, START * 1_000)]
    points = CountingPoints()

    billed(tmp_path / "a", points, records, exporter=C)
    assert points.heard == {""}

    billed(tmp_path / "b", points, records, exporter="10.0.0.1")
    assert points.heard == {"", "n1"}


def test_records_of_all_parts_together_are_bounded_whatever_was_listed(monkeypatch, tmp_path):
    monkeypatch.setattr(bills, "MOST_RECORDS", 3)
    records = [spools_made.record(A, B, 100, START * 1_000)] * 2

    found = billed(tmp_path / "a", CountingPoints(), records, parts=3)

    assert found.records == 3
    assert len(found.damages) == 2
    assert not found.volume.complete


def test_what_both_ends_nodes_told_comes_with_the_window(tmp_path):
    records = [spools_made.record(A, B, 100, START * 1_000)]
    points = CountingPoints()

    found = [
        billed(tmp_path / name, points, records, exporter=node, of_b="n2").volume.ends
        for name, node in (("a", "10.0.0.1"), ("b", "10.0.0.2"))
    ]

    assert found[0] == {}
    assert [tuple(each) for each in found[1].values()] == [(100, 100)]
