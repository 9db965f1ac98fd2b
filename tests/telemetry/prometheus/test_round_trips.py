"""Whatever an engine answers is round trips, counted refusals, or one clear line."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus import round_trips
from shorthaul.telemetry.prometheus.answers import NEGATIVE, Answer
from shorthaul.telemetry.prometheus.round_trip_profiles import Histogram, OwnQuery
from shorthaul.telemetry.prometheus.round_trip_readers import RoundTripReader
from shorthaul.telemetry.prometheus.round_trips import LONG, NAMELESS, TWICE, read_round_trips
from shorthaul.topology.soundings import EXACT, Resolution

HISTOGRAM = Histogram(metric="rtt_seconds", source="src", destination="dst")
OWN = OwnQuery(query="our_rtt", source="src", destination="dst")
NODES = ["a", "b", "c", ""]
ROWS = st.lists(
    st.tuples(st.sampled_from(NODES), st.sampled_from(NODES), st.floats(0, 1e9)), max_size=20
)


def rows(*values, **refused):
    return Answer(tuple(({"src": s, "dst": d}, value) for s, d, value in values), refused)


def bounds(*limits):
    return Answer(tuple(({"le": limit}, 1.0) for limit in limits), {})


NO_ROWS = rows()


class Engine:
    """Answers by what a query begins with, and keeps what was asked."""

    def __init__(self, values=NO_ROWS, sizes=None, les=("0.005", "0.01", "1", "+Inf"), count=0):
        self.sizes = {"b": 1} if sizes is None else sizes
        self.values, self.les, self.count = values, les, count
        self.asked, self.closed = [], False

    def ask(self, query, at_seconds):
        self.asked.append(query)
        if query.startswith("count by"):
            return Answer(tuple(({"dst": d}, float(n)) for d, n in self.sizes.items()), {})
        if query.startswith("group by (le)"):
            return bounds(*self.les)
        if query.startswith("count("):
            return Answer((({}, float(self.count)),), {})
        return self.values

    def close(self):
        self.closed = True


def read(engine, asked=HISTOGRAM):
    return read_round_trips(engine.ask, asked, seconds=300, at_seconds=1_000)


def test_a_histogram_tells_times_between_its_least_and_its_largest_bound():
    found = read(Engine(rows(("a", "b", 0.0075), ("b", "a", 0.02))))

    assert dict(found.milliseconds) == {("a", "b"): 7.5, ("b", "a"): 20.0}
    assert found.resolution == Resolution(5.0, 1_000.0)


def test_a_query_of_ones_own_is_counted_first_and_asked_as_it_is():
    engine = Engine(rows(("a", "b", 0.0003)))

    found = read(engine, OWN)

    assert found.milliseconds == {("a", "b"): pytest.approx(0.3)}
    assert (engine.asked, found.resolution) == (["count(\nour_rtt\n)", "our_rtt"], EXACT)


@given(ROWS)
def test_every_row_is_a_round_trip_or_refused_with_a_reason(values):
    found = read(Engine(rows(*values)))

    assert len(found.milliseconds) + sum(found.refused.values()) == len(values)
    for (source, destination), milliseconds in found.milliseconds.items():
        assert "" not in (source, destination)
        assert 0 <= milliseconds <= round_trips.MOST_MILLISECONDS


def test_what_is_refused_is_counted_by_reason():
    values = [("a", "b", 61.0), ("", "b", 0.1), ("a", "c", 0.1), ("a", "c", 0.2), ("c", "a", 0.1)]
    answer = Answer(rows(*values).rows, {NEGATIVE: 2})

    found = read(Engine(answer))

    assert found.refused == {NEGATIVE: 2, LONG: 1, NAMELESS: 1, TWICE: 2}
    assert set(found.milliseconds) == {("c", "a")}


@pytest.mark.parametrize(
    ("engine", "asked", "line"),
    [
        (Engine(count=40_001), OWN, "40,001 round trips are more than 40,000; narrow down"),
        (Engine(sizes={"a": 10_001}), HISTOGRAM, "10,001 round trips to a are more than 10,000"),
        (
            Engine(sizes={f"n{n}": 10_000 for n in range(21)}),
            HISTOGRAM,
            "210,000 round trips are more than 200,000; narrow down what is asked for",
        ),
        (
            Engine(sizes={}),
            HISTOGRAM,
            "no series of rtt_seconds_bucket with both src and dst in",
        ),
        (Engine(les=("+Inf",)), HISTOGRAM, "rtt_seconds has 0 finite buckets; two are needed"),
        (Engine(les=("x", "", "0.1")), HISTOGRAM, "rtt_seconds has 1 finite buckets"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(engine, asked, line):
    with pytest.raises(BadInput, match=line):
        read(engine, asked)


def test_an_answer_has_no_more_pairs_than_one_may_have():
    engine = Engine(sizes={"a": 6_000, "b": 6_000, "c": 4_000})

    read(engine)

    (first, second) = engine.asked[2:]
    assert 'dst="a"' in first
    assert 'dst=~"b|c"' in second


def test_a_sweep_that_fails_tells_why_and_knows_the_buckets_still():
    engine = Engine(rows(("a", "b", 0.0075)))
    reader = RoundTripReader(engine, HISTOGRAM, 300, clock=lambda: 1_000.0)

    before = asyncio.run(reader.sweep())
    engine.sizes = {}
    after = asyncio.run(reader.sweep())

    assert (before.trouble, len(before.milliseconds)) == ("", 1)
    assert after.trouble.startswith("no series of rtt_seconds_bucket")
    assert (after.milliseconds, after.resolution) == ({}, before.resolution)


def test_what_is_closed_asks_no_more():
    engine = Engine()
    reader = RoundTripReader(engine, HISTOGRAM, 300)
    reader.close()

    found = asyncio.run(reader.sweep())

    assert (found.trouble, engine.asked, engine.closed) == ("the source is closed", [], True)
