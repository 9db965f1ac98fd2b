"""Why a pod moves, or every reason why it does not."""

from dataclasses import replace

import pytest

from shorthaul.cluster.routings import RoutedEdge, ServiceRouting
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.errors import BadInput
from shorthaul.plan.explanations import explain
from shorthaul.plan.requests import Request
from shorthaul.units import Routing, Tier, Unit
from solve import chance_worlds
from worlds import builders


def request_for(*pods, **more):
    snapshot = builders.cluster(builders.nodes(3, 3, cpu="1"), pods)
    edge = RoutedEdge(
        builders.workload_reference("a"), builders.workload_reference("b"), 10.0, Routing.UNIFORM
    )
    return Request(snapshot, (edge,), Unit.BYTES, chance_worlds.distances_of(snapshot), **more)


def test_a_moving_pod_is_explained_by_its_traffic_and_its_move():
    request = request_for(builders.pod("a-0", "n1"), builders.pod("b-0", "n2"))
    found = [explain(request, builders.reference(name), {}) for name in ("a-0", "b-0")]

    assert [one.move is not None for one in found].count(True) == 1
    assert found[0].cost == found[0].total == 100
    assert found[0].talks[0].tier is Tier.REGION
    assert found[0].best is not None
    assert (found[0].best.node, found[0].best.gain, found[0].best.reasons) == ("n2", 100, ())


def test_the_routings_are_those_of_the_servers_that_the_pods_workload_talks_to():
    a, b, c = (builders.workload_reference(name) for name in "abc")
    told = {
        server: ServiceRouting(Routing.UNIFORM, f"Service {server.name} spreads uniformly")
        for server in (a, b, c)
    }
    request = request_for(
        builders.pod("a-0", "n1"), builders.pod("b-0", "n2"), builders.pod("c-0", "n3")
    )
    single = replace(request.edges[0], server=builders.reference("b-0"))

    for edges in (request.edges, (single,)):
        for name in ("a-0", "b-0"):
            asked = replace(request, edges=edges)
            assert explain(asked, builders.reference(name), told).routings == {b: told[b]}
    assert explain(request, builders.reference("c-0"), told).routings == {}


def test_a_vetoed_pod_is_explained_by_all_its_vetoes():
    rules = Rules(WorkloadRules(movable=False, minimum_age_seconds=60))
    request = request_for(builders.pod("a-0", "n1"), builders.pod("b-0", "n2"), rules=rules)
    found = explain(request, builders.reference("a-0"), {})

    assert {"NotSelected", "TooYoung"} <= {reason.code for reason in found.vetoes}
    assert found.refusal is not None
    assert found.move is None


def test_a_full_node_is_told_with_its_numbers():
    pods = (builders.pod("a-0", "n1", cpu="900m"), builders.pod("b-0", "n2", cpu="900m"))
    found = explain(request_for(*pods), builders.reference("a-0"), {})

    assert found.best is not None
    assert [reason.code for reason in found.best.reasons] == ["NotEnoughCpu"]
    assert found.refusal is not None
    assert "100m of 1000m" in found.refusal.message


def test_a_pod_that_is_not_there_is_bad_input():
    with pytest.raises(BadInput, match="shop/nobody is not on any node"):
        explain(request_for(builders.pod("a-0", "n1")), builders.reference("nobody"), {})
