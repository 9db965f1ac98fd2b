"""Terms are found by the labels that they look for, and by nothing else."""

from shorthaul.cluster.lookouts import Lookouts
from shorthaul.cluster.selectors import Requirement, Selector
from shorthaul.cluster.snapshots import AffinityTerm
from worlds.builders import HOST, reference


def term(*requirements, **labels):
    return AffinityTerm(HOST, Selector(tuple(sorted(labels.items())), requirements), ())


def owners(index, **labels):
    return {ref.name for _, _, refs in index.matching(labels) for ref in refs}


def test_a_term_is_found_by_all_labels_that_it_asks_for():
    index = Lookouts()
    index.add(term(app="db", tier="back"), reference("cart-0"))

    assert owners(index, app="db", tier="back", more="x") == {"cart-0"}
    assert owners(index, app="db") == set()


def test_a_term_without_labels_is_found_by_its_expressions():
    index = Lookouts()
    index.add(term(Requirement("app", "In", ("db", "web"))), reference("cart-0"))
    index.add(term(), reference("cart-1"))

    assert owners(index, app="web") == {"cart-0", "cart-1"}
    assert owners(index, app="x") == {"cart-1"}


def test_an_owner_that_left_is_not_found():
    index = Lookouts()
    index.add(term(app="db"), reference("cart-0"))
    index.add(term(app="db"), reference("cart-1"))
    index.discard(term(app="db"), reference("cart-0"))

    assert owners(index, app="db") == {"cart-1"}


def test_a_term_without_a_selector_means_nobody():
    index = Lookouts()
    index.add(AffinityTerm(HOST, None, ()), reference("cart-0"))

    assert owners(index, app="db") == set()
