"""What is measured by a real Prometheus of real exporters is what they counted."""

import time

import msgspec
import pytest

from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus.answers import NOT_A_NUMBER
from shorthaul.telemetry.prometheus.ends import Names
from shorthaul.telemetry.prometheus.profiles import (
    Counted,
    End,
    Profile,
    Sampling,
    builtin,
    narrowed,
)
from shorthaul.telemetry.prometheus.readers import Stretch, read_traffic
from shorthaul.units import Namespace, WorkloadRef
from telemetry.prometheus.metric_shapes import DIRECTORY, SHAPES

pytestmark = pytest.mark.prometheus
BOOK = builtin()
PAIRS = Profile(
    name="pairs",
    metrics=("pairs_bytes_total",),
    unit=Counted.BYTES,
    one_side="there is only one",
    source=End(namespace="from_namespace", name="from_name", kind="from_kind"),
    destination=End(namespace="to_namespace", name="to_name", kind="to_kind"),
)
BASE = {name: 1000 * number + 17 for number, name in enumerate(SHAPES)}
TRAFFIC = {name: 40_000 * number + 4_000 for number, name in enumerate(SHAPES, 1)}
WRONG = 999_983


def shown(grown):
    """The series of both exporters; `grown` tells whether the traffic has been."""
    sides = ([], [])
    for name, shape in SHAPES.items():
        for side, its in zip(sides, (shape.at_source, shape.at_destination), strict=True):
            for metric, kind, labels, share in its:
                growth = TRAFFIC[name] * share if share else WRONG
                side.append((metric, kind, labels, BASE[name] + grown * growth))
    sampling = ("netobserv_agent_sampling_rate", "gauge", {}, 50)
    return [*sides[0], sampling], [*sides[1], sampling]


def pair(source, destination, value, *, namespace="shop"):
    labels = {
        "from_namespace": namespace,
        "from_name": source,
        "from_kind": "Deployment",
        "to_namespace": "store",
        "to_name": destination,
        "to_kind": "Deployment",
    }
    return "pairs_bytes_total", "counter", labels, value


def deployment(name, namespace="shop"):
    return WorkloadRef(Namespace(namespace), "Deployment", name)


def measure(prometheus, profile, begin, end, **options):
    stretch = Stretch(begin, end, options.pop("step", 600))
    names = Names(DIRECTORY, profile.nobody)
    return read_traffic(prometheus.ask, profile, names, stretch, **options)


@pytest.fixture(scope="module")
def stretch(prometheus):
    """Between which seconds every shape's traffic went by."""
    begin = prometheus.show(*shown(0))
    return begin, prometheus.show(*shown(1))


@pytest.mark.parametrize("name", SHAPES)
def test_a_profile_measures_exactly_what_one_reporter_counted(prometheus, stretch, name):
    found = measure(prometheus, BOOK.profile(name), *stretch)

    sampled = 50 if name.startswith("netobserv") else 1
    expected = (SHAPES[name].source, SHAPES[name].destination, TRAFFIC[name] * sampled)
    assert found.pairs == (expected,)
    assert found.unattributed == ()
    assert found.refused == {}
    assert found.unit is BOOK.profile(name).unit


def test_steps_shorter_than_a_scrape_neither_lose_nor_double(prometheus, stretch):
    whole = measure(prometheus, BOOK.profile("istio"), *stretch)
    steps = measure(prometheus, BOOK.profile("istio"), *stretch, step=1)

    assert steps.pairs == whole.pairs
    assert steps.seconds == whole.seconds == stretch[1] - stretch[0]


def test_the_users_word_on_sampling_goes_before_the_metrics(prometheus, stretch):
    found = measure(prometheus, BOOK.profile("netobserv"), *stretch, sampling=1.0)

    assert found.amount == TRAFFIC["netobserv"]


def test_agents_that_sample_differently_are_refused(prometheus):
    sampling = "netobserv_agent_sampling_rate", "gauge", {}
    moment = prometheus.show([(*sampling, 1)], [(*sampling, 50)])

    with pytest.raises(BadInput, match="from 1 to 50; set it alike, or say with --sampling"):
        measure(prometheus, BOOK.profile("netobserv"), moment - 1, moment)


def test_the_sampling_is_that_of_the_agents_whose_series_are_read(prometheus):
    sampled = msgspec.structs.replace(PAIRS, sampling=Sampling(metric="pairs_sampling"))

    def sides(counted):
        return [
            [pair("web", "db", counted), ("pairs_sampling", "gauge", {}, factor)]
            for factor in (2, 50)
        ]

    begin = prometheus.show(*sides(0))
    end = prometheus.show(*sides(10))
    ports = [exporter.port for exporter in prometheus.exporters]
    amounts = [
        measure(prometheus, narrowed(sampled, [f"instance=127.0.0.1:{port}"]), begin, end).amount
        for port in ports
    ]

    assert amounts == [20, 500]
    with pytest.raises(BadInput, match="the sampling is not known: no value of pairs_sampling"):
        measure(prometheus, narrowed(sampled, ["from_name=web"]), begin, end)


