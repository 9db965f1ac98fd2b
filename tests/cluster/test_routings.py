"""What Services do with traffic: believed only where hints and flows agree, in doubt uniform."""

import pytest

from shorthaul.cluster import snapshots
from shorthaul.cluster.routings import RoutedEdge, overridden, route, routed, service_routings
from shorthaul.traffic.graphs import Edge, PodEdge, TrafficGraph
from shorthaul.units import Routing, Unit, WorkloadRef
from worlds import builders

WEB = WorkloadRef("shop", "Deployment", "web")
CART = WorkloadRef("shop", "Deployment", "cart")
DB = WorkloadRef("shop", "StatefulSet", "db")


def service(name, *, selects=None, **more):
    selector = builders.selector(app=selects or name)
    return snapshots.Service("shop", name, selector, **more)


def endpoints(name, pods, *, zones=(), nodes=False, **more):
    """The endpoints of a Service; `zones` and `nodes` give them hints."""
    return [
        snapshots.Endpoint(
            "shop",
            name,
            (),
            pod.ref,
            pod.node,
            zone_hints=(zones[i],) if zones else (),
            node_hints=(pod.node,) if nodes else (),
            **more,
        )
        for i, pod in enumerate(pods)
    ]


def world(*parts, servers=("n1", "n2"), kind="Deployment", name="cart"):
    """Nodes n1 and n3 in zone z1, n2 and n4 in z2; web on n1 and n2; a server workload."""
    clients = builders.replicas("shop/web", "n1", "n2")
    pods = builders.replicas(f"shop/{name}", *servers, kind=kind)
    more = [part(pods) if callable(part) else part for part in parts]
    return builders.cluster(builders.nodes(4, zones=2), clients, pods, more)


def graph(world, rates, server=CART, unit=Unit.FLOWS, seconds=100):
    """Traffic by (client pod, server pod) numbers, in events over the whole time."""
    pod_edges = tuple(
        PodEdge(
            builders.reference(f"web-{client}"),
            builders.reference(f"{server.name}-{number}"),
            events / seconds,
            0.0,
        )
        for (client, number), events in sorted(rates.items())
    )
    whole = sum(rates.values()) / seconds
    return TrafficGraph(unit, seconds, (Edge(WEB, server, whole, 0.0),), pod_edges)


SPREAD = {(0, 0): 50, (0, 1): 50, (1, 0): 50, (1, 1): 50}
NEAR = {(0, 0): 95, (0, 1): 5, (1, 0): 2, (1, 1): 98}


def in_zones(pods):
    return endpoints("cart", pods, zones=("z1", "z2"))


def on_nodes(pods):
    return endpoints("cart", pods, zones=("z1", "z2"), nodes=True)


def found(world, rates, server=CART, **more):
    return service_routings(world, graph(world, rates, server, **more))[server]


def test_a_plain_service_spreads_uniformly():
    routing = found(world(service("cart")), SPREAD)

    assert (routing.routing, routing.reason) == (Routing.UNIFORM, "Service cart spreads uniformly")


def test_a_workload_that_no_service_selects_is_taken_as_uniform():
    routing = found(world(service("cart", selects="other")), NEAR)

    assert (routing.routing, routing.reason) == (Routing.UNIFORM, "no Service selects it")


@pytest.mark.parametrize("wish", ["PreferSameZone", "PreferClose", ""])
def test_zone_hints_that_the_flows_confirm_make_zone_routing(wish):
    routing = found(world(service("cart", distribution=wish), in_zones), NEAR)

    assert routing.routing is Routing.ZONE
    assert "stays near" in routing.reason


def test_node_hints_that_the_flows_confirm_make_node_routing():
    routing = found(world(service("cart", distribution="PreferSameNode"), on_nodes), NEAR)

    assert routing.routing is Routing.NODE


def test_a_wish_without_hints_is_not_believed():
    routing = found(world(service("cart", distribution="PreferSameZone"), endpoints_bare), NEAR)

    assert routing.routing is Routing.UNIFORM
    assert "carry no such hints" in routing.reason


