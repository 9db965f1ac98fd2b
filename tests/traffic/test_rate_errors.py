"""Errors of rates: the interval covers what was really sent as often as it says."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic.byte_graphs import byte_graph
from shorthaul.traffic.identities import Directory, PodIdentity
from shorthaul.traffic.pair_sums import PairSum, pair_sums
from shorthaul.traffic.rate_errors import (
    NONE,
    STUDENT_T,
    RateError,
    Shares,
    counted,
    independent,
    sampling_variance,
    summed,
)
from shorthaul.traffic.volumes import Sent, Volume
from shorthaul.traffic.windows import Window, WindowRules
from shorthaul.units import NodeName, PodRef, WorkloadRef
from traffic.averaged import graph_of

RULES = WindowRules(window_seconds=10, half_life_windows=4, stale_windows=5, kept_windows=30)
NODE = NodeName("n1")
SEEN = frozenset({NODE})
EDGES, TURNS = 40, 25
RATE = 30.0  # events or packets a second, both ways


def workload(name):
    return WorkloadRef("shop", "Deployment", name)


def pods(edge):
    """Two clients and two servers of each edge."""
    return [[PodRef("shop", f"{side}{edge}-{one}") for one in (1, 2)] for side in ("web", "db")]


CLUSTER = Directory(
    {
        pod: PodIdentity(workload(pod.name.split("-")[0]), NODE)
        for edge in range(EDGES)
        for side in pods(edge)
        for pod in side
    },
    workloads=frozenset(
        workload(f"{side}{edge}") for side in ("web", "db") for edge in range(EDGES)
    ),
)


def window(index, random, bursts):
    """Poisson counts whose rates the pairs of an edge share; they differ by `bursts` in windows."""
    pairs = []
    for edge in range(EDGES):
        level = random.gamma(1 / bursts**2, bursts**2) if bursts else 1.0
        for client in pods(edge)[0]:
            for server in pods(edge)[1]:
                sent = random.poisson(RATE * RULES.window_seconds * level / 8, 2)
                pairs.append(PairSum(client, server, *map(int, sent), SEEN, SEEN))
    return Window(index * 10, 10, pair_sums(pairs))


def covered(graph):
    """Whether the intervals of a map's edges cover the true rate."""
    return [abs(edge.rate - RATE) <= edge.error.margin for edge in graph.edges]


@pytest.mark.parametrize(
    ("windows", "bursts"), [(1, 0.0), (3, 0.0), (3, 0.4), (12, 0.0), (12, 0.4), (30, 0.4)]
)
def test_intervals_of_events_cover_the_true_rate_as_often_as_they_say(windows, bursts):
    random = np.random.default_rng(windows)
    found = [
        hit
        for _ in range(TURNS)
        for hit in covered(
            graph_of([window(i, random, bursts) for i in range(windows)], RULES, CLUSTER)
        )
    ]

    assert len(found) == EDGES * TURNS
    assert 0.93 <= np.mean(found) <= 0.985


def sampled(index, random, one_of):
    """A window of packets of two sizes of which one of so many is counted, at so many times."""
    small, large = (random.binomial(int(RATE) * 10 * 20, 1 / one_of, EDGES) for _ in range(2))
    edges = {
        (workload(f"web{edge}"), workload(f"db{edge}")): Sent(
            int(small[edge]) * 64 * one_of, int(large[edge]) * 1_500 * one_of
        )
        for edge in range(EDGES)
    }
    return Volume(index * 10, 10, edges)


@pytest.mark.parametrize(("windows", "one_of"), [(3, 50), (12, 50), (12, 400)])
def test_intervals_of_sampled_bytes_cover_what_was_really_sent(windows, one_of):
    random, true = np.random.default_rng(windows), RATE * 20 * (64 + 1_500)
    found = []
    for _ in range(TURNS):
        told = [sampled(index, random, one_of) for index in range(windows)]
        graph = byte_graph({"netflow": told}, RULES, CLUSTER)
        found += [abs(edge.rate - true) <= edge.error.margin for edge in graph.edges]

    assert len(found) == EDGES * TURNS
    assert 0.93 <= np.mean(found) <= 0.985


def test_one_window_of_bytes_says_nothing_of_their_error():
    told = [sampled(0, np.random.default_rng(1), 50)]

    graph = byte_graph({"netflow": told}, RULES, CLUSTER)

    assert {edge.error for edge in graph.edges} == {None}


