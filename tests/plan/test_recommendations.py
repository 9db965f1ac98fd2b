"""What is recommended for Services, and what load it would make."""

import pytest

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.snapshots import Service
from shorthaul.plan.recommendations import advise, load, rerouted
from shorthaul.plan.requests import Request
from shorthaul.solve import costs
from shorthaul.units import Namespace, Routing, Unit
from solve import chance_worlds
from worlds import builders

WEB, CART = builders.workload_reference("web"), builders.workload_reference("cart")


def service(name="cart", app="cart", **more):
    return Service(Namespace("shop"), name, builders.selector(app=app), **more)


def request(clients, servers, *services, routing=Routing.UNIFORM):
    pods = [builders.replicas("web", *clients), builders.replicas("cart", *servers)]
    snapshot = builders.cluster(builders.nodes(4, zones=2), pods, services or service())
    edges = (RoutedEdge(WEB, CART, 90.0, routing),)
    return Request(snapshot, edges, Unit.BYTES, chance_worlds.distances_of(snapshot))


def advice(asked, limit=1.5, only=None):
    return advise(asked, costs.places(asked.snapshot), limit, only)


def test_the_distribution_that_gains_most_is_recommended_with_its_load():
    found = advice(request(["n1", "n3"], ["n1", "n3"]))

    assert [(one.service, one.before, one.after) for one in found.recommended] == [
        ("cart", "", "PreferSameNode")
    ]
    assert found.recommended[0].gain == 45.0
    assert found.recommended[0].load == pytest.approx(1.0)
    assert found.refused == ()


def test_an_endpoint_with_most_of_the_clients_is_refused_with_the_numbers():
    found = advice(request(["n1", "n1", "n1", "n2"], ["n1", "n2", "n3", "n4"]))

    assert [(one.after, one.load) for one in found.recommended] == [("PreferSameZone", 1.5)]
    assert [(one.wanted, one.reason.code) for one in found.refused] == [
        ("PreferSameNode", "EndpointOverloaded")
    ]
    assert found.refused[0].reason.message == (
        "endpoint shop/cart-0 on n1 would get 3 x its fair share, limit 1.5"
    )


@pytest.mark.parametrize("asked", ["PreferSameZone", "PreferClose"])
def test_what_a_service_asks_for_already_is_not_recommended_again(asked):
    found = advice(
        request(["n1", "n1", "n1", "n2"], ["n1", "n2", "n3", "n4"], service(distribution=asked))
    )

    assert found.recommended == ()
    by_wish = {one.wanted: one.reason for one in found.refused}
    assert by_wish["PreferSameZone"].code == "AlreadyAsked"
    assert by_wish["PreferSameZone"].message == (
        f"Service shop/cart has trafficDistribution {asked} and its traffic is not near; see "
        "whether its EndpointSlices carry hints and the proxies honour them"
    )
    assert by_wish["PreferSameNode"].code == "EndpointOverloaded"


def test_nothing_is_recommended_where_every_gain_overloads_somebody():
    found = advice(request(["n1", "n1", "n1"], ["n1", "n2", "n4"]))

    assert found.recommended == ()
    assert {one.wanted for one in found.refused} == {"PreferSameZone", "PreferSameNode"}


def test_what_gains_nothing_is_not_spoken_of():
    found = advice(request(["n1"], ["n2", "n4"], routing=Routing.NODE))

    assert found.recommended == found.refused == ()


@pytest.mark.parametrize(
    ("services", "code"),
    [
        ((service(), service("other")), "SeveralServices"),
        ((service(internal_policy="Local"),), "LocalPolicy"),
    ],
)
def test_a_service_that_does_not_decide_alone_is_refused(services, code):
    found = advice(request(["n1", "n2"], ["n1", "n2"], *services))

    assert found.recommended == ()
    assert {one.reason.code for one in found.refused} == {code}


def test_a_headless_service_has_no_distribution_to_recommend():
    found = advice(request(["n1", "n2"], ["n1", "n2"], service(headless=True)))

    assert found.recommended == found.refused == ()


def test_only_what_is_asked_is_looked_at():
    asked = request(["n1", "n2"], ["n1", "n2"])
    zones = advice(asked, 1.0).recommended

    assert advice(asked, only=zones).recommended == advice(asked).recommended
    assert advice(asked, only=()).recommended == ()


def test_edges_are_routed_as_recommended():
    asked = request(["n1", "n3"], ["n1", "n3"])
    back = RoutedEdge(CART, WEB, 1.0, Routing.UNIFORM)
    then = rerouted((*asked.edges, back), asked.snapshot, advice(asked).recommended)

    assert [edge.routing for edge in then] == [Routing.NODE, Routing.UNIFORM]


def test_uniform_traffic_loads_every_endpoint_alike():
    asked = request(["n1", "n1", "n1"], ["n1", "n2", "n4"])
    where = costs.places(asked.snapshot)

    assert load(asked.edges, Routing.UNIFORM, where, asked.distances).shares == pytest.approx(1.0)
