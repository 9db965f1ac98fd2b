"""Positions taken: told exactly like a plain set of numbers tells them."""

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.store.spans import HOLE_LIMIT, Spans, Standing, spans_of
from shorthaul.traffic.entries import Span

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 8)), max_size=40)


@given(SPANS)
def test_spans_know_what_a_set_of_numbers_knows(asked):
    spans, plain = Spans(), set()
    for first, length in asked:
        positions = set(range(first, first + length))
        shared = len(positions & plain)
        standing = spans.standing(Span(first, first + length))
        wanted = {0: Standing.NEW, length: Standing.TAKEN}.get(shared, Standing.PARTLY)
        assert standing is wanted
        if standing is Standing.NEW:
            spans, plain = spans.plus(Span(first, first + length)), plain | positions

    assert {n for span in spans.taken for n in range(*span)} == plain
    assert all(a.after < b.first for a, b in zip(spans.taken, spans.taken[1:], strict=False))
    assert spans_of(spans.as_text()) == spans


def test_a_stream_without_gaps_is_one_span_in_whatever_order_it_came():
    spans = Spans()
    for first in (4, 0, 2, 8, 6):
        spans = spans.plus(Span(first, first + 2))

    assert spans.taken == (Span(0, 10),)


def test_beyond_the_limit_of_holes_the_oldest_is_given_up():
    spans = Spans()
    for number in range(HOLE_LIMIT + 2):
        spans = spans.plus(Span(number * 2 + 10, number * 2 + 11))

    assert len(spans.taken) == HOLE_LIMIT + 1
    assert spans.standing(Span(9, 10)) is Standing.LATE
    assert spans.standing(Span(11, 12)) is Standing.NEW


def test_positions_that_are_none_are_told():
    for span in (Span(-1, 3), Span(3, 3), Span(4, 3), Span(0, 1 << 63)):
        assert Spans().standing(span) is Standing.NONE
