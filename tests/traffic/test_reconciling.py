"""One connection, one count: no place and no source makes traffic more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic.addresses.parties import pod_party
from shorthaul.traffic.reconciling import (
    Agreement,
    Ground,
    Report,
    SourceState,
    reconcile,
)
from shorthaul.units import Namespace, NodeName, PodRef, Unit


def party(name):
    return pod_party(PodRef(Namespace("shop"), name))


NODES = {party("web"): NodeName("n1"), party("cart"): NodeName("n2"), party("db"): NodeName("n2")}


def report(node, amount, **more):
    given = {
        "source": "agents",
        "unit": Unit.BYTES,
        "sender": party("web"),
        "receiver": party("cart"),
        "connection": "c1",
        "node": NodeName(node),
        "point": "eth0",
        "amount": amount,
    }
    return Report(**{**given, **more})


def only(reports, ground=None):
    (way,) = reconcile(reports, Unit.BYTES, ground or Ground(NODES, {}))
    return way


def test_a_connection_seen_at_both_nodes_and_at_several_interfaces_counts_once():
    way = only(
        [
            report("n1", 100),
            report("n1", 104, point="tunnel"),
            report("n2", 98),
            report("n2", 98, point="veth"),
            report("", 99, point="switch 7"),
        ]
    )

    assert way.chosen.amount == 98
    assert way.chosen.agreement is Agreement.DIFFER


def test_records_of_one_connection_at_one_point_add_up_and_so_do_connections():
    way = only([report("n2", 60), report("n2", 40), report("n2", 7, connection="c2")])

    assert way.chosen.amount == 107
    assert way.chosen.agreement is Agreement.ONE


def test_two_connections_that_take_two_links_are_both_counted():
    way = only(
        [
            report("n2", 60, point="eth0"),
            report("n2", 40, point="eth1", connection="c2"),
        ]
    )

    assert way.chosen.amount == 100


@pytest.mark.parametrize(
    ("reports", "lossy", "expected"),
    [
        ([("n1", 100), ("n2", 90)], (), 90),
        ([("n1", 100), ("n2", 50)], ("n2",), 100),
        ([("n2", 50)], ("n2",), 50),
        ([("n1", 100), ("n7", 110)], (), 100),
        ([("n7", 110), ("", 120)], (), 120),
    ],
)
def test_the_receivers_node_counts_then_the_senders_then_the_most_on_the_way(
    reports, lossy, expected
):
    states = {"agents": SourceState(lossy=frozenset(map(NodeName, lossy)))}

    way = only([report(*each) for each in reports], Ground(NODES, states))

    assert way.chosen.amount == expected


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([("n1", 100), ("n2", 95)], Agreement.BOTH),
        ([("n1", 100), ("n2", 94)], Agreement.DIFFER),
        ([("n1", 100)], Agreement.ONE),
        ([("n7", 100), ("", 100)], Agreement.NEITHER),
    ],
)
def test_both_ends_agree_within_the_tolerance(reports, expected):
    assert only([report(*each) for each in reports]).chosen.agreement is expected


def test_one_node_is_both_ends_of_what_stays_on_it():
    way = only([report("n2", 100, sender=party("db"))])

    assert way.chosen.agreement is Agreement.BOTH


def test_of_several_sources_the_one_that_saw_most_counts_and_the_others_are_compared():
    states = {
        "agents": SourceState(coverage=0.9),
        "netflow": SourceState(lost_share=0.02, newest_milliseconds=7),
        "mesh": SourceState(coverage=0.5),
    }
    reports = [
        report("n2", 100),
        report("n2", 97, source="netflow"),
        report("n2", 30, source="mesh"),
    ]

    way = only(reports, Ground(NODES, states))

    assert [(count.source, count.amount) for count in way.counts] == [
        ("netflow", 97),
        ("agents", 100),
        ("mesh", 30),
    ]
    assert way.chosen.state.newest_milliseconds == 7
    assert way.sources_agree is False
    assert only(reports[:2], Ground(NODES, states)).sources_agree is True
    assert only(reports[:1], Ground(NODES, states)).sources_agree is None


def test_another_unit_is_not_looked_at():
    assert only([report("n2", 100), report("n2", 3, unit=Unit.FLOWS)]).chosen.amount == 100


reports = st.lists(
    st.builds(
        report,
        st.sampled_from(("n1", "n2", "n7", "")),
        st.integers(0, 2**64 - 1),
        source=st.sampled_from(("agents", "netflow")),
        connection=st.sampled_from(("c1", "c2", "")),
        point=st.sampled_from(("eth0", "eth1")),
        receiver=st.sampled_from((party("cart"), party("db"))),
    ),
    max_size=12,
)


@given(reports, st.randoms(use_true_random=False))
def test_the_order_of_reports_does_not_matter(given_reports, random):
    shuffled = list(given_reports)
    random.shuffle(shuffled)
    ground = Ground(NODES, {"netflow": SourceState(lossy=frozenset({NodeName("n2")}))})

    assert reconcile(given_reports, Unit.BYTES, ground) == reconcile(shuffled, Unit.BYTES, ground)


@given(reports)
def test_another_place_on_the_way_never_changes_what_the_ends_tell(given_reports):
    at_ends = [each for each in given_reports if each.node == "n2"]
    seen = {(each.source, each.receiver, each.connection) for each in at_ends}
    elsewhere = [
        each
        for each in given_reports
        if each.node != "n2" and (each.source, each.receiver, each.connection) in seen
    ]
    ground = Ground(NODES, {})

    alone = reconcile(at_ends, Unit.BYTES, ground)
    together = reconcile([*at_ends, *elsewhere], Unit.BYTES, ground)

    assert [[count.amount for count in way.counts] for way in alone] == [
        [count.amount for count in way.counts] for way in together
    ]
