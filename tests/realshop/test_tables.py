"""What a run came to is kept in a file whole, and its table says the same as its figures."""

from dataclasses import replace

import pytest

from realshop import outcomes, pages, tables

SPAN = outcomes.Span(
    seconds=50.0,
    cross_bytes_per_second=1_600_000.0,
    p50_seconds=0.004,
    p99_seconds=0.5,
    due=8_000,
    done=7_990,
    failed=3,
    skipped=0,
    called_bytes_per_second=3_150_000.0,
    failures={"timeout": 3},
)
AFTER = replace(SPAN, cross_bytes_per_second=320_000.0, p99_seconds=0.02, failed=0, failures={})


def plan(name, phase, before, after, moves=4):
    return {
        "name": name,
        "phase": phase,
        "moves": moves,
        "objective": {},
        "locality": {"before": {"region": before}, "after": {"region": after}},
        "verification": {"promised": 100.0, "measured": 90.0, "unit": "bytes/s·distance"},
    }


MOVING = outcomes.Moving(
    evictions=12,
    landed=11,
    astray=1,
    seconds=40.0,
    due=6_000,
    failed=2,
    failures={"dial: connection refused": 2},
    breaches=0,
    unheard=1,
    later_evictions=0,
    later_seconds=90.0,
    refusals={"Refused: TargetFull": 1},
    plans=(plan("a", "Done", 0.5, 0.2), plan("b", "Done", 0.2, 0.1), plan("c", "Expired", 1, 0)),
)
OUTCOME = outcomes.Outcome(
    scenario="moves",
    seed=1,
    services=12,
    pods=27,
    nodes=6,
    racks=2,
    cni="ptp",
    bandwidth="10mbit",
    offered_bytes_per_second=3_200_000.0,
    least_bytes_per_second=224_000.0,
    least_proven=True,
    before=SPAN,
    after=AFTER,
    moving=MOVING,
    restart=outcomes.Restart(30.0, 27, 5_000, 4, 0),
)


@pytest.mark.parametrize("found", [OUTCOME, replace(OUTCOME, moving=None, restart=None)])
def test_an_outcome_is_read_as_it_was_written(found, tmp_path):
    outcomes.write(found, tmp_path / "results" / "one.json")

    assert outcomes.read(tmp_path / "results" / "one.json") == found


def test_the_table_tells_how_much_less_crosses_and_how_much_sooner_calls_end():
    text = tables.one(OUTCOME)

    assert "| 1,600 kB/s | 320 kB/s | 20% |" in text
    assert "| 500.0 ms | 20.0 ms | 1 / 25.0 |" in text
    assert "11 landed where planned, 1 did not (Refused: TargetFull (1)), in 40 s" in text
    assert "during the moves 2 of 6000 calls failed: dial: connection refused (2)" in text
    assert "4 of 5000 calls failed" in text


def test_the_promise_is_of_the_plans_that_were_carried_out_one_after_the_other():
    assert tables.predicted_share(OUTCOME) == pytest.approx(0.2)
    assert "promised 80%, measured on the links 80%, measured / promised 1.00" in tables.one(
        OUTCOME
    )


def test_without_a_plan_that_was_carried_out_there_is_no_promise():
    nothing = replace(OUTCOME, moving=replace(MOVING, plans=()))

    assert tables.predicted_share(nothing) is None
    assert tables.predicted_share(replace(OUTCOME, moving=None)) is None


def test_scenarios_on_one_shop_are_compared_in_one_table():
    alone = replace(OUTCOME, scenario="scheduler", moving=None, after=SPAN)

    text = pages.page([OUTCOME, alone], {})

    assert text.index("| scheduler | 1,600 kB/s | 100% |") < text.index(
        "| moves | 320 kB/s | 20% |"
    )


def test_shops_that_say_unusually_much_are_told_apart():
    loud = replace(OUTCOME, offered_bytes_per_second=4_499_000.0, cni="cilium")

    text = pages.page([OUTCOME, loud], {})

    assert "## Shop 1\n" in text
    assert "## Shop 1, 4.5 MB/s, cilium\n" in text
