"""Connections stay where they are until a pod goes or their time is over."""

import math
import random

from demoshop import connections, talks
from demoshop.connections import Step

CART = ("shop", "cart")


def pool_of(web, *, size=3, lifetime=math.inf) -> connections.Pool:
    talk = talks.Talk(("shop", "web"), CART, 1.0, size, lifetime)
    return connections.Pool(web, talk)


def exchanges(pool, scene, count, source, start=0.0):
    return [
        one for number in range(count) for one in pool.exchange(start + number * 0.1, scene, source)
    ]


def test_a_connection_without_a_lifetime_is_opened_once(web, scene):
    pool = pool_of(web)

    found = exchanges(pool, scene, 200, random.Random(1))

    assert [one.step for one in found].count(Step.OPEN) == 3
    assert Step.CLOSE not in {one.step for one in found}
    assert len({one.connection for one in found}) == 3


def test_connections_to_a_pod_that_goes_are_opened_again_elsewhere(
    web, carts, scene, scene_without
):
    pool, source = pool_of(web, size=6), random.Random(2)
    before = {one.connection.server for one in exchanges(pool, scene, 200, source)}

    after = exchanges(pool, scene_without(carts[0]), 200, source, start=20.0)

    assert carts[0] in before
    assert carts[0] not in {one.connection.server for one in after}
    kept = {one.connection for one in after if one.step is Step.TALK}
    assert any(one.server in before for one in kept)


def test_connections_to_pods_that_stay_are_not_disturbed_by_one_that_goes(
    web, carts, scene, scene_without
):
    pool, source = pool_of(web, size=6), random.Random(2)
    held = {one.connection for one in exchanges(pool, scene, 200, source)}
    untouched = {one for one in held if one.server != carts[0]}

    exchanges(pool, scene_without(carts[0]), 200, source, start=20.0)

    assert untouched <= set(pool.slots)


def test_a_connection_whose_time_is_over_is_closed_before_the_next_is_opened(web, scene):
    pool = pool_of(web, size=1, lifetime=0.5)

    steps = [one.step for one in exchanges(pool, scene, 100, random.Random(3))]

    closes = [index for index, step in enumerate(steps) if step is Step.CLOSE]
    assert closes
    assert all(steps[index + 1] is Step.OPEN for index in closes)


def test_a_service_without_endpoints_makes_no_traffic(web, carts, scene):
    alone = type(scene)(scene.nodes, {web.uid: web}, scene.services, {CART: ()})

    assert exchanges(pool_of(web), alone, 10, random.Random(1)) == []
