"""Blocks of lines by kinds beside lines read one by one: the same, whatever the lines are."""

import gzip
import os
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.telemetry.batches import Batch, Totals
from shorthaul.telemetry.hubble_anchors import AnchorReader
from shorthaul.telemetry.hubble_blocks import LineByLine
from shorthaul.telemetry.hubble_kinds import KindReader
from shorthaul.telemetry.kernels import library
from shorthaul.telemetry.line_cutters import Block
from shorthaul.telemetry.sources import SourceHealth
from shorthaul.traffic.anchors import Anchor, ranges_of
from shorthaul.traffic.flow_tables import FlowTable
from shorthaul.units import Tier
from telemetry import export_lines, line_kinds

ROUNDS = int(os.environ.get("SHORTHAUL_FUZZ_ROUNDS", "1"))
pytestmark = pytest.mark.skipif(not library.available(), reason="the kernels were not built")
PLACES = ranges_of([Anchor("office", ("198.51.100.0/24",), Tier.REGION)])


def block(lines):
    content = export_lines.joined(lines)
    return Block(content, 0, len(content))


def batches(reader, blocks):
    """A reading of each block."""
    totals = Totals()
    for each in blocks:
        batch = Batch(totals)
        for some in reader.read(each):
            batch.take_block(some, "flows.log")
        yield batch.reading({}, SourceHealth(), caught_up=True)


def told(reader, blocks):
    """All that readings of some blocks say, in plain values."""
    return [replace(reading, flows=list(reading.flows)) for reading in batches(reader, blocks)]


def both(blocks, places=()):
    """What the two ways say, and the pods and owners that they know of then."""
    plain, quick = AnchorReader(), AnchorReader()
    readers = LineByLine(plain), KindReader(quick)
    for reader in readers:
        reader.know(places)
    expected, actual = (told(reader, blocks) for reader in readers)
    return (expected, plain.names.workloads), (actual, quick.names.workloads)


@settings(max_examples=60 * ROUNDS)
@given(st.lists(st.lists(line_kinds.lines(), max_size=12), max_size=4), st.booleans())
def test_blocks_say_what_their_lines_say(blocks, named):
    expected, actual = both([block(lines) for lines in blocks], PLACES if named else ())

    assert expected == actual


def test_a_kind_that_was_decided_under_other_places_is_decided_anew():
    outside = {"source": export_lines.end("world"), "IP": {"source": "198.51.100.9"}}
    lines = [export_lines.line("shop/a", "shop/web-1", at, **outside) for at in (1, 2)]
    reader = KindReader(AnchorReader())

    assert [len(some.anchored) for some in batches(reader, [block(lines)])] == [0]
    reader.know(PLACES)
    assert [len(some.anchored) for some in batches(reader, [block(lines)])] == [2]
    reader.know(())
    assert [len(some.anchored) for some in batches(reader, [block(lines)])] == [0]


def test_lines_as_exporters_write_them_are_told_by_kind():
    lines = [export_lines.line("shop/web-1", "shop/cart-1", at, uuid=f"u-{at}") for at in range(9)]
    [some] = KindReader(AnchorReader()).read(block(lines))

    assert isinstance(some.flows, FlowTable)
    assert len(some.flows.patterns) == 1
    assert [flow.key for flow in some.flows] == [f"u-{at}" for at in range(9)]
    assert list(some.flows)[3] in some.flows


def test_a_count_of_any_size_stays_exact():
    lines = [
        export_lines.line("shop/web-1", "shop/cart-1", aggregate={"ingress_flow_count": count})
        for count in (2**32 - 1, 2**32, str(2**64 - 1))
    ]
    [small] = KindReader(AnchorReader()).read(block(lines[:1]))
    [large] = KindReader(AnchorReader()).read(block(lines))

    assert [flow.events for flow in large.flows] == [2**32 - 1, 2**32, 2**64 - 1]
    assert small.flows.addable
    assert not large.flows.addable


def test_when_there_is_no_more_room_for_kinds_they_begin_anew(monkeypatch):
    monkeypatch.setattr("shorthaul.telemetry.hubble_kinds.MOST_PATTERNS", 3)
    chance = random.Random(7)
    lines = [
        export_lines.line(f"shop/web-{chance.randrange(9)}", f"shop/cart-{chance.randrange(9)}", at)
        for at in range(200)
    ]
    blocks = [block(lines[at : at + 20]) for at in range(0, 200, 20)]
    expected, actual = both(blocks)

    assert expected == actual


def test_more_parts_than_the_tables_hold_are_told_all_the_same():
    one = export_lines.line("shop/web-1", "shop/cart-1").decode()
    lines = [
        one.replace("web-1", f"web-{number}").replace("cart-1", f"cart-{number}").encode()
        for number in range(66_000)
    ]
    expected, actual = both([block(lines)])

    assert expected == actual


def test_lines_over_the_limit_and_blocks_of_nothing_are_told_alike():
    long = export_lines.line("shop/web-1", "shop/cart-1", pad="x" * (1 << 20))
    fitting = export_lines.line("shop/web-1", "shop/cart-1", pad="x" * ((1 << 20) - 1000))
    expected, actual = both([block([long, fitting, b"", long[:-1]]), block([]), block([b"", b""])])

    assert expected == actual


@pytest.mark.recordings
def test_recordings_are_told_alike(recordings):
    paths = sorted((recordings / "cilium-1.20" / "hubble").rglob("*.gz"))
    paths += sorted((recordings / "cilium-1.20" / "hubble").rglob("*.json"))
    paths += sorted(path for path in (recordings / "hubble-otel").rglob("*") if path.is_file())
    blocks = [block(_content(path).split(b"\n")) for path in paths]
    expected, actual = both(blocks)

    assert sum(len(reading.flows) for reading in expected[0]) > 3000
    assert expected == actual
    some = [some for each in blocks for some in KindReader(AnchorReader()).read(each)]
    patterns = {id(one.flows.patterns): len(one.flows.patterns) for one in some}
    assert 0 < sum(patterns.values()) < 3000


def _content(path):
    content = path.read_bytes()
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
