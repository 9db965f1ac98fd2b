"""Endpoints are chosen as kube-proxy chooses them."""

import dataclasses
import random
from collections import Counter

from demoshop import routes, scenes

SERVICE = scenes.Service("10.32.0.7")
CLIENT = scenes.Node("n01", "a", "a1", "north", "10.64.1.254")


def endpoint(node: str, **more) -> scenes.Endpoint:
    return scenes.Endpoint(f"10.64.0.{node[1:]}", node, **more)


def nodes_of(found) -> list[str]:
    return [one.node for one in found]


def test_without_hints_every_ready_endpoint_is_as_likely():
    endpoints = [endpoint("n01"), endpoint("n02"), endpoint("n03", ready=False)]
    source = random.Random(1)

    chosen = Counter(routes.choose(SERVICE, endpoints, CLIENT, source).node for _ in range(4000))

    assert set(chosen) == {"n01", "n02"}
    assert abs(chosen["n01"] - 2000) < 200


def test_complete_zone_hints_keep_traffic_in_the_zone():
    near, far = frozenset({"a"}), frozenset({"b"})
    endpoints = [endpoint("n02", zone_hints=near), endpoint("n04", zone_hints=far)]

    assert nodes_of(routes.candidates(SERVICE, endpoints, CLIENT)) == ["n02"]


def test_zone_hints_that_are_missing_on_one_endpoint_are_ignored():
    endpoints = [endpoint("n02", zone_hints=frozenset({"a"})), endpoint("n04")]

    assert nodes_of(routes.candidates(SERVICE, endpoints, CLIENT)) == ["n02", "n04"]


def test_a_zone_that_no_hint_names_gets_all_endpoints():
    endpoints = [endpoint("n04", zone_hints=frozenset({"b"}))]

    assert nodes_of(routes.candidates(SERVICE, endpoints, CLIENT)) == ["n04"]


def test_node_hints_win_over_zone_hints_where_the_node_has_an_endpoint():
    endpoints = [
        endpoint("n01", node_hints=frozenset({"n01"}), zone_hints=frozenset({"a"})),
        endpoint("n02", node_hints=frozenset({"n02"}), zone_hints=frozenset({"a"})),
        endpoint("n04", node_hints=frozenset({"n04"}), zone_hints=frozenset({"b"})),
    ]
    elsewhere = dataclasses.replace(CLIENT, name="n09")

    assert nodes_of(routes.candidates(SERVICE, endpoints, CLIENT)) == ["n01"]
    assert nodes_of(routes.candidates(SERVICE, endpoints, elsewhere)) == ["n01", "n02"]


def test_an_internal_policy_of_local_leaves_the_own_node_or_nothing():
    service = dataclasses.replace(SERVICE, local_only=True)
    elsewhere = dataclasses.replace(CLIENT, name="n09")
    endpoints = [endpoint("n01"), endpoint("n02")]

    assert nodes_of(routes.candidates(service, endpoints, CLIENT)) == ["n01"]
    assert routes.choose(service, endpoints, elsewhere, random.Random(1)) is None


def test_endpoints_that_end_are_used_only_when_no_other_is_ready():
    ending = endpoint("n02", ready=False, serving=True)

    assert nodes_of(routes.candidates(SERVICE, [endpoint("n01"), ending], CLIENT)) == ["n01"]
    assert nodes_of(routes.candidates(SERVICE, [ending], CLIENT)) == ["n02"]


def test_a_headless_service_knows_no_hints():
    endpoints = [
        endpoint("n02", zone_hints=frozenset({"a"})),
        endpoint("n04", zone_hints=frozenset({"b"})),
    ]

    found = routes.candidates(scenes.Service(""), endpoints, CLIENT)

    assert nodes_of(found) == ["n02", "n04"]
