"""The search by blocks within a budget: how many move, what that gains, and who stays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.plan.posing import pose
from shorthaul.solve import block_budgets
from shorthaul.solve.engine import Engine, in_blocks
from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.kernels import library
from shorthaul.solve.searches import Search
from shorthaul.solve.solvers import Effort
from shorthaul.units import Routing
from solve.test_blocks import NUMBERS, ROUTINGS, flat_request

pytestmark = pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")

HEATS = np.array([2**56, 2**54, 2**50, 0], dtype=np.int64)


def searched(number, routing, most, turns=400):
    """An engine at home, its blocks and where a search within the budget would go."""
    engine = Engine(pose(flat_request(number, routing)), 3)
    blocks = in_blocks(engine, 1, stay=True)
    if blocks is None:
        return engine, None, None

    def ruin(one, some, price, heats):
        one.ruin(some, price, heats, size=9, blink=20)
        return True

    found = block_budgets.run(blocks, turns, HEATS, ruin, most=most, floor=0)
    return engine, blocks, found


@settings(deadline=None, max_examples=120)
@given(NUMBERS, ROUTINGS, st.integers(1, 12))
def test_no_more_move_than_may_and_no_more_is_paid_than_today(number, routing, most):
    engine, blocks, found = searched(number, routing, most)
    if blocks is None:
        return
    before = engine.cost
    targets = blocks.targets(found)
    engine.go_to(np.where(targets >= 0, targets, engine.state.place).astype(np.int32))

    assert engine.moved <= most
    assert engine.cost <= before


@settings(deadline=None, max_examples=60)
@given(NUMBERS, ROUTINGS)
def test_pods_without_traffic_stay(number, routing):
    engine, blocks, found = searched(number, routing, 12)
    if blocks is None:
        return
    group = engine.model.group
    quiet = (group[:, at.ENTRY0] == group[:, at.ENTRY1])[engine.model.group_of]
    home = engine.places()

    assert engine.gather(blocks.targets(found))
    assert np.array_equal(engine.places()[quiet], home[quiet])


def test_what_was_gained_is_told_without_the_price_of_moves():
    engine = Engine(pose(flat_request(5, Routing.LOCAL)), 3)
    blocks = in_blocks(engine, 1, stay=True)
    before = engine.cost
    for price in (0, 2**45, 2**40):
        blocks.ruin(60, price, HEATS, size=9, blink=20)
        targets = blocks.targets(blocks.here)
        engine.go_to(np.where(targets >= 0, targets, engine.state.place).astype(np.int32))

        assert before - engine.cost == blocks.gained
        assert engine.moved == blocks.moved
        engine.go_home()


def test_a_budget_is_used_for_much_of_what_all_moves_would_gain():
    shares = []
    for number in range(40):
        problem = pose(flat_request(number, Routing.LOCAL))
        pods = int(problem.start.amounts.sum())
        today = Engine(problem, 1).cost
        best, few = (
            Search().solve(problem, Effort(seed=1, most_moves=most)) for most in (pods, pods // 3)
        )
        assert few.counts.left_from(problem.start) <= pods // 3
        if best.cost < today:
            shares.append((today - few.cost) / (today - best.cost))

    assert np.mean(shares) > 0.7
