"""The ledger counts each record once, exactly, and never counts back."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.errors import BadInput
from shorthaul.store import intakes, readings
from shorthaul.store.ledgers import Ledger
from shorthaul.traffic.entries import UNATTRIBUTED, Batch, Counts, Note, Span
from store.ledger_worlds import (
    DB,
    HOUR,
    WEB,
    drawn,
    entry,
    expected,
    held,
    key,
    numbered,
    whole,
)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "a.ledger")


@st.composite
def deals(draw):
    """Numbers of records, and batches in which each comes once or more, in any order and split."""
    numbers = draw(st.lists(st.integers(0, 400), min_size=1, max_size=60, unique=True))
    again = draw(st.lists(st.sampled_from(numbers), max_size=40))
    shuffled = draw(st.permutations([*numbers, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=5)))
    parts = [
        shuffled[first:after]
        for first, after in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)
    ]
    return numbers, parts


@settings(max_examples=40, deadline=None)
@given(deals(), st.booleans())
def test_the_same_records_give_the_same_ledger_however_they_are_dealt(deal, reopened):
    numbers, parts = deal
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "a.ledger")
        receipts, last = [], Counts()
        for index, part in enumerate(parts):
            with Ledger(path) as ledger:
                batch = Batch(f"file {index}", tuple(map(drawn, part)))
                receipts += [ledger.take([batch])]
                receipts += [] if reopened else [ledger.take([batch])]
            now = readings.ask(path, readings.Question(by=())).balances
            counts = now[0].counts if now else Counts()
            assert all(before <= after for before, after in zip(last, counts, strict=True))
            last = counts

        assert held(path) == expected(map(drawn, numbers))
        assert sum(receipt.counted for receipt in receipts) == len(numbers) == last.records
        assert readings.disagreements(path) == []
    given_records = sum(map(len, parts)) * (1 if reopened else 2)
    assert sum(receipt.counted + receipt.repeated for receipt in receipts) == given_records
    assert all(receipt.refused == {} for receipt in receipts)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(8)), st.lists(st.integers(0, 7), max_size=8), st.data())
def test_batches_with_positions_count_once_in_any_order_across_restarts(order, again, data):
    batches = [numbered(n * 10, [drawn(n * 10 + i) for i in range(10)]) for n in range(8)]
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "a.ledger")
        for number in [*order, *again]:
            with Ledger(path) as ledger:
                ledger.take([batches[number], batches[data.draw(st.sampled_from(order[:1]))]])

        assert held(path) == expected(drawn(n) for n in range(80))
        assert readings.disagreements(path) == []


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("take"), st.lists(st.integers(0, 99), max_size=20)),
            st.tuples(st.just("carry"), st.integers(0, 6)),
        ),
        max_size=12,
    )
)
def test_totals_never_fall_and_lose_nothing_when_hours_are_carried(steps):
    counted, horizon, last = {}, 0, Counts()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "a.ledger")
        for step, what in steps:
            with Ledger(path) as ledger:
                if step == "carry":
                    ledger.carry(HOUR + what)
                    horizon = max(horizon, what)
                    continue
                receipt = ledger.take([Batch("s", tuple(map(drawn, what)))])
            late = [
                n for n in what if drawn(n).time_nanoseconds // 3_600_000_000_000 < HOUR + horizon
            ]
            counted |= {n: drawn(n) for n in what if n not in late}
            assert receipt.refused.get(intakes.CARRIED, 0) == len(late)
            now = whole(path) if counted else Counts()
            assert now.records == len(counted)
            assert all(before <= after for before, after in zip(last, now, strict=True))
            last = now
        if counted:
            assert whole(path).bytes == sum(each.bytes for each in counted.values())
            assert readings.disagreements(path) == []


def test_positions_taken_in_part_are_refused_and_counted(path):
    with Ledger(path) as ledger:
        ledger.take([numbered(0, [entry(n) for n in range(4)])])
        receipt = ledger.take([numbered(2, [entry(n) for n in range(4)])])

    assert receipt.refused == {"positions that were taken in part": 4}
    assert whole(path).records == 4


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"size": -1}, intakes.NO_COUNT),
        ({"size": 1 << 63}, intakes.NO_COUNT),
        ({"events": -5}, intakes.NO_COUNT),
        ({"hour": -HOUR}, intakes.NO_TIME),
        ({"hour": 10**6}, intakes.NO_TIME),
        ({"key": b""}, intakes.NO_POSITION),
        ({"key": b"short"}, intakes.NO_POSITION),
    ],
)
def test_an_entry_that_is_none_is_refused_by_its_reason_and_the_others_count(path, wrong, reason):
    with Ledger(path) as ledger:
        receipt = ledger.take([Batch("s", (entry(1), entry(2, **wrong), entry(3)))])

    assert (receipt.counted, receipt.refused) == (2, {reason: 1})
    assert whole(path).records == 2


def test_a_sum_that_would_reach_two_to_the_63_is_refused_and_nothing_is_rounded(path):
    most = (1 << 63) - 1
    with Ledger(path) as ledger:
        ledger.take([Batch("s", (entry(1, size=most - 5),))])
        small = ledger.take([Batch("s", (entry(2, size=5), entry(3, source=DB, size=7)))])
        large = ledger.take([Batch("s", (entry(4, size=1), entry(5, source=DB, size=7)))])
        repeat = ledger.take([Batch("s", (entry(4, size=1),))])

    assert (small.counted, small.refused) == (2, {})
    assert (large.counted, large.refused) == (1, {intakes.TOO_MUCH: 1})
    assert repeat.repeated == 1
    assert [counts["bytes"] for counts in held(path).values()] == [most, 14]
    assert whole(path).bytes == most + 14
    assert readings.disagreements(path) == []


def test_two_that_are_too_much_only_together_are_refused(path):
    half = 1 << 62
    with Ledger(path) as ledger:
        receipt = ledger.take([Batch("s", (entry(1, size=half), entry(2, size=half)))])

    assert receipt.refused == {intakes.TOO_MUCH: 2}


def test_hours_are_not_carried_into_a_total_that_would_reach_two_to_the_63(path):
    with Ledger(path) as ledger:
        ledger.take([Batch("s", (entry(1, size=1 << 62), entry(2, hour=1, size=1 << 62)))])
        ledger.carry(HOUR + 1)
        with pytest.raises(BadInput, match="would reach 2\\^63; hours stay"):
            ledger.carry(HOUR + 2)
        ledger.take([Batch("s", (entry(3, hour=1),))])

    assert whole(path).bytes == (1 << 63) + 100


def test_memories_are_kept_with_what_counted_and_go_with_their_hour(path):
    early, late = HOUR, HOUR + 1
    with Ledger(path) as ledger:
        ledger.take([Batch("s", (entry(1),), memories={early: b"one", late: b"two"})])
        ledger.take([Batch("s", (entry(1),), memories={early: b"of a repeat"})])
        ledger.take([Batch("s", (entry(2, hour=1),), memories={early: b"more"})])
        kept = ledger.memories(range(early, late + 1))
        only = ledger.memories(range(late, late + 1))
    with Ledger(path) as ledger:
        again = ledger.memories(range(early, late + 1))
        ledger.carry(late)
        carried = ledger.memories(range(early, late + 1))
        ledger.take([Batch("s", (entry(3, hour=1),), memories={early: b"old"})])
        after = ledger.memories(range(early, late + 1))

    assert kept == again == [b"one", b"more", b"two"]
    assert only == carried == after == [b"two"]


def test_unknown_ends_and_tiers_are_rows_like_any_other(path):
    with Ledger(path) as ledger:
        ledger.take([Batch("s", (entry(1, source=UNATTRIBUTED, tier=None, size=9),))])

    ((place, counts),) = held(path).items()
    assert place == (HOUR, UNATTRIBUTED, DB, "unknown")
    assert counts["bytes"] == 9


def test_equal_names_are_one_account_whatever_objects_carry_them(path):
    twin = type(WEB)(WEB.namespace, WEB.kind, WEB.name)
    with Ledger(path) as ledger:
        ledger.take([Batch("s", (entry(1), entry(2, source=twin)))])
        ledger.take([Batch("s", (entry(3, source=twin),))])

    assert [counts["records"] for counts in held(path).values()] == [3]


def test_keys_that_were_let_go_from_memory_are_still_known(path, monkeypatch):
    monkeypatch.setattr("shorthaul.store.key_sets.KEYS_IN_MEMORY", 3)
    entries = tuple(map(drawn, range(40)))
    with Ledger(path) as ledger:
        first = [ledger.take([Batch("s", entries[n : n + 7])]) for n in range(0, 40, 7)]
        second = ledger.take([Batch("s", entries)])

    assert sum(receipt.counted for receipt in first) == 40
    assert (second.counted, second.repeated) == (0, 40)


def test_a_stream_that_starts_anew_under_another_name_is_another_stream(path):
    with Ledger(path) as ledger:
        ledger.take([numbered(0, [entry(1)], "exporter a since 1")])
        receipt = ledger.take([numbered(0, [entry(1)], "exporter a since 2")])

    assert receipt.counted == 1


def test_one_transaction_over_many_batches_is_all_or_nothing_in_its_receipt(path):
    with Ledger(path) as ledger:
        receipt = ledger.take(
            [
                numbered(0, [entry(1), entry(2)]),
                numbered(0, [entry(1), entry(2)]),
                Batch("exporter a", (entry(3, key=b""),), Span(5, 6)),
                Batch("x" * 501, (entry(4, key=key(4)),)),
            ]
        )

    assert (receipt.counted, receipt.repeated) == (3, 2)
    assert receipt.refused == {"stream name over 500 letters": 1}


def noted(first, content, seconds=1_000):
    batch = numbered(first, [drawn(first)])
    return Batch(batch.stream, batch.entries, batch.span, Note(content, seconds, 600))


def test_a_note_stays_with_the_positions_that_were_counted_first(path):
    with Ledger(path) as ledger:
        ledger.take([noted(10, b"first")])
        ledger.take([noted(10, b"again")])

        assert ledger.note("exporter a", Span(10, 11)) == b"first"
        assert ledger.note("exporter a", Span(10, 12)) is None
        assert ledger.note("exporter b", Span(10, 11)) is None


def test_a_note_is_forgotten_with_the_first_that_is_later_by_more_than_it_is_kept(path):
    with Ledger(path) as ledger:
        ledger.take([noted(10, b"old")])
        ledger.take([noted(11, b"on time", 1_600)])
        assert ledger.note("exporter a", Span(10, 11)) == b"old"

        ledger.take([noted(12, b"new", 1_601)])
        kept = [ledger.note("exporter a", Span(at, at + 1)) for at in (10, 11, 12)]

    assert kept == [None, b"on time", b"new"]
