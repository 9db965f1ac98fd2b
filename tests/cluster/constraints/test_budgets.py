import pytest

from shorthaul.cluster.constraints import budgets
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.selectors import Selector
from shorthaul.cluster.worlds import World
from worlds.builders import budget, cluster, node, replicas, workload_reference


def ask(*parts, ours=None, **more):
    ours = ours or replicas("cart", "n1", "n1", "n1", **more)
    return budgets.veto(ours[0], World(cluster(node("n1"), ours, parts)), Rules(), 0)


def unwritten(**bounds):
    return budget("cart", None, **bounds)


def test_a_pod_under_no_budget_or_under_one_that_allows_it_may_be_moved():
    assert ask() is None
    assert ask(budget("cart", 1)) is None
    assert ask(budget("web", 0)) is None


def test_a_pod_whose_budget_allows_nothing_is_not():
    reason = ask(budget("cart", 0))

    assert reason.code == "BudgetSpent"
    assert "budget shop/cart allows 0 disruptions" in reason.message


def test_two_budgets_on_one_pod_are_refused():
    everything = budget("all", 5, selector=Selector())

    reason = ask(budget("cart", 5), everything)

    assert reason.code == "SeveralBudgets"
    assert "shop/cart, shop/all" in reason.message


def test_a_null_selector_counts_nobody():
    assert ask(budget("none", 0, selector=None)) is None


def test_a_budget_whose_numbers_are_old_or_missing_is_a_no():
    assert ask(budget("cart", 3, stale=True)).code == "BudgetStale"
    assert ask(unwritten()).code == "BudgetUnknown"
    assert ask(unwritten(min_available="many")).code == "BudgetUnknown"


@pytest.mark.parametrize(
    ("bounds", "allowed"),
    [
        ({"min_available": "2"}, 1),
        ({"min_available": "3"}, 0),
        ({"min_available": "5"}, 0),
        ({"min_available": "34%"}, 1),
        ({"min_available": "67%"}, 0),
        ({"min_available": "0"}, 3),
        ({"max_unavailable": "1"}, 1),
        ({"max_unavailable": "0"}, 0),
        ({"max_unavailable": "0%"}, 0),
        ({"max_unavailable": "1%"}, 1),
        ({"max_unavailable": "34%"}, 2),
        ({"max_unavailable": "200%"}, 3),
    ],
)
def test_without_a_status_it_is_computed_as_kubernetes_rounds(bounds, allowed):
    world = World(cluster(node("n1"), replicas("cart", "n1", "n1", "n1"), unwritten(**bounds)))

    assert budgets.disruptions_allowed(world.snapshot.budgets[0], world) == allowed


def test_pods_that_are_not_ready_are_missing_already():
    sick = (*replicas("cart", "n1"), *replicas("cart-b", "n1", of="cart", ready=False))
    world = World(cluster(node("n1"), sick, unwritten(max_unavailable="1")))

    assert budgets.disruptions_allowed(world.snapshot.budgets[0], world) == 0
    assert world.replicas_of(workload_reference("cart"))[1].ready is False


def test_a_pod_that_is_not_ready_goes_under_the_rules_for_the_unhealthy():
    sick = replicas("cart", "n1", "n1", ready=False)

    assert ask(budget("cart", 0, always_allow_unhealthy=True), ours=sick) is None
    assert ask(budget("cart", 0, current_healthy=2, desired_healthy=2), ours=sick) is None
    assert ask(budget("cart", 0, current_healthy=1, desired_healthy=2), ours=sick) is not None
    assert ask(budget("cart", 0, current_healthy=0, desired_healthy=0), ours=sick) is not None
