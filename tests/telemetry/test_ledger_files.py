"""Export files as entries: each line once, whatever file, order or split it comes in."""

import gzip
import random

import pytest

from shorthaul.errors import BadInput
from shorthaul.telemetry import ledger_files
from shorthaul.telemetry.hubble_lines import LineReader
from shorthaul.telemetry.ledger_files import LedgerFiles, key_of
from shorthaul.traffic.entries import UNATTRIBUTED, Entry
from telemetry.export_lines import encode, end, event, joined, line, lost


def plain(flow, key):
    """An entry without names: what is tested here is which lines become one."""
    return Entry(flow.time_nanoseconds, UNATTRIBUTED, UNATTRIBUTED, None, events=1, key=key)


def read(*paths):
    files = LedgerFiles(plain, lambda done, total: None)
    batches = list(files.batches([str(path) for path in paths]))
    return files, [entry for batch in batches for entry in batch.entries]


def key(text):
    return key_of(LineReader().read(text), text)


def test_a_line_is_known_by_its_uuid_node_and_time_not_by_its_text():
    one = line("shop/a", "shop/b", 1, uuid="u-1")
    moved = encode(dict(reversed(event("shop/a", "shop/b", 1, uuid="u-1").items())))

    assert moved != one
    assert key(moved) == key(one)
    assert key(line("shop/a", "shop/b", 1, uuid="u-2")) != key(one)
    assert key(line("shop/a", "shop/b", 2, uuid="u-1")) != key(one)
    assert key(line("shop/a", "shop/b", 1, uuid="u-1", node="n2")) != key(one)


def test_a_line_without_a_uuid_is_known_by_all_of_its_text():
    one = line("shop/a", "shop/b", 1)

    assert key(one + b"\r") == key(one)
    assert key(line("shop/a", "shop/b", 1, source=end("shop/a", "a"))) != key(one)


def test_files_give_the_same_entries_shuffled_split_and_compressed(tmp_path):
    lines = [line("shop/a", "shop/b", n, uuid=f"u{n}") for n in range(50)]
    (tmp_path / "whole.log").write_bytes(joined(lines))
    random.Random(3).shuffle(lines)
    (tmp_path / "one.log").write_bytes(joined(lines[:20]))
    (tmp_path / "two.gz").write_bytes(gzip.compress(joined(lines[20:])))

    whole, parts = read(tmp_path / "whole.log"), read(tmp_path / "one.log", tmp_path / "two.gz")

    assert sorted(parts[1]) == sorted(whole[1])
    assert parts[0].lines == whole[0].lines == 50


def test_every_line_is_an_entry_or_passed_over_by_its_reason(tmp_path):
    lines = [
        line("shop/a", "shop/b"),
        line("shop/a", "world"),
        line("shop/a", "shop/b", verdict="DROPPED"),
        lost(4),
        b"{no json",
    ]
    (tmp_path / "a.log").write_bytes(joined(lines))

    files, entries = read(tmp_path / "a.log")

    assert len(entries) == 1
    assert files.passed == {
        "one end is world": 1,
        "verdict DROPPED": 1,
        "report of lost events": 1,
        "line that is no JSON object": 1,
    }
    assert files.lines == len(entries) + sum(files.passed.values())


def test_a_file_of_something_else_is_told_with_its_line(tmp_path):
    (tmp_path / "a.csv").write_text("src_namespace,src_name\nshop,web\n")

    with pytest.raises(BadInput, match=r"a\.csv:1: line that is no JSON object; no line here"):
        read(tmp_path / "a.csv")


def test_what_came_before_damage_counts_and_the_damage_is_told(tmp_path):
    content = gzip.compress(joined([line("shop/a", "shop/b", n) for n in range(2000)]))
    (tmp_path / "a.gz").write_bytes(content[: len(content) // 2])

    files, entries = read(tmp_path / "a.gz")

    assert 0 < len(entries) < 2000
    assert "damaged or cut off" in files.warnings[0]


def test_a_file_of_which_nothing_can_be_unpacked_is_an_error(tmp_path):
    content = gzip.compress(joined([line("shop/a", "shop/b")]))
    (tmp_path / "a.gz").write_bytes(content[:12])

    with pytest.raises(BadInput, match=r"a\.gz: .* is damaged or ends early .*; give an intact"):
        read(tmp_path / "a.gz")


def test_batches_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger_files, "ENTRIES_PER_BATCH", 20)
    (tmp_path / "a.log").write_bytes(joined([line("shop/a", "shop/b", n) for n in range(50)]))
    files = LedgerFiles(plain, lambda done, total: None)

    assert [len(batch.entries) for batch in files.batches([str(tmp_path)])] == [20, 20, 10]
