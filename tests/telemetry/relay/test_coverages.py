"""Who is connected, who is silent though it should not be, and what was overwritten."""

from shorthaul.telemetry.relay.coverages import REMEMBERED_POLLS, STALLED_POLLS, Standing, Watch


def polled(*polls):
    """A watch after polls of one node, each (flows seen by it, flows of it that came)."""
    watch = Watch()
    for seen, came in polls:
        watch.poll({"n1": Standing(True, seen, min(seen, 100))}, lambda _, came=came: came)
    return watch


def test_nodes_that_are_not_connected_are_known_and_missing():
    watch = Watch()
    watch.poll({"n1": Standing(True), "n2": Standing(False), "n3": Standing(True)}, lambda _: 0)
    watch.lose(["n3", "unheard-of"])

    assert watch.coverage.known == {"n1", "n2", "n3"}
    assert watch.coverage.connected == {"n1"}
    assert watch.coverage.missing == ("n2", "n3")


def test_a_node_that_sees_flows_of_which_none_arrives_is_not_covered():
    watch = polled((0, 0), *[(500, 0)] * STALLED_POLLS)

    assert watch.stalled == ("n1",)
    assert watch.coverage.connected == frozenset()


def test_a_node_is_not_stalled_by_its_newest_flow_alone_nor_when_flows_come():
    assert polled((7, 7), *[(8, 7)] * 9).stalled == ()
    assert polled((0, 0), (500, 0), (500, 0), (500, 500), (900, 500)).stalled == ()
    assert polled((0, 0), *[(0, 0)] * 9).stalled == ()


def test_an_agent_that_started_anew_is_not_stalled():
    assert polled((900, 900), (3, 900), (4, 900), (4, 900), (4, 900)).stalled == ()


def test_what_neither_came_nor_is_held_was_overwritten():
    watch = polled((200, 0), (1000, 800))

    assert watch.overwritten("n1", Standing(True, 5000, 100), 800) == 5000 - 100 - 1000
    assert watch.overwritten("n1", Standing(True, 5000, 100), 850) == 5000 - 100 - 1050
    assert watch.overwritten("n1", Standing(True, 50, 50), 800) == 1
    assert watch.overwritten("unheard-of", Standing(True, 50, 50), 0) == 1


def test_a_node_that_had_not_spoken_loses_nothing_by_its_first_flow():
    watch = polled((2, 0), (2, 0))

    assert watch.overwritten("n1", Standing(True, 3, 3), 0) == 0
    assert watch.overwritten("n1", Standing(True, 3000, 1000), 0) == 1998
    assert watch.overwritten("n1", Standing(True, 1, 1), 0) == 1
    assert watch.overwritten("n1", Standing(True, 3, 3), 1) == 1


def test_a_relay_that_lists_nobody_yet_makes_nothing_forgotten_for_a_while():
    watch = polled((200, 0), (1000, 800))

    watch.poll({}, lambda _: 800)
    assert watch.coverage.missing == ("n1",)
    assert watch.overwritten("n1", Standing(True, 5000, 100), 800) == 3900
    for _ in range(REMEMBERED_POLLS):
        watch.poll({}, lambda _: 800)
    assert watch.coverage.known == frozenset()


def test_what_came_after_the_last_poll_was_not_overwritten():
    watch = polled((0, 0))

    watch.settle(lambda _: 100)
    watch.poll({"n1": Standing(True, 3100, 1000)}, lambda _: 100)

    assert watch.overwritten("n1", Standing(True, 3100, 1000), 100) == 2000
