import pytest

from shorthaul.cluster.selectors import NodeTerm, Requirement, Selector


@pytest.mark.parametrize(
    ("operator", "values", "present", "absent"),
    [
        ("In", ("a", "b"), True, False),
        ("In", ("c",), False, False),
        ("NotIn", ("a",), False, True),
        ("NotIn", ("c",), True, True),
        ("Exists", (), True, False),
        ("DoesNotExist", (), False, True),
        ("Near", ("a",), False, False),
    ],
)
def test_requirements_match_present_and_absent_labels(operator, values, present, absent):
    requirement = Requirement("key", operator, values)

    assert requirement.matches({"key": "a"}) is present
    assert requirement.matches({}) is absent


@pytest.mark.parametrize(
    ("operator", "value", "bound", "expected"),
    [
        ("Gt", "9", "8", True),
        ("Gt", "8", "8", False),
        ("Lt", "7", "8", True),
        ("Gt", "many", "8", False),
        ("Lt", "7", "few", False),
    ],
)
def test_numbers_are_compared_as_numbers(operator, value, bound, expected):
    assert Requirement("cores", operator, (bound,)).matches({"cores": value}) is expected


def test_a_selector_needs_all_of_its_parts_and_an_empty_one_matches_everything():
    both = Selector((("app", "a"),), (Requirement("tier", "Exists"),))

    assert both.matches({"app": "a", "tier": "x"})
    assert not both.matches({"app": "a"})
    assert not both.matches({"tier": "x"})
    assert Selector().matches({})


def test_a_node_term_without_anything_matches_no_node():
    assert not NodeTerm().matches({"a": "b"}, "n1")
    assert NodeTerm(fields=(Requirement("metadata.name", "In", ("n1",)),)).matches({}, "n1")
