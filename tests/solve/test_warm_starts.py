"""A placement to begin with: everybody has a target, and who is well placed stays."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.plan.posing import effort_of, pose
from shorthaul.plan.requests import Request
from shorthaul.solve import warm_starts
from shorthaul.solve.cells import cells
from shorthaul.solve.kernels import library
from shorthaul.solve.kernels.states import places_of
from shorthaul.solve.searches import Search
from shorthaul.units import Routing, Unit
from solve import chance_worlds
from worlds import builders

pytest.importorskip("pymetis")

NUMBERS = st.integers(0, 100_000)
SHAPE = chance_worlds.Shape(nodes=8, workloads=8, replicas=6, edges=14)


def islands(nodes, replicas=6):
    """For each node two services that talk, all pods on it, so that it is full, and little beside
    to the next node of its zone: there is one best way to divide them."""
    names = [f"n{i + 1}" for i in range(nodes)]
    pods = [
        builders.replicas(f"{one}{name}", *[name] * replicas, cpu="320m")
        for name in names
        for one in "ab"
    ]
    snapshot = builders.cluster(builders.nodes(nodes, 2), pods)
    ends = [(f"a{name}", f"b{name}", 9.0) for name in names]
    ends += [(f"a{one}", f"a{other}", 1.0) for one, other in zip(names, names[2:], strict=False)]
    edges = tuple(
        RoutedEdge(*map(builders.workload_reference, (one, other)), rate, Routing.UNIFORM)
        for one, other, rate in ends
    )
    return Request(snapshot, edges, Unit.BYTES, chance_worlds.distances_of(snapshot))


def targets(problem, seed=0):
    found = warm_starts.targets(problem, cells(problem), seed)
    return found, warm_starts.pod_targets(problem, found)


@settings(deadline=None, max_examples=40)
@given(NUMBERS, st.sampled_from([None, Routing.UNIFORM, Routing.LOCAL]))
def test_every_talking_group_keeps_its_number_of_pods(number, routing):
    problem = pose(chance_worlds.request(number, replace(SHAPE, routing=routing)))
    found, by_pod = targets(problem)

    sizes = [len(group.pods) for group in problem.groups]
    bound = np.bincount(found.groups, weights=found.counts, minlength=len(sizes))
    assert all(bound[group] == sizes[group] for group in set(found.groups.tolist()))
    assert ((found.cells >= 0) & (found.cells < len(problem.nodes))).all()
    assert int((by_pod >= 0).sum()) == int(found.counts.sum())


@settings(deadline=None, max_examples=40)
@given(NUMBERS)
def test_as_many_pods_stay_as_their_targets_let(number):
    problem = pose(chance_worlds.request(number, SHAPE))
    found, by_pod = targets(problem)

    wanted = np.zeros((len(problem.groups), len(problem.nodes)), dtype=np.int64)
    np.add.at(wanted, (found.groups, found.cells), found.counts)
    could = np.minimum(wanted, problem.start.dense()).sum()
    assert int((by_pod == places_of(problem.start)).sum()) == could


@pytest.mark.parametrize("nodes", [2, 4, 6])
def test_an_optimal_placement_stays_put(nodes):
    problem = pose(islands(nodes))

    assert targets(problem)[1].tolist() == places_of(problem.start).tolist()


def test_racks_of_one_host_each_may_be_numbered_in_any_order():
    problem = pose(islands(6))
    racks = np.array([3, 0, 5, 1, 4, 2])
    alone = replace(problem, tiers=np.array([racks, *problem.tiers[1:]]))

    assert targets(alone)[1].tolist() == places_of(alone.start).tolist()


def test_the_same_seed_gives_the_same_targets():
    problem = pose(chance_worlds.request(11, SHAPE))

    assert targets(problem, 5)[1].tolist() == targets(problem, 5)[1].tolist()


@pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")
@pytest.mark.parametrize("nodes", [2, 4, 6])
def test_the_search_moves_nothing_of_an_optimal_placement(nodes):
    request = islands(nodes)
    problem = pose(request)
    found = Search().solve(problem, effort_of(request, problem))

    assert found.counts.same(problem.start)
