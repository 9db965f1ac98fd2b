"""No move is made whose gain cannot be told from nothing, and none other is left out for that."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.cluster import checkers
from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.worlds import World
from shorthaul.plan.margins import UNCERTAIN, error_of, errors_of
from shorthaul.plan.planning import make_plan
from shorthaul.plan.returns import Returns
from shorthaul.solve import costs
from shorthaul.solve.searches import Search
from shorthaul.traffic.graphs import Edge
from shorthaul.traffic.rate_errors import RateError
from shorthaul.units import Routing
from solve import chance_worlds
from worlds import builders

QUICK = Search(turns_per_pod=2, least_turns=150)
SHAPE = chance_worlds.Shape(nodes=6, workloads=6, replicas=4, edges=10)
A, B, C = (builders.workload_reference(name) for name in "abc")
CLUSTER = builders.cluster(builders.nodes(2), builders.pod("b-1", on="n1"))
POD = builders.reference("b-1")


def doubtful(number, largest):
    """A request whose edges have errors of up to a share of their rates, and its plan."""
    request = chance_worlds.request(number, SHAPE, solver=QUICK, parking=False)
    chance = random.Random(number)
    errors = {
        (edge.client, edge.server): RateError(chance.uniform(0, largest) + 1e-12, 4.0)
        for edge in request.edges
        if chance.random() < 0.9
    }
    request = replace(request, errors=errors)
    return request, make_plan(request)


def gain_and_margin(request, steps, at):
    """What undoing a move alone costs by the reference, edge by edge, and its margin."""
    where = costs.places(request.snapshot)
    made, undone = where.moved(steps), where.moved(steps[:at] + steps[at + 1 :])
    saved = [
        costs.edge_cost(edge, undone, request.distances, request.pricing)
        - costs.edge_cost(edge, made, request.distances, request.pricing)
        for edge in costs.priced(request.attracting, where)
    ]
    edges = costs.priced(request.attracting, where)
    squares = fourths = 0.0
    for edge, gain in zip(edges, saved, strict=True):
        error = request.errors.get((edge.client, edge.server))
        if error is not None:
            squares += (gain * error.standard) ** 2
            fourths += (gain * error.standard) ** 4 / error.freedom
    freedom = squares**2 / fourths if fourths > 0 else math.inf
    return math.fsum(saved), RateError(math.sqrt(squares), freedom).margin


def may_go_home(request, plan, at):
    world = World(request.snapshot, request.rules, request.clients)
    drafts = [_Home(move.pod, move.target) for move in plan.moves]
    returns = Returns(world, request.rules, drafts)
    found = returns.send_home(drafts[at])
    returns.close()
    return found


class _Home:
    """As much of a draft as is asked when a pod is sent home."""

    def __init__(self, pod, target):
        self.pod, self.target_name = pod, target


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 100_000), st.sampled_from([0.1, 0.6, 2.0]))
def test_each_move_gains_more_than_its_margin_or_is_needed_by_another(number, largest):
    request, plan = doubtful(number, largest)
    steps = [(move.pod, move.target) for move in plan.moves]

    waves = [[(m.pod, m.target) for m in plan.moves if m.wave == wave] for wave in range(1, 99)]
    verdicts = checkers.check_moves(
        request.snapshot,
        [wave for wave in waves if wave],
        request.rules,
        request.now_seconds,
        clients=request.clients,
    )
    assert not verdicts
    assert plan.value.after <= plan.value.before
    for at in range(len(steps)):
        gain, margin = gain_and_margin(request, steps, at)
        if 0 < gain <= margin * (1 - 1e-9):
            assert not may_go_home(request, plan, at)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 100_000))
def test_errors_too_small_to_matter_change_no_plan(number):
    request, plan = doubtful(number, 1e-9)

    assert replace(plan, inputs=None) == replace(
        make_plan(replace(request, errors={})), inputs=None
    )


def test_some_worlds_have_moves_that_are_left_out_for_their_doubtful_gain():
    found = [doubtful(number, 2.0)[1] for number in range(20)]
    told = [each.reason.code for plan in found for each in plan.refusals]

    assert told.count(UNCERTAIN) > 5
    assert sum(len(plan.moves) for plan in found) > 5


def edge(client, server, rate=10.0):
    return RoutedEdge(client, server, rate, Routing.UNIFORM)


def test_variances_of_edges_add_and_parts_of_one_edge_go_together():
    errors = {(A, B): RateError(0.3), (C, B): RateError(0.4)}

    both = error_of([(edge(A, B), 10.0), (edge(C, B), -10.0)], errors, CLUSTER)
    parts = error_of([(edge(A, POD), 4.0), (edge(A, B), 6.0)], errors, CLUSTER)
    unknown = error_of([(edge(B, C), 10.0)], errors, CLUSTER)

    assert both.standard == pytest.approx(5.0)
    assert parts.standard == pytest.approx(3.0)
    assert unknown.margin == 0.0


def test_errors_are_shares_of_the_rates_that_have_one_from_enough_windows():
    edges = [
        Edge(A, B, 6.0, 4.0, error=RateError(2.0, 3.0)),
        Edge(A, C, 6.0, 4.0),
        Edge(B, C, 0.0, 0.0, error=RateError(2.0)),
        Edge(C, A, 1.0, 0.0, error=RateError(0.0)),
        Edge(C, B, 6.0, 4.0, error=RateError(2.0, 2.9)),
    ]

    assert errors_of(edges) == {(A, B): RateError(0.2, 3.0)}
