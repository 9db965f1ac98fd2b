"""A plan needs flows of as many nodes as the owner of a source asks for."""

import pytest

from shorthaul.act.coverages import Covering, shortened, uncovered
from shorthaul.telemetry.sources import Coverage

NODES = frozenset({"n1", "n2", "n3"})


def covering(name, nodes, least):
    return Covering(name, Coverage(NODES, frozenset(nodes)), least)


@pytest.mark.parametrize(("least", "seen"), [(0, ""), (66, "n1 n2"), (100, "n1 n2 n3 gone")])
def test_enough_nodes_are_enough(least, seen):
    assert uncovered([covering("relay", seen.split(), least)], NODES) is None


def test_too_few_nodes_are_told_with_both_numbers_and_names():
    reason = uncovered([covering("relay", ["n1", "gone"], 90)], NODES)

    assert reason.code == "FlowsUncovered"
    assert reason.message == (
        "flows of 1 of 3 nodes arrive (relay), at least 90 % are asked for; not: n2, n3"
    )


def test_sources_cover_nodes_together_and_the_strictest_decides():
    one, other = covering("a", ["n1"], 100), covering("b", ["n2", "n3"], 0)

    assert uncovered([one, other], NODES) is None
    assert uncovered([one], NODES) is not None


def test_without_a_source_that_asks_for_it_nothing_is_asked():
    assert uncovered([], NODES) is None


def test_many_names_are_shortened():
    assert shortened(frozenset("edcba")) == "a, b, c and 2 more"
