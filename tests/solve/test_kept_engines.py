"""A kept engine begins anew as a fresh one would, and is only used where nothing else differs."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.plan.posing import pose
from shorthaul.solve.engine import Engine
from shorthaul.solve.kept_engines import KeptEngine
from shorthaul.solve.kernels import library
from shorthaul.solve.likenesses import only_start_differs
from shorthaul.solve.searches import Search
from shorthaul.solve.solvers import Effort
from shorthaul.units import Routing
from solve import chance_worlds
from solve.anatomies import anatomy

pytestmark = pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")

NUMBERS = st.integers(0, 100_000)
SHAPE = chance_worlds.Shape(nodes=6, workloads=6, replicas=5, edges=10, constrained=50)
LARGER = replace(SHAPE, workloads=14, edges=60, replicas=3)
BRIEF = Search(turns_per_pod=2, least_turns=100)


@settings(deadline=None, max_examples=80)
@given(NUMBERS, st.sampled_from([None, *Routing]), st.sampled_from([SHAPE, LARGER]), st.booleans())
def test_a_kept_engine_begins_anew_as_a_fresh_one_would(number, routing, shape, wandered):
    problem = pose(chance_worlds.request(number, replace(shape, routing=routing)))
    start = BRIEF.solve(problem, Effort(number, most_moves=None if wandered else 2)).counts
    later = replace(problem, start=start)
    kept = KeptEngine()
    first = kept.at(problem, 0)
    BRIEF.run(first, Effort(1))
    again, fresh = kept.at(later, 3), Engine(later, 3)

    assert again is first
    assert again.places().tolist() == fresh.places().tolist()
    assert anatomy(again) == anatomy(fresh)
    assert again.cost == again.kernels.total()
    assert again.state.dice.tolist() == fresh.state.dice.tolist()
    assert [again.tries, *again.groups] == [fresh.tries, *fresh.groups]
    mine, others = BRIEF.run(again, Effort(3)), BRIEF.run(fresh, Effort(3))
    assert mine.counts.same(others.counts)
    assert (mine.cost, mine.tries) == (others.cost, others.tries)


def test_other_rates_prices_room_or_rules_need_another_engine():
    problem = pose(chance_worlds.request(5, SHAPE))
    first, *rest = problem.links
    others = [
        replace(problem, links=(replace(first, weight=first.weight * 1.01), *rest)),
        replace(problem, room=problem.room + 1),
        replace(problem, requests=problem.requests + 1),
        replace(problem, limits=replace(problem.limits, spreads=(), floors=(), exclusions=())),
        replace(problem, groups=problem.groups[:-1]),
        replace(problem, tiers=problem.tiers[::-1]),
        replace(problem, zoned=~problem.zoned),
        replace(problem, pricing=replace(problem.pricing, unit="another")),
        replace(problem, allowed=replace(problem.allowed, open=~problem.allowed.open)),
        replace(problem, allowed=replace(problem.allowed, classes=problem.allowed.classes + 1)),
    ]

    assert only_start_differs(problem, pose(chance_worlds.request(5, SHAPE)))
    assert not any(only_start_differs(problem, other) for other in others)
