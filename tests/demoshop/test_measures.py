"""Before and after are computed from the player's account alone."""

import pytest

from demoshop import measures, truths

DISTANCES = {"host": 0.0, "rack": 1.0, "zone": 3.0, "region": 10.0, "beyond": 30.0}
FAR = truths.Entry(0.0, 1.0, {("shop/web", "shop/cart", "region"): 30})
NEAR = truths.Entry(1.0, 1.0, {("shop/web", "shop/cart", "host"): 15, ("a/b", "c/d", "rack"): 15})


def test_only_entries_that_lie_wholly_inside_are_counted():
    found = measures.measure([FAR, NEAR], DISTANCES, 0.5, 2.0)

    assert found.packets == 30
    assert found.shares["host"] == 0.5
    assert found.cost == 15.0


def test_the_gain_is_the_fall_of_the_mean_distance():
    before = measures.measure([FAR], DISTANCES, 0.0, 1.0)
    after = measures.measure([NEAR], DISTANCES, 1.0, 2.0)

    assert before.mean_distance == 10.0
    assert measures.gain_percent(before, after) == pytest.approx(95.0)


def test_no_traffic_is_no_gain():
    nothing = measures.measure([], DISTANCES, 0.0, 1.0)

    assert measures.gain_percent(nothing, nothing) == 0.0
    assert nothing.rate == 0.0


def test_an_account_can_be_written_and_read_again(tmp_path):
    path = tmp_path / "truth.jsonl"
    with path.open("w") as file:
        truths.write(file, FAR)
        truths.write(file, NEAR)
        file.write('{"start": 2.0, "sec')

    assert list(truths.read(path)) == [FAR, NEAR]
