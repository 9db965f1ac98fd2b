"""The compiled and the plain answer to what a change would cost are one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.plan.posing import pose
from shorthaul.solve.draws import Draws
from shorthaul.solve.kernels import library
from shorthaul.solve.problems import ROUNDING
from shorthaul.solve.traffic_states import TrafficState
from shorthaul.solve.traffic_views import traffic
from shorthaul.units import Routing
from solve import chance_worlds


@pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")
@settings(deadline=None, max_examples=80)
@given(st.integers(0, 100_000), st.sampled_from([None, *Routing]), st.sampled_from([0, 5, 50, 100]))
def test_compiled_and_plain_answers_agree(number, routing, bare_percent):
    shape = chance_worlds.Shape(6, 6, 5, 10, routing=routing, bare_percent=bare_percent)
    problem, draws = pose(chance_worlds.request(number, shape)), Draws(number, 3)
    views = traffic(problem, problem.start), TrafficState(problem, problem.start)
    assert not isinstance(views[0], TrafficState)
    nodes = np.arange(len(problem.nodes))
    counts = problem.start.dense()

    for _ in range(8 if problem.groups else 0):
        group, target = draws.below(len(problem.groups)), draws.below(len(nodes))
        source = draws.pick(np.flatnonzero(counts[group]).tolist())
        for view in views:
            view.put(group, source, -1)
        one, other = (view.field(group, nodes) for view in views)
        assert np.abs((one - one[0]) - (other - other[0])).max() < ROUNDING
        for view in views:
            view.put(group, target, 1)
        counts[group, source] -= 1
        counts[group, target] += 1
        assert abs(views[0].total() - views[1].total()) < ROUNDING


def test_without_the_library_the_plain_state_answers(monkeypatch):
    monkeypatch.setattr(library, "NAME", "missing.so")
    problem = pose(chance_worlds.request(3))

    assert isinstance(traffic(problem, problem.start), TrafficState)