@pytest.mark.parametrize(
    ("parts", "rates", "doubted"),
    [
        ((service("cart"),), "spread", False),
        ((service("cart", selects="other"),), "near", False),
        ((service("cart", headless=True),), "spread", False),
        ((service("cart", distribution="PreferSameZone"), in_zones), "near", False),
        ((service("cart", distribution="PreferSameZone"), in_zones), "spread", True),
        ((service("cart", distribution="PreferSameZone"), in_zones), "few", True),
        ((service("cart", distribution="PreferSameZone"),), "near", True),
        ((service("cart", internal_policy="Local"),), "spread", True),
        ((service("cart", internal_policy="Local"), service("all", selects="cart")), "near", True),
        (
            (service("all", selects="cart"), service("cart", distribution="PreferClose")),
            "near",
            True,
        ),
    ],
)
def test_what_is_meant_to_stay_near_and_is_not_believed_is_doubted(parts, rates, doubted):
    events = {"near": NEAR, "spread": SPREAD, "few": {(0, 0): 19}}[rates]

    assert found(world(*parts), events).doubted is doubted


def test_asked_for_all_traffic_every_server_is_routed_so_and_says_it():
    asked = graph(world(), NEAR)

    (told,) = overridden(asked, Routing.ZONE).values()

    assert list(overridden(asked, Routing.ZONE)) == [CART]
    assert (told.routing, told.pinned, told.doubted) == (Routing.ZONE, False, False)
    assert "asked for" in told.reason


def test_edges_by_routings_that_were_told_are_those_of_the_services():
    zonal = world(service("cart", distribution="PreferSameZone"), in_zones)
    traffic = graph(zonal, NEAR)

    assert routed(traffic, zonal, service_routings(zonal, traffic)) == route(traffic, zonal)


def endpoints_bare(pods):
    return endpoints("cart", pods)


def test_hints_to_other_zones_are_not_taken_for_zone_routing():
    crossed = world(
        service("cart", distribution="PreferSameZone"),
        lambda pods: endpoints("cart", pods, zones=("z2", "z1")),
    )

    assert found(crossed, NEAR).routing is Routing.UNIFORM


def test_one_ready_endpoint_without_a_hint_means_that_no_hint_is_used():
    partly = world(
        service("cart", distribution="PreferSameZone"),
        lambda pods: endpoints("cart", pods[:1], zones=("z1",)) + endpoints("cart", pods[1:]),
    )

    assert found(partly, NEAR).routing is Routing.UNIFORM


def test_an_endpoint_that_is_not_ready_does_not_matter():
    partly = world(
        service("cart", distribution="PreferSameZone"),
        lambda pods: (
            endpoints("cart", pods[:1], zones=("z1",)) + endpoints("cart", pods[1:], ready=False)
        ),
    )

    assert found(partly, NEAR).routing is Routing.ZONE


def test_flows_that_contradict_the_hints_win():
    routing = found(world(service("cart", distribution="PreferSameZone"), in_zones), SPREAD)

    assert routing.routing is Routing.UNIFORM
    assert "only 50% of the traffic that could stay near does" in routing.reason


def test_a_handful_of_events_confirms_nothing():
    routing = found(world(service("cart", distribution="PreferSameZone"), in_zones), {(0, 0): 19})

    assert routing.routing is Routing.UNIFORM
    assert "only 19 of 20 events" in routing.reason


def test_clients_without_a_server_in_their_zone_say_nothing_about_it():
    far = world(
        service("cart", distribution="PreferSameZone"),
        lambda pods: endpoints("cart", pods, zones=("z1", "z1")),
        servers=("n1", "n3"),
    )
    rates = {(0, 0): 50, (0, 1): 50, (1, 0): 500, (1, 1): 500}

    assert found(far, rates).routing is Routing.ZONE


def test_node_hints_are_believed_by_zone_while_nobody_shares_a_node():
    apart = world(service("cart", distribution="PreferSameNode"), on_nodes, servers=("n3", "n4"))

    assert found(apart, NEAR).routing is Routing.NODE
    assert found(apart, SPREAD).routing is Routing.UNIFORM


def test_an_internal_policy_of_local_is_node_routing_when_the_flows_agree():
    local = world(service("cart", internal_policy="Local"))

    assert found(local, NEAR).routing is Routing.NODE
    assert found(local, SPREAD).routing is Routing.UNIFORM


