"""What few moves can gain at most: below every placement that there is, and not much further."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import drawings, few_bounds, posing, scorers, worlds
from benchmarks.outcomes import Skipped
from shorthaul.solve.searches import Search
from shorthaul.solve.solvers import Effort
from shorthaul.solve.sparse_counts import from_pods
from shorthaul.units import Routing

ROUNDS = 15


def pairs_world(number, sizes=1):
    """So many pairs of services that talk, each pod in a rack and zone of its own."""
    services = 2 * number
    pods = services * sizes
    weights = 2.0 ** -np.arange(number)
    return worlds.World(
        name="pairs",
        racks=np.arange(pods),
        zones=np.arange(pods) % 3,
        room=np.full((1, pods), 100),
        sizes=np.full(services, sizes),
        requests=np.ones((services, 1), dtype=np.int64),
        classes=np.zeros(services, dtype=np.int64),
        open=np.ones((1, pods), dtype=bool),
        most_per_node=np.full(services, worlds.UNLIMITED),
        most_per_zone=np.full(services, worlds.UNLIMITED),
        clients=np.arange(0, services, 2),
        servers=np.arange(1, services, 2),
        weights=weights,
        places=np.arange(pods),
    )


@pytest.mark.parametrize("moves", [1, 2, 4])
def test_of_separate_pairs_each_move_joins_the_dearest(moves):
    problem = posing.pose(pairs_world(5), "uniform")
    weights = np.array([link.weight for link in problem.links])

    bound = few_bounds.least_cost(problem, moves, ROUNDS)

    least = float(np.sort(10.0 * weights)[: len(weights) - moves].sum())
    assert bound <= least
    assert bound >= 0.5 * least


def test_without_enough_moves_to_gain_the_bound_is_near_todays_cost():
    problem = posing.pose(pairs_world(6, sizes=4), "uniform")
    today = scorers.score(problem, problem.start).cost

    assert 0.6 * today <= few_bounds.least_cost(problem, 1, ROUNDS) <= today


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("moves", [1, 3, 8, 20])
def test_no_placement_found_with_so_many_moves_costs_less(seed, moves):
    problem = posing.pose(drawings.draw("tiny60", seed), "uniform")
    bound = few_bounds.least_cost(problem, moves, ROUNDS)

    found = Search().solve(problem, Effort(most_moves=moves))

    assert bound <= scorers.score(problem, found.counts).cost


@pytest.mark.parametrize("seed", range(10))
def test_no_placement_costs_less_than_its_moves_allow(seed):
    world = drawings.draw("200", seed)
    problem = posing.pose(world, "uniform")
    random = np.random.default_rng(seed)
    moves = int(random.integers(1, 40))
    places = world.places.copy()
    places[random.choice(len(places), moves, replace=False)] = random.integers(world.nodes)
    counts = from_pods(world.owners, places, world.services, world.nodes)

    bound = few_bounds.least_cost(problem, moves, ROUNDS)

    assert bound <= scorers.score(problem, counts).cost


def test_traffic_that_is_not_evenly_routed_is_refused():
    problem = posing.pose(pairs_world(2), "uniform")
    near = tuple(replace(link, routing=Routing.NODE) for link in problem.links)

    with pytest.raises(Skipped, match="evenly routed"):
        few_bounds.least_cost(replace(problem, links=near), 1, ROUNDS)
