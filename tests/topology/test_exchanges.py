"""The way between nodes from requests timed at both ends: never too short, whatever clocks say."""

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.topology import exchanges
from shorthaul.topology.exchanges import ALONE, FEW, NEGATIVE, SEVERAL, Exchanges, Sighting

MILLISECOND = 1_000_000
START = 1_760_000_000_000 * MILLISECOND


def call(number, way, *, served=20.0, at=0.0, clocks=(0, 0), nodes=("a", "b"), work=0.0):
    """What both proxies see of one request; times in milliseconds, clocks may be off."""
    begin = START + int(at * MILLISECOND)
    there, back = (begin + int(each * MILLISECOND) for each in (way / 2, way / 2 + served))
    end = begin + int((way + served + work) * MILLISECOND)
    for index, times in ((0, (begin, end)), (1, (there, back))):
        for response, moment in enumerate(times):
            yield Sighting(
                nodes[index],
                f"id-{number}",
                "shop/web-1",
                "shop/db-1",
                (40_000 + number % 20_000 + index, 80),
                index == 0,
                bool(response),
                moment + clocks[index],
            )


def told(*sightings, window=60):
    found = Exchanges(window)
    for each in sightings:
        found.see(each)
    return found.round_trips()


WORK = st.lists(st.floats(0, 50), min_size=10, max_size=20)
CLOCKS = st.tuples(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))


@given(st.floats(0.01, 100), WORK, st.floats(0, 500), CLOCKS, st.randoms(use_true_random=False))
def test_the_way_is_the_least_difference_whatever_servers_and_clocks_do(
    way, works, served, clocks, chance
):
    calls = [
        list(call(n, way, served=served, at=n, clocks=clocks, work=work))
        for n, work in enumerate(works)
    ]
    order = [leg for each in calls for leg in (each[:2], each[2:])]
    chance.shuffle(order)

    found, refused = told(*(each for leg in order for each in leg), window=86_400)

    assert set(found) == {("a", "b")}
    assert abs(found["a", "b"] - way - min(works)) < 0.001
    assert refused == {}


def test_what_one_proxy_saw_alone_is_no_distance():
    calls = [each for n in range(20) for each in call(n, 3.0) if each.at_client]

    assert told(*calls) == ({}, {ALONE: 20})


def test_an_id_that_a_pod_uses_twice_with_one_server_is_left_out():
    again = [each._replace(ports=(1, 80)) for each in call(1, 0.5) if each.at_client]

    assert told(*call(1, 3.0), *again) == ({}, {SEVERAL: 1})


def test_an_id_that_is_handed_on_to_another_server_is_another_request():
    calls = []
    for n in range(10):
        calls += call(n, 3.0)
        calls += [each._replace(server="shop/cache-1") for each in call(n, 8.0, nodes=("a", "c"))]

    assert told(*calls)[0] == {("a", "b"): 3.0, ("a", "c"): 8.0}


def test_few_requests_are_no_distance_and_nor_is_a_negative_one():
    few = [each for n in range(9) for each in call(n, 3.0)]

    assert told(*few) == ({}, {FEW: 9})
    assert told(*call(1, -3.0)) == ({}, {NEGATIVE: 1})


def test_requests_of_before_the_window_count_no_more():
    old = [each for n in range(20) for each in call(n, 1.0)]
    new = [each for n in range(20, 40) for each in call(n, 9.0, at=61_000)]

    assert told(*old, *new, window=60)[0] == {("a", "b"): 9.0}


def test_a_node_with_itself_is_no_pair_and_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(exchanges, "MOST_KEPT", 15)
    monkeypatch.setattr(exchanges, "MOST_OPEN", 15)
    found = Exchanges(60)
    for n in range(200):
        legs = list(call(n, 1.0, nodes=("a", "a")))
        for each in legs if n % 2 else legs[::2]:
            found.see(each)

    assert len(found._calls) <= 15
    assert len(found._open) <= 15
    assert found.round_trips() == ({}, {})