def test_rates_in_bytes_need_no_number_of_events():
    zonal = world(service("cart", distribution="PreferSameZone"), in_zones)

    assert found(zonal, {(0, 0): 1}, unit=Unit.BYTES).routing is Routing.ZONE


def test_services_that_disagree_make_it_uniform():
    both = world(
        service("cart", distribution="PreferSameZone"),
        service("cart-metrics", selects="cart"),
        in_zones,
    )

    routing = found(both, NEAR)

    assert routing.routing is Routing.UNIFORM
    assert routing.reason.startswith("its Services disagree")


def test_a_statefulset_behind_a_headless_service_is_pinned_pod_by_pod():
    pinned = world(service("db", headless=True), kind="StatefulSet", name="db")
    traffic = graph(pinned, {(0, 0): 60, (1, 0): 20, (1, 1): 20}, DB)

    assert route(traffic, pinned) == (
        RoutedEdge(WEB, builders.reference("db-0"), pytest.approx(0.8), Routing.UNIFORM),
        RoutedEdge(WEB, builders.reference("db-1"), pytest.approx(0.2), Routing.UNIFORM),
    )


def test_a_client_of_the_same_kind_is_pinned_too():
    pods = builders.replicas("shop/db", "n1", "n2", "n3", kind="StatefulSet")
    peers = builders.cluster(builders.nodes(4), pods, service("db", headless=True))
    one, other = pods[0].ref, pods[1].ref
    traffic = TrafficGraph(
        Unit.FLOWS, 100, (Edge(DB, DB, 2.0, 1.0),), (PodEdge(one, other, 2.0, 1.0),)
    )

    assert route(traffic, peers) == (RoutedEdge(one, other, 3.0, Routing.UNIFORM),)


def test_a_statefulset_with_both_services_is_pinned_only_if_the_flows_say_so():
    both = world(
        service("db"),
        service("db-pods", selects="db", headless=True),
        kind="StatefulSet",
        name="db",
    )

    assert found(both, {(0, 0): 100, (1, 0): 100}, DB).pinned
    assert not found(both, SPREAD, DB).pinned


def test_a_deployment_behind_a_headless_service_is_pinned_only_if_clients_choose():
    headless = world(service("cart", headless=True))

    assert found(headless, {(0, 0): 100, (1, 1): 100}).pinned
    spread = found(headless, SPREAD)
    assert (spread.pinned, spread.routing) == (False, Routing.UNIFORM)
    assert "spread over its pods evenly" in spread.reason


def test_a_few_events_do_not_pin_a_deployment():
    assert not found(world(service("cart", headless=True)), {(0, 0): 30}).pinned


def test_traffic_not_observed_pod_by_pod_stays_between_the_workloads():
    pinned = world(service("db", headless=True), kind="StatefulSet", name="db")
    observed = graph(pinned, {(0, 0): 60}, DB)
    traffic = TrafficGraph(Unit.FLOWS, 100, (Edge(WEB, DB, 1.0, 0.0),), observed.pod_edges)

    assert route(traffic, pinned) == (
        RoutedEdge(WEB, builders.reference("db-0"), pytest.approx(0.6), Routing.UNIFORM),
        RoutedEdge(WEB, DB, pytest.approx(0.4), Routing.UNIFORM),
    )


@pytest.mark.parametrize("override", list(Routing))
def test_an_override_replaces_everything_and_unpins(override):
    pinned = world(service("db", headless=True), kind="StatefulSet", name="db")

    routed = route(graph(pinned, {(0, 0): 100}, DB), pinned, override)

    assert routed == (RoutedEdge(WEB, DB, pytest.approx(1.0), override),)


def test_edges_without_traffic_are_left_out():
    silent = TrafficGraph(Unit.FLOWS, 1, (Edge(WEB, CART, 0.0, 0.0),))

    assert route(silent, world(service("cart"))) == ()


def test_both_directions_are_priced_together():
    traffic = TrafficGraph(Unit.FLOWS, 1, (Edge(WEB, CART, 2.0, 3.0),))

    assert route(traffic, world(service("cart")))[0].rate == 5.0
