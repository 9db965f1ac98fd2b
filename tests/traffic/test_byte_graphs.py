"""Bytes of several sources become one map: averaged, reconciled, joined with what Hubble saw."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, strategies

from shorthaul.traffic.byte_graphs import Seen, byte_graph
from shorthaul.traffic.joins import UNSEEN, Joining
from shorthaul.traffic.windows import STALE
from traffic import volume_worlds as worlds
from traffic.test_volume_recorders import recorded
from traffic.volume_worlds import CLUSTER, NOW, RULES, events, patient, pod, volume


def graph(seen=None, **told):
    return byte_graph(told, RULES, CLUSTER, seen)


def seen_by(events, pairs=()):
    return Seen(Joining(events, CLUSTER), pairs)


def rates(found):
    return {(e.client.name, e.server.name): (e.forward, e.backward) for e in found.edges}


@patient
@given(worlds.told, strategies.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_what_is_told_changes_the_map(told, random):
    again = [*told, *told]
    random.shuffle(again)

    maps = [byte_graph(recorded(each).windows(NOW), RULES, CLUSTER) for each in (told, again)]

    assert maps[0] == maps[1]


@patient
@given(worlds.told)
def test_several_sources_never_add_up(told):
    windows = recorded(told).windows(NOW)
    alone = {name: byte_graph({name: its}, RULES, CLUSTER) for name, its in windows.items()}

    together = _between(byte_graph(windows, RULES, CLUSTER))

    single = [_between(each) for each in alone.values()]
    for two, rate in together.items():
        assert any(math.isclose(rate, each.get(two, 0.0), rel_tol=1e-9) for each in single)


@patient
@given(worlds.volumes.map(lambda each: replace(each, complete=True)))
def test_a_single_window_has_exactly_the_bytes_of_its_edges(drawn):
    found = byte_graph({"one": (drawn,)}, RULES, CLUSTER)

    assert found.rate * drawn.seconds == pytest.approx(drawn.billed_bytes)


def _between(found):
    sums = {}
    for edge in found.edges:
        two = frozenset((edge.client, edge.server))
        sums[two] = sums.get(two, 0.0) + edge.rate
    return sums


def test_windows_are_averaged_with_their_half_life():
    found = graph(one=[volume(970, ("web", "db", 100, 0)), volume(990, ("web", "db", 400, 0))])

    assert rates(found) == {("web", "db"): (pytest.approx(30.0), 0.0)}


@pytest.mark.parametrize("said", [(), [volume(980, ("web", "db", 1, 0), complete=False)]])
def test_a_window_that_is_missing_or_incomplete_says_nothing_rather_than_zero(said):
    found = graph(
        one=[volume(970, ("web", "db", 500, 0)), *said, volume(990, ("web", "db", 500, 0))]
    )

    assert rates(found) == {("web", "db"): (pytest.approx(50.0), 0.0)}
    assert len(found.warnings) == len(said)


def test_the_source_that_saw_most_over_the_horizon_counts_and_the_others_agree_or_not():
    steady = [volume(start, ("web", "db", 300, 100)) for start in worlds.STARTS]
    lately = [volume(990, ("web", "db", 900, 0), ("web", "cart", 7, 0))]

    found = graph(steady=steady, lately=lately)

    assert rates(found) == {
        ("web", "db"): (pytest.approx(30.0), pytest.approx(10.0)),
        ("web", "cart"): (pytest.approx(0.7), 0.0),
    }
    edges = {edge.server.name: edge for edge in found.edges}
    assert (edges["db"].sources, edges["db"].sources_agree) == (("steady", "lately"), False)
    assert (edges["cart"].sources, edges["cart"].sources_agree) == (("lately",), None)
    assert "1 of 1 edges that several sources tell of differ" in found.warnings[0]


@patient
@given(worlds.told)
def test_what_ends_told_changes_no_weight_and_no_pods(told):
    windows = recorded(told).windows(NOW)
    bare = {name: [replace(each, ends={}) for each in its] for name, its in windows.items()}

    found, plain = (byte_graph(each, RULES, CLUSTER) for each in (windows, bare))

    assert [replace(edge, ends=None) for edge in found.edges] == list(plain.edges)
    assert found.pod_edges == plain.pod_edges
    assert found.leftovers == plain.leftovers


def test_an_edge_has_what_both_ends_told_the_clients_first_and_whether_they_agree():
    told = [
        volume(970, ("web", "db", 500, 500), ("api", "cart", 1, 0), ends=[("db", "web", 0, 900)]),
        volume(990, ("db", "web", 5, 0), ends=[("db", "web", 800, 0), ("api", "cart", 40, 39)]),
        volume(960, ends=[("db", "web", 77, 0)], complete=False),
    ]

    found = graph(one=told)

    ends = {(e.client.name, e.server.name): (e.ends, e.ends_agree) for e in found.edges}
    assert ends == {
        ("web", "db"): ((45.0, 40.0), False),
        ("db", "web"): ((40.0, 45.0), False),
        ("api", "cart"): ((2.0, 1.95), True),
    }
    assert found.warnings[1].startswith("both ends differ on 2 of 3 edges")


def test_ends_that_nobody_or_only_another_source_told_of_neither_agree_nor_differ():
    found = graph(
        most=[volume(990, ("web", "db", 500, 0))],
        least=[volume(990, ("web", "db", 400, 0), ends=[("db", "web", 1, 9)])],
    )

    assert (found.edges[0].ends, found.edges[0].ends_agree) == (None, None)


def test_ends_follow_an_edge_that_hubble_turns_round_and_count_once():
    seen = seen_by(events((("web", 0), ("db", 0), 50)))
    told = volume(990, ("db", "web", 80, 0), ("web", "db", 70, 0), ends=[("db", "web", 150, 30)])

    (edge,) = graph(seen, one=[told]).edges

    assert (edge.client.name, edge.ends) == ("web", (3.0, 15.0))


def test_an_edge_tells_until_when_its_counting_source_saw_it():
    found = graph(
        most=[volume(970, ("web", "db", 500, 0)), volume(980, ("web", "cart", 5, 0)), volume(990)],
        least=[volume(990, ("web", "db", 1, 0))],
    )

    assert {e.server.name: e.seen_seconds for e in found.edges} == {"db": 980, "cart": 990}


def test_a_source_that_tells_each_way_alone_is_the_same_traffic_as_one_that_knows_the_client():
    knows = [volume(990, ("web", "db", 300, 100))]
    tells = [volume(990, ("web", "db", 299, 0), ("db", "web", 99, 0))]

    found = graph(knows=knows, tells=tells)

    assert rates(found) == {("web", "db"): (pytest.approx(30.0), pytest.approx(10.0))}
    assert found.edges[0].sources_agree


def test_traffic_that_was_not_seen_lately_carries_no_weight_and_is_told():
    rules = worlds.WindowRules(window_seconds=10, kept_windows=4, stale_windows=2)
    told = [volume(960, ("web", "cart", 9, 0)), *map(volume, (970, 980)), volume(990)]

    found = byte_graph({"one": told}, rules, CLUSTER)

    assert found.edges == ()
    assert [left.reason for left in found.leftovers] == [STALE]


def test_hubble_says_who_the_client_is_and_what_policy_let_through():
    seen = seen_by(events((("web", 0), ("db", 0), 50)))

    found = graph(seen, one=[volume(990, ("db", "web", 80, 0), ("web", "cart", 70, 0))])

    assert rates(found) == {("web", "db"): (0.0, pytest.approx(8.0))}
    assert [left.reason for left in found.leftovers] == [UNSEEN]


def test_pairs_of_pods_are_those_that_the_source_told():
    told = volume(990, ("web", "db", 100, 0), pairs=[(("web", 0), ("db", 1), 60)])
    seen = events((("web", 1), ("db", 0), 99))

    found = graph(seen_by(seen, seen.pairs), one=[told])

    assert [(p.client, p.server, p.rate) for p in found.pod_edges] == [
        (pod("web", 0), pod("db", 1), pytest.approx(6.0))
    ]


def test_bytes_without_pods_are_shared_out_by_events_where_enough_were_seen():
    seen = events((("web", 0), ("db", 0), 30), (("web", 1), ("db", 1), 10))

    found = graph(seen_by(seen, seen.pairs), one=[volume(990, ("web", "db", 60, 20))])

    assert [(p.client.name, p.rate) for p in found.pod_edges] == [
        ("web-0", pytest.approx(6.0)),
        ("web-1", pytest.approx(2.0)),
    ]
    assert found.pod_edges[0].forward == pytest.approx(4.5)


def test_a_handful_of_events_is_no_evidence_of_which_pods_bytes_went_between():
    seen = events((("web", 0), ("db", 0), 4))

    found = graph(seen_by(seen, seen.pairs), one=[volume(990, ("web", "db", 60, 20))])

    assert (len(found.edges), found.pod_edges) == (1, ())


def test_a_pod_that_is_gone_takes_no_bytes_with_it():
    gone = volume(990, ("web", "db", 60, 0), pairs=[(("web", 0), ("db", 1), 60)])
    left = worlds.Directory(
        pods={ref: its for ref, its in CLUSTER.pods.items() if ref != pod("db", 1)},
        workloads=CLUSTER.workloads,
    )

    found = byte_graph({"one": [gone]}, RULES, left)

    assert (rates(found), found.pod_edges) == ({("web", "db"): (pytest.approx(6.0), 0.0)}, ())
