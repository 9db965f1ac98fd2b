"""From counts to the moves of single pods."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.plan import drafts
from shorthaul.plan.posing import pose
from shorthaul.solve.draws import Draws
from shorthaul.solve.sparse_counts import from_dense
from solve import chance_worlds


def anywhere(problem, draws):
    counts = problem.start.dense()
    for group in range(len(problem.groups)):
        source = draws.pick(np.flatnonzero(counts[group]).tolist())
        counts[group, source] -= 1
        counts[group, draws.below(len(problem.nodes))] += 1
    return from_dense(counts)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_drafts_lead_to_the_counts_with_as_few_moves_as_can_be(number):
    problem = pose(chance_worlds.request(number))
    counts = anywhere(problem, Draws(number))
    moves = drafts.draft(problem, counts)

    assert drafts.counts_of(problem, moves).same(counts)
    assert len(moves) == counts.left_from(problem.start)
    assert len({move.pod for move in moves}) == len(moves)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_pruning_leaves_no_move_without_a_gain(number):
    problem = pose(chance_worlds.request(number))
    moves = drafts.draft(problem, anywhere(problem, Draws(number)))
    kept = drafts.prune(problem, moves, 0, lambda *_: True)

    assert all(move.gain > 0 for move in kept)
    assert drafts.cost_of(problem, kept) <= drafts.cost_of(problem, moves)


def test_a_move_that_others_need_for_room_is_kept_without_a_gain():
    problem = pose(chance_worlds.request(5))
    moves = drafts.draft(problem, anywhere(problem, Draws(5)))

    assert len(drafts.prune(problem, moves, 2**62, lambda *_: False)) == len(moves)
