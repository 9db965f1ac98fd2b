"""The repair: any wish becomes feasible, and a feasible wish stays as it is."""

import numpy as np
import pytest

from benchmarks import drawings, pod_graphs, posing, repairs, scorers, views


@pytest.fixture(scope="module")
def problem():
    return posing.pose(drawings.draw("tiny100", 2), "mixed", least_hosts=2)


def test_a_feasible_wish_is_granted(problem):
    view = views.view(problem)
    wishes = np.concatenate([problem.start.places(i) for i in range(len(problem.groups))])

    assert repairs.repaired(view, wishes).same(problem.start)


def test_everything_wished_on_one_node_becomes_feasible(problem):
    view = views.view(problem)
    found = repairs.repaired(view, np.zeros(100, dtype=np.int64))

    assert scorers.score(problem, found).broken == ()


def test_the_graph_of_pods_holds_all_traffic_between_services(problem):
    view = views.view(problem)
    graph = pod_graphs.pod_graph(view, 1e7)

    assert graph.weights.sum() == pytest.approx(1e7, rel=1e-3)
    assert (graph.ones < graph.others).all()
    assert graph.pods == 100
