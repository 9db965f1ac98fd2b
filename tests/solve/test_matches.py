"""Pods are known again by name, and what replaced a pod by where that one was wanted."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.plan.posing import pose
from shorthaul.plan.requests import Request
from shorthaul.solve.changes import Known, compare, known
from shorthaul.solve.matches import homes_of, matches
from shorthaul.solve.sparse_counts import from_places
from shorthaul.units import Routing, Unit
from solve import chance_worlds
from worlds import builders

PODS = {"web-0": "n1", "web-1": "n2", "db-0": "n4"}


def problem_of(places, nodes=4):
    pods = [builders.pod(f"shop/{name}", on=node) for name, node in places.items()]
    snapshot = builders.cluster(*builders.nodes(nodes, 2), *pods)
    ends = builders.workload_reference("web"), builders.workload_reference("db")
    edges = (RoutedEdge(*ends, 8.0, Routing.UNIFORM),)
    return pose(Request(snapshot, edges, Unit.BYTES, chance_worlds.distances_of(snapshot)))


def wanting(problem, *places):
    """The problem with an answer: the nodes of each group, db before web."""
    return known(problem, from_places(places, len(problem.nodes)))


def test_pods_keep_their_names_when_they_are_elsewhere():
    before = problem_of(PODS)
    after = problem_of(PODS | {"web-0": "n3"})
    found = matches(before, homes_of(before), after)

    assert sorted(found.tolist()) == [0, 1, 2]


@settings(deadline=None, max_examples=40)
@given(st.permutations(range(6)), st.sets(st.integers(0, 5)), st.integers(1, 4))
def test_matching_group_by_group_is_matching_by_name(order, gone, node):
    names = [f"{workload}-{pod}" for workload in ("db", "mail", "web") for pod in range(2)]
    places = dict.fromkeys(names, "n2")
    before = problem_of(places)
    kept = [names[at] for at in order if at not in gone]
    after = problem_of({name: f"n{node}" if name == "web-0" else "n2" for name in kept})
    found = matches(before, homes_of(before), after)

    old, new = ([ref for group in one.groups for ref in group.pods] for one in (before, after))
    assert found.tolist() == [old.index(ref) for ref in new]


def test_a_new_pod_where_a_gone_one_was_wanted_is_its_successor_and_already_there():
    before = wanting(problem_of(PODS), [3], [0, 3])
    after = problem_of({"web-0": "n1", "web-x": "n4", "db-0": "n4"})
    change = compare(before, after)

    assert change.targets.tolist() == homes_of(after).tolist()
    assert not change.large or change.moved
    assert change.moved


def test_a_pod_more_than_before_has_no_place_of_its_own():
    before = problem_of(PODS)
    found = matches(before, homes_of(before), problem_of(PODS | {"web-2": "n3"}))

    assert sorted(found.tolist()) == [-1, 0, 1, 2]


def test_what_the_last_answer_wanted_is_carried_over_while_nothing_moves():
    before = wanting(problem_of(PODS), [3], [2, 3])
    change = compare(before, before.problem)

    assert change.targets.tolist() == [3, 2, 3]
    assert not len(change.pods)
    assert not change.moved


def test_a_node_that_left_is_nobodys_target():
    before = wanting(problem_of(PODS, 5), [4], [0, 1])
    change = compare(before, problem_of(PODS))

    assert change.large
    assert change.targets.tolist() == [-1, 0, 1]


def test_a_pod_under_other_rules_has_changed():
    problem = problem_of(PODS)
    before = wanting(problem, [3], [0, 1])
    closed = problem.allowed.open.copy()
    closed[:, 2] = False
    change = compare(before, replace(problem, allowed=replace(problem.allowed, open=closed)))

    assert change.large
    assert len(change.pods) == 3


def test_links_in_another_order_are_no_change():
    problem = pose(chance_worlds.request(5, chance_worlds.Shape(constrained=0)))
    before = known(problem, problem.start)
    turned = replace(problem, links=problem.links[::-1])

    assert not len(compare(before, turned).pods)
    assert not len(compare(before, problem).pods)
    assert compare(before, turned).shares.tolist() == compare(before, problem).shares.tolist()[::-1]


def test_slow_drift_of_traffic_adds_up_until_it_is_noticed():
    problem = pose(chance_worlds.request(5, chance_worlds.Shape(constrained=0)))
    before, noticed = known(problem, problem.start), []
    for _ in range(6):
        first, *rest = problem.links
        problem = replace(problem, links=(replace(first, weight=first.weight * 1.06), *rest))
        change = compare(before, problem)
        noticed.append(len(change.pods) > 0)
        before = Known(problem, problem.start, change.shares, change.now)

    assert not noticed[0]
    assert any(noticed)
    assert not all(noticed)
