"""Problems posed from arrays say what problems posed from a cluster say."""

import numpy as np

from benchmarks import drawings, posing
from shorthaul.solve.states import SearchState
from shorthaul.units import Routing


def test_every_routing_poses_the_same_traffic():
    world = drawings.draw("tiny60", 1)
    weights = {name: _weight(posing.pose(world, name)) for name in posing.ROUTINGS}

    assert np.allclose(list(weights.values()), weights["uniform"])


def test_mixed_routings_are_drawn_per_server():
    problem = posing.pose(drawings.draw("200", 1), "services")
    found = {}
    for link in problem.links:
        found.setdefault(link.server, set()).add(link.routing)

    assert all(len(routings) == 1 for routings in found.values())
    assert {one for each in found.values() for one in each} == {
        Routing.UNIFORM,
        Routing.ZONE,
        Routing.NODE,
    }


def test_the_solver_may_leave_every_pod_where_it_is():
    problem = posing.pose(drawings.draw("tiny100", 1), "local", least_hosts=2)
    state = SearchState(problem, 0)

    assert state.moved == 0
    assert all(state.counts.sum(axis=1) == [len(group.pods) for group in problem.groups])


def test_pods_are_named_in_order_of_their_nodes():
    problem = posing.pose(drawings.draw("tiny24", 1), "uniform")

    assert len(problem.homes) == 24
    assert sorted(problem.homes) == list(problem.homes)


def _weight(problem):
    return sum(link.weight for link in problem.links)
