"""A demo went well only if every witness says so."""

import dataclasses

import pytest

from demoshop import moves, pages, results, screens
from demoshop.budgets import Breach, Budget
from demoshop.evictions import Tally
from demoshop.measures import Measure
from demoshop.moves import Move, PlanOutcome

FAR = Measure(
    10.0, 1000, {"host": 0.0, "rack": 0.1, "zone": 0.2, "region": 0.7, "beyond": 0.0}, 770
)
NEAR = Measure(
    10.0, 900, {"host": 0.5, "rack": 0.3, "zone": 0.1, "region": 0.1, "beyond": 0.0}, 144
)
MOVE = Move("shop", "m1", "cart-1", "cart", "n01", "n02", "Landed", 20.0, "auto-1")
PLAN = PlanOutcome("auto-1", "Auto", "Done", "d", 1, 1, 700.0, 700.0, 600.0, "flows/s·distance")
BUDGET = Budget("shop", "cart", (("app", "cart"),), 3, 2)
GOOD = results.Result(
    kubernetes="1.36.3",
    seconds=100.0,
    before=FAR,
    after=NEAR,
    edges_before={("shop/web", "shop/<cart>"): {**FAR.shares}},
    edges_after={},
    moves=(MOVE,),
    plans=(PLAN, dataclasses.replace(PLAN, name="old", phase="Superseded")),
    refusals={"DoNotMove": (1, "pay/ledger opted out")},
    budgets=(BUDGET,),
    lowest={("shop", "cart"): 2},
    breaches=(),
    evictions=Tally(1, 0, 0, 1, (("system:serviceaccount:shorthaul-system:shorthaul", 1),), ()),
    flows={"lines": 1000, "lost": 3},
)


def test_a_good_run_has_no_failures():
    assert list(GOOD.failures()) == []
    assert GOOD.predicted == 700.0


def test_a_plan_promises_only_what_its_landed_moves_were_to_gain():
    spec = {"predicted": {"value": 400.0, "unit": "flows/s·distance"}, "moves": [{}, {}]}
    plan = {"metadata": {"name": "auto-1"}, "spec": spec, "status": {"phase": "Done"}}
    refused = dataclasses.replace(MOVE, name="m2", phase="Refused", gain=60.0)
    other = dataclasses.replace(MOVE, plan="auto-2", gain=500.0)

    assert moves.outcome(plan, [MOVE, refused, other]).predicted == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"moves": (dataclasses.replace(MOVE, phase="Refused"),)}, "0 pods were moved"),
        ({"breaches": (Breach(1.0, BUDGET, 1),)}, "budget shop/cart had 1 ready pods and wants 2"),
        ({"after": FAR}, "mean distance was 7.70 before and 7.70 after"),
        (
            {"evictions": dataclasses.replace(GOOD.evictions, repeated=("shop/cart-1 (u)",))},
            "shop/cart-1 (u) was evicted more than once",
        ),
    ],
)
def test_each_witness_can_fail_the_demo(change, words):
    failures = list(dataclasses.replace(GOOD, **change).failures())

    assert len(failures) == 1
    assert words in failures[0]


@pytest.mark.parametrize("width", [80, 100])
def test_the_screen_fits_and_shows_what_was_measured(width):
    screen = screens.Screen()
    screen.console.width = width
    with screen.console.capture() as capture:
        screen.move(1.0, MOVE)
        screen.result(GOOD)
        screen.verdict(GOOD, "report.html")

    text = capture.get()
    assert max(len(line) for line in text.splitlines()) <= width
    for words in ("70.0%", "10.0%", "626 (89%)", "600 (86%)", "1 by shorthaul", "0 of 1"):
        assert words in text


def test_the_page_holds_every_number_and_escapes_names():
    page = pages.page(GOOD)

    assert "shop/&lt;cart&gt;" in page
    assert "<cart>" not in page
    for words in ("70.0%", "10.0%", "pay/ledger opted out", "superseded".title()):
        assert words in page
    assert "http" not in page.replace("https://", "")
