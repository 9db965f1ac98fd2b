"""Of one pair, no two points count in the same time, whatever the order of their records."""

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic import counted_spans
from shorthaul.traffic.counted_spans import CountedSpans

ONE, OTHER = (b"1", "0"), (b"2", "0")

records = st.tuples(st.sampled_from([ONE, OTHER]), st.integers(0, 200), st.integers(0, 20))


def overlap(one, other):
    return one[1] <= other[2] and other[1] <= one[2]


@given(st.lists(records, max_size=60))
def test_what_counts_of_two_points_never_overlaps(told):
    spans = CountedSpans()

    counted = [
        (place, first, first + long)
        for place, first, long in told
        if spans.take(place, first, first + long)
    ]

    assert not any(
        overlap(one, other) for one in counted for other in counted if one[0] != other[0]
    )


@given(st.lists(records, max_size=60))
def test_a_point_that_is_alone_counts_always(told):
    spans = CountedSpans()

    assert all(spans.take(ONE, first, first + long) for _, first, long in told)


def test_what_comes_late_counts_where_nobody_else_did():
    spans = CountedSpans()
    assert spans.take(ONE, 0, 100)
    assert spans.take(OTHER, 300, 400)

    assert spans.take(ONE, 101, 200)
    assert not spans.take(ONE, 250, 300)
    assert not spans.take(ONE, 320, 330)
    assert spans.take(ONE, 401, 500)
    assert spans.newest == 500


def test_of_more_changes_than_are_kept_the_oldest_time_counts_no_more(monkeypatch):
    monkeypatch.setattr(counted_spans, "MOST_SPANS", 2)
    spans = CountedSpans()
    for at in range(4):
        assert spans.take((ONE, OTHER)[at % 2], 100 * at, 100 * at + 50)

    assert not spans.take(ONE, 10, 20)
    assert not spans.take(ONE, 150, 160)
    assert spans.take(ONE, 160, 170)
