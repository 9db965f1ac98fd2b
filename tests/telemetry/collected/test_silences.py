"""Who is lost in windows that collectors told whole: exporters that are not heard again yet."""

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.telemetry.collected.silences import Silences

NODES = frozenset({"n1", "n2", "n3"})
NOBODY = frozenset()


def taken(windows, *, longest=10.0, start=0, kept=64):
    """Ten seconds a window: who was heard, and who was cut; None for one that nobody told of."""
    found = Silences(10, longest, kept)
    for number, window in enumerate(windows, start=start):
        if window is not None:
            found.take(10 * number, *window)
    return found


def heard(*nodes, cut=NOBODY):
    return frozenset(nodes), frozenset(cut)


def lost(found, number, nodes=NODES, limit=0.05):
    return sorted(found.lost(10 * number, nodes, limit))


ALL = heard(*NODES)


def test_after_all_collectors_were_gone_nodes_are_lost_until_they_told_for_long():
    windows = [ALL] * 4 + [None] * 9 + [heard(), heard("n1"), heard("n1", "n2"), ALL, ALL, ALL]
    found = taken(windows)

    assert lost(found, 3) == []
    assert lost(found, 13) == ["n1", "n2", "n3"]
    assert lost(found, 14) == ["n1", "n2", "n3"]
    assert lost(found, 15) == ["n1", "n2", "n3"]
    assert lost(found, 16) == ["n2", "n3"]
    assert lost(found, 17) == ["n3"]
    assert lost(found, 18) == []


def test_who_is_heard_at_once_after_nobody_told_may_have_begun_anew_too():
    found = taken([ALL] * 4 + [None] + [ALL] * 3)

    assert [lost(found, number) for number in (5, 6, 7)] == [sorted(NODES), sorted(NODES), []]


def test_who_goes_on_after_its_collector_told_a_part_may_have_begun_anew_with_it():
    found = taken([ALL, ALL, heard(*NODES, cut=["n1"]), ALL, ALL, ALL])

    assert [lost(found, number) for number in range(6)] == [[], [], [], ["n1"], ["n1"], []]


def test_when_most_fall_silent_at_once_that_is_no_pause():
    found = taken([ALL] * 20 + [heard(), ALL, ALL, ALL])

    assert [lost(found, number) for number in range(19, 24)] == [
        [],
        *[sorted(NODES)] * 3,
        [],
    ]


def test_silences_of_all_that_come_again_and_again_are_no_habit():
    found = taken(([ALL] * 3 + [heard()] * 5) * 6)

    silent = [number for number in range(48) if number % 8 >= 3]
    assert [lost(found, number) for number in silent] == [sorted(NODES)] * len(silent)


def test_who_does_not_go_on_after_its_collector_told_a_part_is_lost():
    away = heard("n2", "n3")
    found = taken([ALL, ALL, heard(*NODES, cut=["n1"]), away, ALL, ALL, ALL])

    assert [lost(found, number) for number in range(7)] == [[], [], [], ["n1"], ["n1"], ["n1"], []]


def test_a_node_that_falls_silent_beside_its_collector_is_lost_and_after_a_while_given_up():
    away = heard("n2", "n3")
    found = taken([ALL] * 20 + [away] * 39 + [ALL] * 3)

    assert lost(found, 20) == []
    assert lost(found, 21) == ["n1"]
    assert lost(found, 56) == ["n1"]
    assert lost(found, 57) == []
    assert [lost(found, number) for number in (58, 59, 60, 61)] == [[], ["n1"], ["n1"], []]
    assert lost(taken([away, away], start=60), 61) == []


def test_one_that_was_given_up_is_not_taken_for_whole_when_it_comes_back():
    away = heard("n2", "n3")
    found = taken([ALL] * 10 + [away] * 39 + [ALL] * 3)

    assert [lost(found, number) for number in (48, 49, 50, 51)] == [[], ["n1"], ["n1"], []]


def test_after_a_mere_pause_the_first_window_is_enough():
    away = heard("n2", "n3")
    found = taken([ALL] * 20 + [away] * 3 + [ALL] * 3, longest=300.0)

    assert [lost(found, number) for number in range(20, 26)] == [
        *([], ["n1"], ["n1"], ["n1"], ["n1"], [])
    ]