def test_many_pairs_come_in_answers_of_bounded_size(prometheus):
    series = [
        pair(f"w{source}", f"d{destination}", 0, namespace=f"n{namespace}")
        for namespace in range(6)
        for source in range(5)
        for destination in range(8 if namespace else 1)
    ]
    odd = [pair('quo"te\\d|a.b', "line", 0), pair("line", 'quo"te\\d|a.b', 0)]
    rows = [*series, *odd]
    grown = [(*row[:3], 1000 + number) for number, row in enumerate(rows)]
    begin = prometheus.show(rows, [])
    end = prometheus.show(grown, [])
    lengths = []

    def ask(query, at_seconds):
        answer = prometheus.ask(query, at_seconds)
        lengths.append(len(answer.rows))
        return answer

    found = read_traffic(ask, PAIRS, Names(None, ()), Stretch(begin, end, 600), most_rows=12)

    assert len(found.pairs) == len(rows)
    assert found.amount == sum(row[3] for row in grown)
    assert max(lengths) <= 12
    assert found.unattributed == ()


def test_a_pair_of_ends_that_cannot_be_split_is_refused_not_cut_off(prometheus):
    rows = [pair(f"w{source}", "d", 1) for source in range(3)]
    moment = prometheus.show(rows, [])

    with pytest.raises(BadInput, match="no label to split them by"):
        measure(prometheus, PAIRS, moment - 1, moment, most_rows=0)


def test_a_counter_that_is_no_number_costs_its_own_pair_only(prometheus):
    broken = pair("bad", "db", float("nan"))
    begin = prometheus.show([pair("web", "db", 5), broken], [])
    end = prometheus.show([pair("web", "db", 12), broken], [])

    found = measure(prometheus, PAIRS, begin, end)

    assert found.pairs == ((deployment("web"), deployment("db", "store"), 7),)
    assert found.refused == {NOT_A_NUMBER: 1}


def test_a_counter_that_was_reset_between_two_windows_counts_from_zero(prometheus):
    begin = prometheus.show([pair("again", "db", 900)], [])
    end = prometheus.show([pair("again", "db", 40)], [])

    # Exactly 40, unless a scrape of 900 came just after `begin`; Prometheus stretches it then.
    assert 40 <= measure(prometheus, PAIRS, begin, end).amount <= 80


def test_a_series_that_is_new_counts_from_its_first_sample(prometheus):
    begin = prometheus.show([], [])
    prometheus.show([pair("new", "db", 1_000_000)], [])
    end = prometheus.show([pair("new", "db", 1_000_250)], [])

    assert measure(prometheus, PAIRS, begin, end).amount == 250


def test_a_series_that_ends_counts_to_its_last_sample(prometheus):
    begin = prometheus.show([pair("old", "db", 100)], [])
    prometheus.show([pair("old", "db", 175)], [])
    end = prometheus.show([], [])

    assert measure(prometheus, PAIRS, begin, end).amount == 75


def test_a_counter_that_was_reset_is_close_to_what_it_counted(prometheus):
    begin = prometheus.show([pair("web", "db", 1_000)], [])
    time.sleep(3)
    prometheus.show([pair("web", "db", 1_400)], [])
    exporter = prometheus.exporters[0]
    exporter.stop()
    exporter.start()
    prometheus.show([pair("web", "db", 100)], [])
    time.sleep(3)
    end = prometheus.show([pair("web", "db", 300)], [])

    # 400 before the reset and 300 after it; Prometheus stretches this to the window's edges.
    assert 700 <= measure(prometheus, PAIRS, begin, end).amount <= 700 * 1.3


def test_ends_without_a_name_are_told_with_their_amount(prometheus):
    outside = pair("", "db", 0), pair("web", "", 0)
    begin = prometheus.show([*outside, pair("web", "db", 0)], [])
    grown = [(*row[:3], value) for row, value in zip(outside, (30, 12), strict=True)]
    end = prometheus.show([*grown, pair("web", "db", 100)], [])

    found = measure(prometheus, PAIRS, begin, end)

    told = {each.reason: each.amount for each in found.unattributed}
    assert found.pairs == ((deployment("web"), deployment("db", "store"), 100),)
    assert told == {
        "source: no workload in from_name": 30,
        "destination: no workload in to_name": 12,
    }


def test_metrics_that_are_not_there_are_an_error(prometheus):
    absent = Profile(
        name="absent",
        metrics=("absent_bytes_total",),
        unit=Counted.BYTES,
        one_side="none",
        source=PAIRS.source,
        destination=PAIRS.destination,
    )
    moment = prometheus.show([], [])

    with pytest.raises(BadInput, match="no series of absent_bytes_total in 5 s"):
        measure(prometheus, absent, moment - 5, moment)
