"""The fast integer state against the slow reference, whatever is lifted and placed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.plan import drafts
from shorthaul.plan.posing import pose
from shorthaul.solve import costs
from shorthaul.solve.draws import Draws
from shorthaul.solve.sparse_counts import from_dense
from shorthaul.solve.states import SearchState
from shorthaul.units import Routing
from solve import chance_worlds

NUMBERS = st.integers(0, 10_000)


def wander(state, draws):
    """Lifts a few pods and puts them anywhere."""
    groups = range(len(state.problem.groups))
    lifted = []
    for group in draws.shuffled(groups)[: 1 + draws.below(4)]:
        node = draws.pick(np.flatnonzero(state.counts[group]).tolist())
        state.lift(group, node)
        lifted.append(group)
    for group in lifted:
        state.place(group, draws.below(len(state.problem.nodes)))


@settings(deadline=None, max_examples=100)
@given(NUMBERS, st.sampled_from([None, *Routing]), st.sampled_from([0, 5, 50, 100]))
def test_integer_cost_equals_the_reference_after_any_moves(number, routing, bare_percent):
    shape = chance_worlds.Shape(routing=routing, bare_percent=bare_percent)
    request = chance_worlds.request(number, shape)
    problem = pose(request)
    state = SearchState(problem, 0)
    for _ in range(5 if problem.groups else 0):
        wander(state, Draws(number))

    moves = [(m.pod, m.target_name) for m in drafts.draft(problem, from_dense(state.counts))]
    where = costs.places(request.snapshot).moved(moves)
    expected = costs.cost(request.attracting, where, request.distances, request.pricing)
    weight = sum(edge.rate for edge in request.edges) * 30
    assert state.cost / problem.scale == pytest.approx(expected, rel=1e-9, abs=1e-9 * weight)


@settings(deadline=None, max_examples=30)
@given(NUMBERS)
def test_undoing_brings_back_cost_counts_and_moves(number):
    state = SearchState(pose(chance_worlds.request(number)), 0)
    if not state.problem.groups:
        return
    before = (state.cost, state.moved, state.counts.copy())
    wander(state, Draws(number))
    state.undo()

    assert before[:2] == (state.cost, state.moved)
    assert (before[2] == state.counts).all()


@settings(deadline=None, max_examples=30)
@given(NUMBERS)
def test_net_moves_count_interchangeable_pods_once(number):
    state = SearchState(pose(chance_worlds.request(number)), 0)
    if not state.problem.groups:
        return
    wander(state, Draws(number))

    assert from_dense(state.counts).left_from(state.problem.start) == state.moved
