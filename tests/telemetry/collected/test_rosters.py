"""Which windows of which collectors are billed next."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.telemetry.collected import rosters
from shorthaul.telemetry.collected.beginnings import Expected
from shorthaul.telemetry.collected.clients import Listed, Listing
from shorthaul.telemetry.collected.rosters import Due, Grid, Roster
from shorthaul.traffic.addresses.parties import read_address

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


def test_one_that_has_not_closed_its_window_is_waited_for_until_grace_is_over():
    both = roster(("a", [listed(0), listed(60)]), ("b", [listed(0)]), now=70.0)
    both.done(both.due(70.0, 60.0).windows)

    assert both.due(120 + 14.0, 120.0) is None
    assert starts(both.due(120 + 15.0, 120.0)) == [("a", 60)]


def test_who_is_silent_is_passed_over_until_it_is_heard_again_and_then_billed():
    both = roster(("a", [listed(0)]), ("b", [listed(0)]), now=70.0)
    both.pass_over(["b"])

    assert both.due(74.0, 60.0) == both.due(60.0 + 15.0, 60.0)
    assert starts(both.due(75.0, 60.0)) == [("a", 0)]
    both.done(both.due(75.0, 60.0).windows)
    assert both.due(75.0, 60.0) is None

    both.hear("127.0.0.2", Listing("b", 60, (listed(0),)), 90.0)
    assert starts(both.due(90.0, 60.0)) == [("b", 0)]


def test_nothing_is_billed_before_addresses_are_known_however_long_that_takes():
    found = roster(("a", [listed(0)]), now=70.0)

    assert found.due(NEVER, 59.0) is None
    assert starts(found.due(NEVER, 60.0)) == [("a", 0)]


MINE, OTHERS = read_address("10.0.0.1"), read_address("10.0.0.2")
NODES = {"n1", "n2"}


def attended(found, start, nodes=NODES):
    """Who has told of a window, as it is once everything of it that is there has been read."""
    return found.attendance(due_of(found, start), 0.05, nodes)


def due_of(found, start):
    windows = [
        (name, window)
        for name, known in found.known.items()
        for window in known.listing.windows
        if start <= window.start_ms // 1_000 < start + 60
    ]
    return Due(start, tuple(windows))


def two_that_told(until=120):
    """a tells of node n1 and b of n2, both up to some time; both have been read so far."""
    windows = [listed(start) for start in range(0, until, 60)]
    found = roster(("a", windows), ("b", windows), now=until + 10.0)
    for start in range(0, until, 60):
        found.done(due_of(found, start).windows)
        found.told.told("a", {MINE: "n1"}, start)
        found.told.told("b", {OTHERS: "n2"}, start)
    return found


def hear_a(found, until):
    windows = tuple(map(listed, range(0, until, 60)))
    found.hear("127.0.0.1", Listing("a", 60, windows), float(until))
    found.pass_over(found.known.keys() & {"b"})


def test_a_window_without_one_that_told_of_a_node_says_whom_it_is_without():
    found = two_that_told()
    hear_a(found, 240)

    assert attended(found, 60).whole
    missing = attended(found, 180).missing
    assert [str(each) for each in missing] == ["collector b (node n2)"]


def test_one_that_is_forgotten_is_missed_for_as_long_as_windows_are_kept():
    found = two_that_told()
    hear_a(found, 2_400)
    found.forget(2_400.0)

    assert list(found.known) == ["a"]
    assert attended(found, 0).whole
    assert not attended(found, 120).whole
    assert not attended(found, 1_860).whole
    assert attended(found, 1_920).whole


def test_nobody_is_missed_who_told_of_nobody():
    found = roster(("a", [listed(0), listed(60)]), ("b", [listed(0)]), now=130.0)
    found.done(due_of(found, 0).windows)
    found.pass_over(["b"])

    assert attended(found, 60).whole


def test_a_node_that_has_left_the_cluster_is_missed_by_nobody():
    found = two_that_told()
    hear_a(found, 240)

    assert attended(found, 180, nodes={"n1"}).whole


def test_a_node_that_another_one_tells_of_is_there_again_from_the_next_window_on():
    found = two_that_told()
    hear_a(found, 360)
    for start in (120, 180, 240):
        found.told.told("a", {MINE: "n1"} | ({OTHERS: "n2"} if start >= 180 else {}), start)

    assert [attended(found, start).whole for start in (120, 180, 240)] == [False, False, True]


def test_one_that_spreads_its_records_is_missed_although_another_one_tells_of_it():
    found = two_that_told()
    for start in (0, 60):
        found.told.told("a", {OTHERS: "n2"}, start)
    hear_a(found, 360)
    for start in (120, 180, 240):
        found.told.told("a", {OTHERS: "n2"}, start)

    assert [attended(found, start).whole for start in (180, 240)] == [False, False]


def test_a_window_that_was_listed_and_could_not_be_had_is_not_whole():
    found = roster(("a", [listed(0)]), ("b", [listed(0)]), now=70.0)
    found.pass_over(["b"])
    due = Due(0, (("a", listed(0)),))

    assert found.attendance(due, 0.05, NODES).partly == ("b",)


THERE = tuple(Expected(f"at {each}", frozenset({each})) for each in ("127.0.0.1", "127.0.0.2"))


def one_of_two_answers(until=240, now=None):
    """a tells of node n1; who is at the other address has not been heard since the start."""
    windows = [listed(start) for start in range(0, until, 60)]
    found = roster(("a", windows), now=until + 10.0)
    found.beginning.look(THERE, {"127.0.0.1"}, now or until + 10.0)
    return found


def tell(found, start, exporters):
    found.done(due_of(found, start).windows)
    found.told.told("a", exporters, start)


def test_one_silent_since_the_start_is_waited_for_as_long_as_others_are():
    found = one_of_two_answers(until=60)

    assert found.due(60 + 14.0, 60.0) is None
    assert starts(found.due(60 + 15.0, 60.0)) == [("a", 0)]
    found.beginning.look(THERE, {"127.0.0.1", "127.0.0.2"}, 72.0)
    assert starts(found.due(72.0, 60.0)) == [("a", 0)]


def test_windows_are_without_one_silent_since_the_start_and_the_nodes_that_nobody_tells_of():
    found = one_of_two_answers()
    for start in (0, 60, 120, 180):
        tell(found, start, {MINE: "n1"})

    (missing,) = attended(found, 120).missing
    assert str(missing) == "collector at 127.0.0.2, never heard since the start (node n2)"
    assert attended(found, 120, nodes={"n1"}).whole
    (told,) = found.missed(250.0, NODES)
    assert told.startswith(f"{missing}: no window is complete until it answers or others hear")
    assert found.silent(250.0, NODES) == 1
    assert found.open_milliseconds(5_000.0) == 5_000_000
    assert found.open_milliseconds(250.0) == 0


def test_nodes_that_others_tell_of_since_before_a_window_are_not_missed_with_it():
    found = one_of_two_answers()
    tell(found, 0, {MINE: "n1"})
    tell(found, 60, {MINE: "n1", OTHERS: "n2"})

    assert not attended(found, 60).whole
    assert attended(found, 120).whole
    assert found.silent(250.0, NODES) == 1


def test_one_silent_since_the_start_is_missed_for_as_long_as_windows_are_kept():
    found = one_of_two_answers(until=3_000, now=900.0)
    tell(found, 0, {MINE: "n1"})

    assert [attended(found, start).whole for start in (2_640, 2_700)] == [False, True]
    assert found.missed(2_760.0, NODES) == []
    assert found.silent(2_760.0, NODES) == 1


def test_one_whose_address_is_anothers_is_expected_up_to_then_only():
    found = two_that_told(until=60)
    found.known["b"].address = "127.0.0.9"
    windows = tuple(map(listed, range(60, 600, 60)))
    found.hear("127.0.0.9", Listing("c", 60, windows), 130.0)
    hear_a(found, 600)

    assert sorted(found.known) == ["a", "c"]
    assert [attended(found, start).missing == () for start in (60, 120, 180)] == [
        False,
        False,
        True,
    ]


def test_what_may_still_come_is_from_where_a_silent_one_was_read_up_to():
    found = two_that_told()
    assert found.open_milliseconds(500.0) == 500_000

    found.pass_over(["b"])
    assert found.open_milliseconds(500.0) == 120_000
    assert found.open_milliseconds(5_000.0) == (5_000 - 1_800) * 1_000


def test_more_windows_than_can_be_fetched_are_left_out(monkeypatch):
    monkeypatch.setattr(rosters, "MOST_WINDOWS", 2)
    found = roster(*((name, [listed(0)]) for name in "abc"))

    due = found.due(600.0, 600.0)

    assert (starts(due), [name for name, _ in due.left_out]) == ([("a", 0), ("b", 0)], ["c"])


def test_one_that_is_heard_again_tells_for_itself():
    found = roster(("a", [listed(0)]), now=70.0)
    found.forget(1_000.0)
    found.hear("127.0.0.1", Listing("a", 60, (listed(0), listed(60))), 1_000.0)

    assert attended(found, 60).whole


def test_a_window_that_comes_late_is_billed_by_itself():
    found = roster(("a", [listed(0), listed(60)]), now=130.0)
    for _ in range(2):
        found.done(found.due(130.0, 120.0).windows)
    found.hear("127.0.0.2", Listing("b", 60, (listed(0), listed(60))), 140.0)

    assert starts(found.due(140.0, 120.0)) == [("b", 0)]


def test_windows_between_are_put_on_the_grid_by_their_start():
    found = roster(("a", [listed(0, 20, complete=False), listed(25, 60), listed(60)]), now=130.0)

    assert starts(found.due(130.0, 120.0)) == [("a", 0), ("a", 25)]
    assert not attended(found, 0).whole
    assert attended(found, 60).whole


@pytest.mark.parametrize(("lost", "whole"), [(5, True), (6, False)])
def test_a_window_that_lost_much_is_not_complete(lost, whole):
    found = roster(("a", [listed(0, records=95, lost=lost)]))

    assert attended(found, 0).whole is whole


def test_nodes_are_cut_by_time_that_is_not_told_and_not_by_records_that_were_lost():
    windows = [listed(0, records=90, lost=10), listed(60, 100), listed(120)]
    found = roster(("a", windows), now=190.0)
    found.told.told("a", {MINE: "n1"}, 0)

    assert [attended(found, start).whole for start in (0, 60, 120)] == [False, False, True]
    assert [sorted(attended(found, start).cut) for start in (0, 60, 120)] == [[], ["n1"], []]


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


def test_what_is_done_after_its_collector_was_forgotten_is_not_read_again():
    found = roster(("a", [listed(0)]), now=70.0)
    due = found.due(70.0, 60.0)
    found.forget(1_000.0)
    found.done(due.windows)

    found.hear("127.0.0.1", Listing("a", 60, (listed(0),)), 1_000.0)

    assert found.due(1_000.0, 900.0) is None


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
