"""Which windows of which collectors are billed next."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.telemetry.collected import rosters
from shorthaul.telemetry.collected.clients import Listed, Listing
from shorthaul.telemetry.collected.rosters import Grid, Roster

GRID = Grid(60, patience_seconds=180)
NEVER = 1e12


def listed(start, end=None, *, records=1, complete=True, **more):
    """A window by its start and end in seconds."""
    stop = start + 60 if end is None else end
    return Listed(start * 1_000, stop * 1_000, records, complete=complete, **more)


def roster(*listings, now=600.0):
    found = Roster(GRID)
    for number, (name, windows) in enumerate(listings, start=1):
        assert found.hear(f"127.0.0.{number}", Listing(name, 60, tuple(windows)), now) == ""
    return found


def starts(due):
    return [(name, window.start_ms // 1_000) for name, window in due.windows]


def test_the_oldest_window_is_due_once_all_have_closed_theirs_and_addresses_are_known():
    both = roster(("a", [listed(0), listed(60)]), ("b", [listed(0)]), now=70.0)

    assert both.due(70.0, 59.0) is None
    assert starts(both.due(70.0, 60.0)) == [("a", 0), ("b", 0)]
    both.done(both.due(70.0, 60.0).windows)
    assert both.due(130.0, 120.0) is None


def test_a_collector_that_says_nothing_is_waited_for_until_patience_is_over():
    both = roster(("a", [listed(0), listed(60)]), ("b", [listed(0)]), now=70.0)
    both.done(both.due(70.0, 60.0).windows)

    assert both.due(120 + 179.0, 120.0) is None
    assert starts(both.due(120 + 180.0, 120.0)) == [("a", 60)]
    assert not both.complete(60, 0.05)


def test_nothing_is_billed_before_addresses_are_known_however_long_that_takes():
    found = roster(("a", [listed(0)]), now=70.0)

    assert found.due(NEVER, 59.0) is None
    assert starts(found.due(NEVER, 60.0)) == [("a", 0)]


def test_one_that_is_forgotten_is_expected_for_as_long_as_windows_are_kept():
    found = roster(("a", [listed(0), listed(60)]), ("b", [listed(0)]), now=70.0)
    found.hear("127.0.0.1", Listing("a", 60, tuple(map(listed, range(0, 2_400, 60)))), 2_400.0)
    found.forget(2_400.0)

    assert list(found.known) == ["a"]
    assert found.complete(0, 0.05)
    assert not found.complete(60, 0.05)
    assert not found.complete(1_860, 0.05)
    assert found.complete(1_920, 0.05)


def test_one_whose_address_is_anothers_is_expected_up_to_then_only():
    found = roster(("a", [listed(0)]), now=130.0)
    found.hear("127.0.0.1", Listing("b", 60, tuple(map(listed, range(0, 600, 60)))), 130.0)

    assert list(found.known) == ["b"]
    assert [found.complete(start, 0.05) for start in (0, 60, 120, 180)] == [
        True,
        False,
        False,
        True,
    ]


def test_more_windows_than_can_be_fetched_are_left_out(monkeypatch):
    monkeypatch.setattr(rosters, "MOST_WINDOWS", 2)
    found = roster(*((name, [listed(0)]) for name in "abc"))

    due = found.due(600.0, 600.0)

    assert (starts(due), [name for name, _ in due.left_out]) == ([("a", 0), ("b", 0)], ["c"])


def test_one_that_is_heard_again_tells_for_itself():
    found = roster(("a", [listed(0)]), now=70.0)
    found.forget(1_000.0)
    found.hear("127.0.0.1", Listing("a", 60, (listed(0), listed(60))), 1_000.0)

    assert found.complete(60, 0.05)


def test_a_window_that_comes_late_is_billed_by_itself():
    found = roster(("a", [listed(0), listed(60)]), now=130.0)
    for _ in range(2):
        found.done(found.due(130.0, 120.0).windows)
    found.hear("127.0.0.2", Listing("b", 60, (listed(0), listed(60))), 140.0)

    assert starts(found.due(140.0, 120.0)) == [("b", 0)]


def test_windows_between_are_put_on_the_grid_by_their_start():
    found = roster(("a", [listed(0, 20, complete=False), listed(25, 60), listed(60)]), now=130.0)

    assert starts(found.due(130.0, 120.0)) == [("a", 0), ("a", 25)]
    assert not found.complete(0, 0.05)
    assert found.complete(60, 0.05)


@pytest.mark.parametrize(("lost", "whole"), [(5, True), (6, False)])
def test_a_window_that_lost_much_is_not_complete(lost, whole):
    found = roster(("a", [listed(0, records=95, lost=lost)]))

    assert found.complete(0, 0.05) is whole


def test_windows_that_do_not_fit_are_refused_in_one_line():
    trouble = Roster(GRID).hear("127.0.0.1", Listing("a", 45, ()), 0.0)

    assert trouble == (
        "collector a: its windows of 45 s do not fit into those of 60 s; give it --window-seconds"
        " 60"
    )


def test_a_collector_that_comes_back_goes_on_where_it_was():
    found = roster(("a", [listed(0)]), now=70.0)
    found.done(found.due(70.0, 60.0).windows)
    found.forget(1_000.0)
    assert found.known == {}

    found.hear("127.0.0.9", Listing("a", 60, (listed(0), listed(60))), 1_000.0)

    assert starts(found.due(1_000.0, 900.0)) == [("a", 60)]


def test_more_records_than_can_be_held_are_left_out_and_said():
    most = rosters.MOST_RECORDS
    found = roster(("a", [listed(0, records=most)]), ("b", [listed(0, records=1)]))

    due = found.due(600.0, 600.0)

    assert starts(due) == [("a", 0)]
    assert [name for name, _ in due.left_out] == ["b"]


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("abc"), st.sets(st.integers(0, 12), min_size=1), min_size=1, max_size=3
    )
)
def test_every_window_is_billed_exactly_once_in_order(numbers):
    found = roster(
        *((name, map(listed, sorted(n * 60 for n in at))) for name, at in numbers.items())
    )

    billed, order = [], []
    while (due := found.due(NEVER, NEVER)) is not None:
        billed += starts(due)
        order.append(due.start_seconds)
        found.done(due.windows)

    assert sorted(billed) == sorted((name, n * 60) for name, at in numbers.items() for n in at)
    assert order == sorted(set(order))