def test_one_that_pauses_for_longer_than_is_waited_for_is_known_by_and_by():
    away = heard("n2", "n3")
    found = taken(([ALL] + [away] * 59) * 4, longest=60.0, kept=240)

    assert [lost(found, number) for number in range(120, 240)] == [[]] * 120


def test_while_little_is_known_of_a_node_it_may_be_silent_for_as_long_as_flows_are_held():
    away = heard("n2", "n3")
    found = taken([ALL] * 4 + [away] * 5, longest=30.0)

    assert [lost(found, number) for number in range(4, 9)] == [[], [], [], [], ["n1"]]
    assert lost(taken([ALL] * 8 + [away] * 2, longest=30.0), 9) == ["n1"]


def test_one_that_speaks_now_and_then_is_not_missed_in_between():
    away, often = heard("n2", "n3"), [ALL, *[heard("n2", "n3")] * 5]
    found = taken(often * 12 + [away] * 4)

    assert [lost(found, number) for number in range(50, 76)] == [[]] * 26


def test_a_few_of_many_nodes_are_bearable():
    names = frozenset(f"n{number}" for number in range(40))
    some = [(names, NOBODY)] * 20 + [(names - {"n1", "n2"}, NOBODY)] * 2
    more = [(names, NOBODY)] * 20 + [(names - {"n1", "n2", "n3"}, NOBODY)] * 2

    assert lost(taken(some), 21, names) == []
    assert lost(taken(more), 21, names) == ["n1", "n2", "n3"]


def test_a_node_that_has_left_the_cluster_is_not_missed():
    found = taken([ALL] * 4 + [None, heard("n2", "n3")])

    assert lost(found, 5, NODES - {"n1"}) == ["n2", "n3"]


def test_an_exporter_of_no_node_is_nobody_that_could_be_missed():
    found = taken([heard("")] * 4 + [None, heard()])

    assert lost(found, 5, NODES | {""}) == []


def test_what_came_late_says_which_windows_are_told_anew():
    found = taken([ALL] * 4 + [heard(cut=NODES)] * 2 + [ALL] * 2)
    assert [lost(found, number) for number in (4, 5, 6, 7)] == [sorted(NODES)] * 4

    assert found.take(40, *ALL) == ()
    assert found.take(50, *ALL) == (60, 70)
    assert [lost(found, number) for number in (4, 5, 6, 7)] == [[]] * 4


windows = st.lists(
    st.none()
    | st.tuples(st.frozensets(st.sampled_from(sorted(NODES))), st.frozensets(st.just("n1"))),
    min_size=1,
    max_size=30,
)


@given(windows, st.randoms(use_true_random=False))
def test_the_order_in_which_windows_come_changes_nothing(told, dice):
    order = [number for number, window in enumerate(told) if window is not None]
    dice.shuffle(order)
    mixed = Silences(10, 20.0)
    for number in order:
        mixed.take(10 * number, NOBODY, frozenset({"n2"}))
    for number in order:
        mixed.take(10 * number, *told[number])

    found = taken(told, longest=20.0)
    assert [lost(mixed, n) for n in sorted(order)] == [lost(found, n) for n in sorted(order)]


@given(windows)
def test_windows_that_are_let_go_are_remembered_by_what_they_said(told):
    first = [ALL] * 20
    short, whole = taken(first + told, kept=5), taken(first + told)
    last = max(number for number, window in enumerate(first + told) if window is not None)

    assert lost(short, last) == lost(whole, last)
    assert short.take(0, *ALL) == ()
    assert lost(short, 0) == []
    assert lost(short, last) == lost(whole, last)


def test_nodes_that_join_later_do_not_make_a_window_whole():
    names, more = ({f"n{number}" for number in range(count)} for count in (20, 50))
    rest = frozenset(names - {"n1", "n2"})
    found = taken([(frozenset(names), NOBODY)] * 20 + [(rest, NOBODY)] * 2)
    found.take(220, frozenset(more), NOBODY)

    assert lost(found, 21, frozenset(more)) == ["n1", "n2"]


def test_people_are_told_some_of_the_names():
    found = Silences(10, 300.0)

    one = "node n1 (silent, or heard again for less than 300 s)"
    assert found.text(frozenset({"n1"})) == one
    many = found.text(frozenset(f"n{number}" for number in range(9)))
    assert many.startswith("nodes n0, n1, n2, n3, n4 and 4 more (silent")
