"""Flow events into windows: late, early, out of order, lost, silent, too many."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.traffic import anchors
from shorthaul.traffic.flows import AnchorFlow, Flow, Heard, Lost
from shorthaul.traffic.pair_sums import pair_sums
from shorthaul.traffic.recorders import Recorder
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import NodeName, PodRef

RULES = WindowRules(window_seconds=10, lateness_seconds=5, lead_seconds=2, kept_windows=6)
START = 1_000_000
WEB, CART = PodRef("shop", "web-1"), PodRef("shop", "cart-1")
OFFICE = anchors.vertex("office")


def flow(at, events=1, *, reply=False, observer="n1", server=CART):
    return Flow(WEB, server, reply, events, int((START + at) * 10**9), NodeName(observer))


def recorder(rules=RULES, at=0):
    return Recorder(rules, START + at)


def between(window, server):
    [found] = (pair for pair in window.pairs if (pair.client, pair.server) == (WEB, server))
    return found


def started():
    """A recorder whose first window, which is always dropped, is behind it."""
    one = recorder()
    one.add(flow(0), START + 1)
    one.close(START + 16)
    return one


def test_a_window_closes_when_its_time_and_the_wait_for_late_events_are_over():
    one = started()
    one.add(flow(12, 3), START + 16)
    one.add(flow(19, 2, reply=True, observer="n2"), START + 20)

    assert one.close(START + 24.9) == ()
    [window] = one.close(START + 25)

    assert (window.start_seconds, window.end_seconds) == (START + 10, START + 20)
    pair = between(window, CART)
    assert (pair.forward, pair.backward) == (3, 2)
    assert (pair.forward_observers, pair.backward_observers) == ({"n1"}, {"n2"})
    assert window.complete


def test_the_first_window_is_dropped_because_it_was_joined_in_its_middle():
    one = recorder()
    one.add(flow(8, 4), START + 9)

    assert one.close(START + 16) == ()
    assert one.partial_events == 4


def test_events_may_come_out_of_order_until_the_window_is_closed():
    one = started()
    for at in (19, 11, 15):
        one.add(flow(at), START + 20)

    [window] = one.close(START + 25)

    assert between(window, CART).forward == 3


def test_an_event_for_a_closed_window_is_counted_and_refused():
    one = started()
    one.close(START + 25)

    one.add(flow(19.9, 7), START + 25)

    assert one.late_events == 7
    assert one.close(START + 35)[0].pairs == pair_sums()


def test_an_event_from_the_future_is_counted_and_refused_and_closes_nothing():
    one = started()
    one.add(flow(10_000, 5), START + 16)
    one.add(flow(12), START + 16)

    [window] = one.close(START + 25)

    assert one.early_events == 5
    assert between(window, CART).forward == 1


def test_a_clock_that_goes_back_closes_nothing_twice():
    one = started()
    one.close(START + 25)

    assert one.close(START + 5) == ()
    assert one.close(START + 25) == ()


def test_a_long_silence_is_closed_in_at_most_the_kept_windows():
    one = started()

    closed = one.close(START + 100_000)

    assert len(closed) == RULES.kept_windows
    assert len(one.windows) == RULES.kept_windows


def test_a_node_that_falls_silent_makes_the_window_incomplete():
    one = started()
    for observer in ("n1", "n2"):
        one.add(flow(12, observer=observer), START + 16)
    one.add(flow(22), START + 22)

    first, second = one.close(START + 35)

    assert (first.blind, first.complete) == (frozenset(), True)
    assert (second.blind, second.complete) == ({"n2"}, False)
    assert second.usable


def test_a_sign_of_life_is_enough_not_to_be_silent():
    one = started()
    one.add(flow(12), START + 16)
    one.hear(Heard(NodeName("n1"), START + 25, 3), START + 26)

    second = one.close(START + 35)[1]

    assert second.complete
    assert second.observers["n1"].lines == 3


def test_a_node_that_no_longer_exists_is_not_missed():
    one = started()
    one.add(flow(12, observer="n2"), START + 16)

    second = one.close(START + 35, frozenset({NodeName("n1")}))[1]

    assert "n2" not in second.blind


def test_a_window_that_lost_over_the_limit_is_unusable():
    one = started()
    for i in range(95):
        one.add(flow(12 + i / 100), START + 20)
    one.lose(Lost(NodeName("n1"), 5, (START + 15) * 10**9), START + 20)
    for i in range(95):
        one.add(flow(22 + i / 100), START + 30)
    one.lose(Lost(NodeName("n1"), 6, (START + 25) * 10**9), START + 30)

    first, second = one.close(START + 35)

    assert (first.usable, first.lost_events) == (True, 5)
    assert (second.usable, second.blind) == (False, {"n1"})


def test_a_node_that_lost_too_much_is_blind_though_the_window_is_usable():
    one = started()
    for i in range(300):
        one.add(flow(12 + i / 100), START + 20)
    one.add(flow(13, observer="n2"), START + 20)
    one.lose(Lost(NodeName("n2"), 9), START + 16)

    [window] = one.close(START + 25)

    assert (window.usable, window.blind) == (True, {"n2"})


def test_pairs_beyond_the_limit_are_counted_and_known_pairs_go_on():
    rules = WindowRules(window_seconds=10, lateness_seconds=5, pair_limit=2)
    one = recorder(rules)
    one.add(flow(0), START + 1)
    one.close(START + 16)
    for name in ("a", "b", "c", "d"):
        one.add(flow(12, 2, server=PodRef("shop", name)), START + 20)
    one.add(flow(13, 5, server=PodRef("shop", "a")), START + 20)

    [window] = one.close(START + 25)

    assert [pair.server.name for pair in window.pairs] == ["a", "b"]
    assert between(window, PodRef("shop", "a")).forward == 7
    assert window.surplus_events == 4


steps = st.lists(
    st.tuples(st.floats(-80, 80), st.integers(1, 9), st.floats(0, 7)), min_size=1, max_size=40
)


@settings(max_examples=200, deadline=None)
@given(steps)
def test_every_event_is_counted_exactly_once(steps):
    one, now, given_events, windows = recorder(), float(START), 0, []
    for offset, events, pause in steps:
        now += pause
        one.add(flow(now - START + offset, events), now)
        given_events += events
        windows += one.close(now)
    windows += one.close(now + 1000)
    windows += one.close(now + 2000)

    in_windows = sum(pair.events for window in windows for pair in window.pairs)
    refused = one.late_events + one.early_events + one.partial_events
    assert in_windows + refused == given_events
    starts = [window.start_seconds for window in windows]
    assert starts == sorted(set(starts))


def anchored(at, events=1, *, reply=False, outgoing=False, observer="n1"):
    time = int((START + at) * 10**9)
    return AnchorFlow(WEB, OFFICE, outgoing, reply, events, time, NodeName(observer))


def test_events_with_a_named_place_are_in_the_window_by_who_asked_whom():
    one = started()
    one.add_anchored(anchored(12, 3), START + 16)
    one.add_anchored(anchored(13, 2, reply=True), START + 16)
    one.add_anchored(anchored(14, 4, reply=True, outgoing=True), START + 16)

    [window] = one.close(START + 25)

    assert window.pairs == pair_sums()
    incoming, asked = window.anchored[OFFICE, WEB], window.anchored[WEB, OFFICE]
    assert (incoming.forward, incoming.backward, incoming.observers) == (3, 4, {"n1"})
    assert (asked.forward, asked.backward) == (0, 2)
    assert window.observers["n1"].lines == 3


def test_they_are_late_early_partial_and_too_many_like_others():
    one = recorder(WindowRules(window_seconds=10, lateness_seconds=5, lead_seconds=2, pair_limit=1))
    one.add_anchored(anchored(0, 7), START + 1)
    one.close(START + 16)
    one.add_anchored(anchored(1, 2), START + 16)
    one.add_anchored(anchored(60, 3), START + 16)
    one.add_anchored(anchored(12, 1), START + 16)
    one.add_anchored(anchored(12, 5, reply=True), START + 16)

    [window] = one.close(START + 25)

    assert (one.partial_events, one.late_events, one.early_events) == (7, 2, 3)
    assert (window.surplus_events, list(window.anchored)) == (5, [(OFFICE, WEB)])
