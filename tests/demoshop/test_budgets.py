"""The witness of budgets counts ready pods itself and knows what each budget wants."""

import pytest

from demoshop import budgets, clusters, watches

BUDGET = budgets.Budget("shop", "cart", (("app", "cart"),), expected=3, wanted=2)
LABELS = (("app", "cart"), ("tier", "front"))


def change(name: str, found, namespace: str = "shop") -> watches.Change:
    return watches.Change((namespace, name), found)


def witness(*names: str) -> budgets.Witness:
    found = budgets.Witness((BUDGET,), clock=lambda: 7.0)
    for name in names:
        found.see(change(name, LABELS))
    found.settled = True
    return found


@pytest.mark.parametrize(
    ("spec", "expected", "wanted"),
    [
        ({"minAvailable": 2}, 3, 2),
        ({"minAvailable": "50%"}, 3, 2),
        ({"maxUnavailable": 1}, 3, 2),
        ({"maxUnavailable": "25%"}, 6, 4),
        ({"maxUnavailable": 9}, 3, 0),
        ({"minAvailable": 0}, 3, 0),
    ],
)
def test_a_budget_wants_as_many_pods_as_kubernetes_reads_into_it(spec, expected, wanted):
    assert budgets.wanted_ready(spec, expected) == wanted


def test_a_budget_that_has_what_it_wants_is_not_breached():
    found = witness("cart-1", "cart-2", "cart-3")

    found.see(change("cart-1", None))

    assert found.breaches == []
    assert found.lowest == {("shop", "cart"): 2}


def test_one_pod_too_few_is_a_breach_with_its_numbers():
    found = witness("cart-1", "cart-2", "cart-3")

    found.see(change("cart-1", None))
    found.see(change("cart-2", None))

    assert found.breaches == [budgets.Breach(7.0, BUDGET, 1)]


def test_pods_of_another_namespace_or_label_do_not_count():
    found = witness("cart-1", "cart-2")
    found.see(change("cart-9", LABELS, namespace="test"))
    found.see(change("web-1", (("app", "web"),)))

    found.see(change("cart-2", None))

    assert [one.ready for one in found.breaches] == [1]


def test_a_pod_on_its_way_out_is_not_ready():
    pod = {
        "metadata": {"labels": {"app": "cart"}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    ending = {**pod, "metadata": {**pod["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    starting = {**pod, "status": {"conditions": [{"type": "Ready", "status": "False"}]}}

    assert budgets.ready_pod(pod) == (("app", "cart"),)
    assert budgets.ready_pod(ending) is None
    assert budgets.ready_pod(starting) is None


def test_the_shop_has_budgets_of_every_form_and_none_that_nothing_satisfies():
    found = budgets.read(clusters.shop_objects())

    assert len(found) >= 8
    assert all(0 < one.wanted < one.expected for one in found)
