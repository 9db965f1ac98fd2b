from shorthaul.cluster.constraints import node_affinities
from shorthaul.cluster.selectors import NodeTerm, Requirement
from shorthaul.cluster.worlds import World
from worlds.builders import ZONE, cluster, node, node_term, pod


def ask(ours, labels=None):
    world = World(cluster(node("n1"), node("n2", "z2", labels=labels or {}), ours))
    return node_affinities.check(ours, world.nodes["n2"], world)


def test_a_node_with_the_selected_labels_is_allowed():
    assert ask(pod("cart-1", "n1", node_selector={"disk": "ssd"}), {"disk": "ssd"}) is None


def test_a_node_without_a_selected_label_is_not():
    reason = ask(pod("cart-1", "n1", node_selector={"disk": "ssd"}))

    assert reason.code == "NodeSelectorMismatch"
    assert "disk=ssd" in reason.message


def test_one_matching_term_of_several_is_enough():
    terms = (node_term(ZONE, "In", "z1"), node_term(ZONE, "In", "z2", "z3"))

    assert ask(pod("cart-1", "n1", node_terms=terms)) is None


def test_a_node_that_meets_no_term_is_refused():
    terms = (node_term(ZONE, "NotIn", "z2"), node_term("gpu", "Exists"))

    assert ask(pod("cart-1", "n1", node_terms=terms)).code == "NodeAffinityMismatch"


def test_all_expressions_of_a_term_must_match():
    both = NodeTerm((Requirement(ZONE, "In", ("z2",)), Requirement("cores", "Gt", ("8",))))

    assert ask(pod("cart-1", "n1", node_terms=(both,)), {"cores": "16"}) is None
    assert ask(pod("cart-1", "n1", node_terms=(both,)), {"cores": "8"}) is not None


def test_a_term_may_name_the_node():
    named = NodeTerm(fields=(Requirement("metadata.name", "In", ("n2",)),))

    assert ask(pod("cart-1", "n1", node_terms=(named,))) is None


def test_terms_that_are_all_empty_match_no_node():
    assert ask(pod("cart-1", "n1", node_terms=(NodeTerm(),))) is not None
    assert ask(pod("cart-1", "n1", node_terms=())) is not None
