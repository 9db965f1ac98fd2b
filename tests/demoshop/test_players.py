"""The player's traffic has the rates of its table, repeats itself, and follows the pods."""

import random

import pytest

from demoshop import observers, players, talks, truths

CART = ("shop", "cart")
TABLE = talks.Table((talks.Talk(("shop", "web"), CART, 20.0, 4, 2.0),))


def player(seed: int) -> players.Player:
    source = random.Random(seed)
    return players.Player(TABLE, source, observers.Observers(source))


def play(one: players.Player, scene, seconds: float = 60.0) -> None:
    for step in range(int(seconds * 4)):
        one.play(1000.0 + step * 0.25, 0.25, scene)


def test_the_mean_rate_is_that_of_the_table(scene):
    one = player(1)

    play(one, scene, 300.0)

    exchanges = sum(one.packets.values()) / players.PACKETS_PER_EXCHANGE / 300.0
    assert exchanges == pytest.approx(20.0, rel=0.2)


def test_the_same_seed_over_the_same_pods_writes_the_same_lines(scene):
    first, second, third = player(1), player(1), player(2)
    for one in (first, second, third):
        play(one, scene, 5.0)

    lines = [dict(one.observers.take()) for one in (first, second, third)]

    assert lines[0] == lines[1]
    assert lines[0] != lines[2]


def test_lines_of_a_node_are_in_the_order_of_time(scene):
    one = player(1)
    play(one, scene, 5.0)

    for _, found in one.observers.take():
        times = [line.rpartition('"time":"')[2] for line in found]
        assert times == sorted(times)


def test_traffic_goes_elsewhere_when_a_pod_goes(scene, scene_without, carts):
    one = player(1)
    play(one, scene, 30.0)
    before = one.account(1000.0, 30.0).by_tier()

    play(one, scene_without(carts[0]), 30.0)
    after = one.account(1030.0, 30.0).by_tier()

    assert before["host"] > 0
    assert after["host"] == 0
    assert after["region"] > before["region"]


def test_the_account_begins_anew_each_time(scene):
    one = player(1)
    play(one, scene, 5.0)
    one.account(1000.0, 5.0)

    assert one.account(1005.0, 0.0).packets == {}


@pytest.mark.parametrize(
    ("other", "tier"),
    [("n01", "host"), ("n02", "rack"), ("n03", "zone"), ("n04", "region"), ("n05", "beyond")],
)
def test_the_tier_of_two_nodes_is_the_smallest_thing_they_share(scene, other, tier):
    assert truths.tier(scene.nodes["n01"], scene.nodes[other]) == tier


def test_every_pod_is_probed_in_every_period_by_its_own_host(scene):
    one = player(1)
    play(one, scene, players.PROBE_SECONDS * 3)

    lines = [line for _, found in one.observers.take() for line in found]
    probes = [line for line in lines if '"reserved:host"' in line and '"TO_ENDPOINT"' in line]
    for pod in scene.pods.values():
        assert sum(pod.name in line for line in probes) == pytest.approx(3, abs=1)
