"""Where only places differ, what changed is told by counts, and is what single pods would tell."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.plan.posing import pose
from shorthaul.solve.changes import compare, known
from shorthaul.solve.kernels import library
from shorthaul.solve.matches import groups_of, homes_of, places_of
from shorthaul.solve.searches import Search
from shorthaul.solve.solvers import Effort
from solve import chance_worlds

pytestmark = pytest.mark.skipif(not library.available(), reason="the kernels were not compiled")

NUMBERS = st.integers(0, 100_000)
SHAPE = chance_worlds.Shape(nodes=6, workloads=6, replicas=5, edges=10, constrained=50)
BRIEF = Search(turns_per_pod=2, least_turns=100)


def placed_anew(number, most=None):
    """A problem with an answer, and the same when some pods are elsewhere."""
    problem = pose(chance_worlds.request(number, SHAPE))
    answer = BRIEF.solve(problem, Effort(number, most_moves=most)).counts
    start = BRIEF.solve(problem, Effort(number + 1, most_moves=2)).counts
    return known(problem, answer), replace(problem, start=start)


@settings(deadline=None, max_examples=60)
@given(NUMBERS, st.sampled_from([None, 0, 3]))
def test_targets_are_those_that_let_most_pods_stay(number, most):
    before, later = placed_anew(number, most)

    assert compare(before, later).targets.tolist() == places_of(later, before.counts).tolist()


@settings(deadline=None, max_examples=60)
@given(NUMBERS)
def test_pods_landed_elsewhere_are_of_groups_that_are_elsewhere_and_not_where_they_should(number):
    before, later = placed_anew(number)
    change = compare(before, later)
    old = before.problem.start
    shifted = [
        [array.tolist() for array in old.row(group)]
        != [array.tolist() for array in later.start.row(group)]
        for group in range(old.rows)
    ]
    astray = change.targets != homes_of(later)
    expected = np.flatnonzero(astray & np.array(shifted, dtype=bool)[groups_of(later)])

    assert change.landed.tolist() == expected.tolist()
    assert change.moved == any(shifted) == (not change.firm)
    assert not len(change.pods)
    assert change.placed


def test_where_rules_differ_too_it_is_not_only_places():
    before, later = placed_anew(5)
    change = compare(before, replace(later, requests=later.requests + 1))

    assert not change.placed
    assert len(change.pods)


def test_more_than_a_quarter_of_the_pods_elsewhere_is_another_problem():
    before, _ = placed_anew(5)
    problem = before.problem
    turned = replace(problem.start, nodes=(problem.start.nodes + 1) % len(problem.nodes))
    order = np.lexsort((turned.nodes, np.repeat(np.arange(turned.rows), np.diff(turned.offsets))))
    turned = replace(turned, nodes=turned.nodes[order], amounts=turned.amounts[order])

    assert compare(before, replace(problem, start=turned)).large
    assert not compare(before, problem).large


@settings(deadline=None, max_examples=60)
@given(NUMBERS, st.booleans())
def test_a_plan_that_was_carried_out_is_no_large_change(number, rates_too):
    before, _ = placed_anew(number)
    problem = before.problem
    done = replace(problem, start=before.counts, groups=settled_groups(before))
    if rates_too:
        done = replace(done, links=tuple(replace(link) for link in problem.links))
    change = compare(before, done)

    assert not change.large
    assert change.moved == (not problem.start.same(before.counts))


def settled_groups(before):
    """The groups when each pod is where the answer has it, listed in order of node."""
    places, groups, first = places_of(before.problem, before.counts), [], 0
    for group in before.problem.groups:
        here = places[first : first + len(group.pods)]
        order = np.argsort(here, kind="stable").tolist()
        groups.append(replace(group, pods=tuple(group.pods[at] for at in order)))
        first += len(group.pods)
    return tuple(groups)
