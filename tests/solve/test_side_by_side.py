"""Several efforts at once give what each gives alone, in order, and tell of one progress."""

import threading
from dataclasses import dataclass, field

import pytest

from shorthaul.cli.cores import side_by_side
from shorthaul.plan.posing import pose
from shorthaul.solve.memories import Memory
from shorthaul.solve.searches import Search
from shorthaul.solve.side_by_side import solve_all
from shorthaul.solve.solvers import Effort, one_by_one
from solve import chance_worlds

QUICK = Search(turns_per_pod=5, least_turns=300)
PRICES = (10**6, 10**9, 10**12, 10**15)


@pytest.fixture
def problem():
    return pose(chance_worlds.request(11, solver=QUICK))


def efforts(**more):
    return [Effort(seed=3, move_price=price, **more) for price in PRICES]


@pytest.mark.parametrize("mapper", [one_by_one, side_by_side], ids=["one core", "two"])
def test_each_answer_is_the_one_that_its_effort_gets_alone(problem, mapper):
    alone = [QUICK.solve(problem, effort) for effort in efforts()]

    found = solve_all(QUICK, problem, efforts(), mapper)

    assert [one.cost for one in found] == [one.cost for one in alone]
    for one, other in zip(found, alone, strict=True):
        assert one.counts.same(other.counts)


def test_what_time_was_over_for_is_left_out(problem):
    found = solve_all(QUICK, problem, efforts(expired=lambda: True))

    assert found == (None,) * len(PRICES)


def test_progress_rises_to_the_end_and_costs_fall(problem):
    told = []

    solve_all(QUICK, problem, efforts(tell=lambda *news: told.append(news)))

    shares, costs = zip(*told, strict=True)
    assert list(shares) == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert list(costs) == sorted(costs, reverse=True)


def test_sweeps_alone_tell_of_their_costs_too(problem):
    told = []
    sweeps = Search(turns_per_pod=0, least_turns=0)

    found = sweeps.solve(problem, Effort(seed=3, tell=lambda *news: told.append(news)))

    assert [share for share, _ in told] == [0.0] * len(told)
    assert len(told) > 1
    assert told[-1][1] == found.cost


@dataclass
class Watched:
    """Tells in which threads it was asked."""

    within: Memory
    threads: set = field(default_factory=set)

    def solve(self, problem, effort):
        self.threads.add(threading.current_thread())
        return self.within.solve(problem, effort)


def test_a_solver_that_remembers_is_asked_one_by_one(problem):
    watched = Watched(Memory(QUICK))

    solve_all(watched, problem, efforts(), side_by_side)

    assert watched.threads == {threading.main_thread()}
