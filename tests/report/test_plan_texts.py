"""A plan's text names every move and every reason, and fits the screen."""

import re

import pytest

from report.plan_examples import DISTANCES, move, plan, refusal
from shorthaul.cluster.reasons import Reason
from shorthaul.plan.plans import Recommendation, RoutingRefusal, Value
from shorthaul.report.plan_texts import bound_text, plan_text, summary
from shorthaul.report.screens import Screen, columns
from shorthaul.units import Namespace, Objective


def text(made, width=0, notes=()):
    return plan_text(made, DISTANCES, notes, Screen(width))


def test_a_move_is_one_line_where_it_fits():
    lines = text(plan([move()]), 120).splitlines()

    assert lines[:2] == [
        "Wave 1",
        "  ~  shop/cart-7f  n1 (zone-a) → n2 (zone-b)  −41.0 MB/s·distance  with shop/db",
    ]


def test_what_does_not_fit_beside_a_move_goes_below_it():
    lines = text(plan([move()]), 70).splitlines()

    assert lines[1:3] == [
        "  ~  shop/cart-7f  n1 (zone-a) → n2 (zone-b)  −41.0 MB/s·distance",
        "      with shop/db",
    ]


def test_on_a_narrow_screen_names_stay_whole():
    long = "shop/" + "cart-" * 12 + "7f"

    lines = text(plan([move(long)]), 60).splitlines()

    assert lines[1] == f"  ~  {long}"
    assert lines[2] == "      n1 (zone-a) → n2 (zone-b)"
    assert lines[3] == "      −41.0 MB/s·distance"


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_screen(width):
    made = plan(
        [move("shop/cart-76d57d5c9b-r558f", reason="with shop/db and " + "shop/catalog, " * 9)],
        [refusal("shop/web-1", message="node n3 " + "has 200m of 4000m cpu left, " * 8)],
    )

    lines = text(made, width, notes=["word " * 60]).splitlines()

    assert max(columns(line) for line in lines) <= width


def test_waves_are_shown_apart_and_in_order():
    found = text(plan([move("a-1", wave=1), move("b-1", wave=2), move("c-1", wave=2)]))

    assert re.findall(r"Wave \d|[abc]-1", found) == ["Wave 1", "a-1", "Wave 2", "b-1", "c-1"]


def test_refusals_are_grouped_by_reason_with_counts_and_samples():
    made = plan([], [refusal(f"shop/p-{i}") for i in range(5)] + [refusal("x-1", "Cordoned")])

    found = text(made)

    assert "NotEnoughCpu  5" in found
    assert "shop/p-0, shop/p-1, shop/p-2 and 2 more" in found
    assert found.index("NotEnoughCpu") < found.index("Cordoned")


def test_the_summary_counts_moves_waves_and_pods_that_stay():
    made = plan([move("a-1"), move("b-1", wave=2)], [refusal("c-1")])

    assert summary(made) == (
        "plan: 2 moves in 2 waves, −50.0 % bytes/s·distance; 1 pod not moved for a reason"
    )


def test_a_plan_without_moves_says_so():
    assert summary(plan()).startswith("plan: no move is worth making")


def test_a_search_that_was_cut_short_is_told():
    assert "cut short by the time limit" in summary(plan([move()], time_limited=True))
    assert "cut short" not in summary(plan([move()]))


def test_the_bound_tells_how_much_can_still_be_gained():
    assert "at most 25.0 % of what is left" in bound_text(plan().value)


def test_a_plan_at_its_bound_is_called_optimal():
    value = Value(Objective.BYTES, "bytes/s·distance", 9, 5, 5, "relaxation")

    assert bound_text(value) == "bound: relaxation; the plan is optimal"


def test_text_from_outside_cannot_send_commands_to_the_terminal():
    made = plan(
        [move("shop/a\x1b[2J-1", reason="\x1b]0;x\x07")], [refusal("b\r-1", message="\x1b")]
    )

    assert "\x1b" not in text(made, notes=["\x1b[H"])
    assert "\r" not in text(made)


def test_routing_is_told_with_its_load_and_what_is_refused_with_the_numbers():
    shop = Namespace("shop")
    reason = Reason("EndpointOverloaded", "endpoint shop/db-0 on n1 would get 3.2 x its fair share")
    made = plan(
        [move()],
        routing=(Recommendation(shop, "cart", "", "PreferSameZone", 5e6, 1.25),),
        routing_refusals=(RoutingRefusal(shop, "db", "PreferSameNode", reason),),
    )

    found = text(made)

    assert "shop/cart" in found
    assert "none -> PreferSameZone" in found
    assert "an endpoint gets at most 1.25 x its fair share" in found
    assert "shop/db not PreferSameNode: endpoint shop/db-0 on n1 would get 3.2 x" in found
    assert "trafficDistribution" not in text(plan([move()]))