@pytest.mark.parametrize("sizes", [(64, 1_500), (40, 1_500), (1_400, 1_500), (200, 900)])
@pytest.mark.parametrize("one_of", [2, 50])
def test_one_window_of_sampled_bytes_covers_what_was_sent_in_it(sizes, one_of):
    random, hits, number = np.random.default_rng(one_of), [], 4_000
    seconds, ends = RULES.window_seconds, (workload("web0"), workload("db0"))
    for _ in range(500):
        small, large = (int(random.binomial(number, 1 / one_of)) for _ in range(2))
        size = small * sizes[0] + large * sizes[1]
        variance = sampling_variance(size, small + large, one_of)
        volume = Volume(0, seconds, {ends: Sent(size * one_of, variance=variance)})
        (edge,) = byte_graph({"netflow": [volume]}, RULES, CLUSTER).edges
        assert edge.error.freedom == math.inf
        hits.append(abs(edge.rate * seconds - number * sum(sizes)) <= edge.error.margin * seconds)

    assert np.mean(hits) >= 0.93
    if min(sizes) < 100:
        assert np.mean(hits) <= 0.985


def test_what_is_not_sampled_has_no_error_by_sampling():
    assert sampling_variance(1_000, 10, 1) == 0
    assert sampling_variance(0, 0, 50) == 0
    assert sampling_variance(700, 1, 10) == 90 * 700**2


def test_windows_that_are_blind_to_a_pair_say_nothing_of_its_error():
    random = np.random.default_rng(1)
    windows = [window(index, random, 0.4) for index in range(8)]
    blind = [
        Window(each.start_seconds, 10, each.pairs, blind=SEEN if index % 3 == 1 else frozenset())
        for index, each in enumerate(windows)
    ]
    left = [each for index, each in enumerate(windows) if index % 3 != 1]

    found, expected = (graph_of(some, RULES, CLUSTER).edges for some in (blind, left))

    for one, other in zip(found, expected, strict=True):
        assert one.rate == pytest.approx(other.rate)
        assert one.error.standard == pytest.approx(other.error.standard)
        assert one.error.freedom == pytest.approx(other.error.freedom)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=20))
def test_windows_that_weigh_the_same_have_the_error_of_a_mean(rates):
    number = len(rates)
    shares, mean = Shares(1), math.fsum(rates) / number
    for _ in rates:
        shares.add(1 / number)
    spread = sum(((rate - mean) / number) ** 2 for rate in rates)

    [found] = shares.errors(np.array([spread]), np.zeros(1))

    deviation = math.sqrt(sum((rate - mean) ** 2 for rate in rates) / (number - 1))
    assert found.standard == pytest.approx(deviation / math.sqrt(number), abs=1e-9)
    assert found.freedom == pytest.approx(number - 1)


def test_margins_are_half_of_the_interval():
    assert RateError(2.0, 3.0).margin == pytest.approx(2 * STUDENT_T[2])
    assert RateError(2.0, 0.9).margin == pytest.approx(2 * STUDENT_T[0])
    assert 2 * 1.96 < RateError(2.0, 100).margin < 2 * STUDENT_T[-1]
    assert counted(100, 10).margin == pytest.approx(1.96)


def test_errors_of_a_sum_are_no_less_than_if_both_go_up_together():
    assert summed([]) is None
    assert summed([RateError(1.0, 5.0), None]) is None
    assert summed([RateError(1.0, 5.0), NONE]) == RateError(1.0, 5.0)
    assert summed([RateError(1.0, 5.0), RateError(2.0, 3.0)]) == RateError(3.0, 3.0)


def test_variances_of_what_differs_by_itself_add():
    assert independent([]) == independent([NONE]) == RateError(0.0)
    assert independent([RateError(3.0), NONE, RateError(4.0)]) == RateError(5.0)
    assert independent([RateError(1.0, 4.0), NONE]) == RateError(1.0, 4.0)
    both = independent([RateError(1.0, 4.0), RateError(1.0, 4.0)])
    assert (both.standard, both.freedom) == (pytest.approx(math.sqrt(2)), pytest.approx(8.0))
    assert independent([RateError(1.0, 4.0), RateError(1.0)]).freedom == pytest.approx(16.0)


@pytest.mark.parametrize(("standard", "freedom"), [(-1.0, 1.0), (math.inf, 1.0), (1.0, 0.0)])
def test_errors_that_are_none_are_refused(standard, freedom):
    with pytest.raises(ValueError, match="a standard error of"):
        RateError(standard, freedom)
