"""Whose records a window is without, while a collector is silent."""

from hypothesis import example, given
from hypothesis import strategies as st

from shorthaul.telemetry.collected import attendances
from shorthaul.telemetry.collected.attendances import Attendances
from shorthaul.traffic.addresses.parties import read_address

NODES = {f"n{number}" for number in range(9)}


def exporters(*numbers, of_nodes=True):
    return {read_address(f"10.0.0.{n}"): f"n{n}" if of_nodes else "" for n in numbers}


def missing(found, start, nodes=NODES):
    return [str(each) for each in found.missing(["a"], start, nodes)]


def test_devices_are_named_by_their_addresses_and_of_many_only_some():
    found = Attendances(600)
    found.told("a", exporters(1, of_nodes=False), 0)
    assert missing(found, 60) == ["collector a (exporter 10.0.0.1)"]

    found.told("a", exporters(2, 3, 4, 5, 6, 7), 0)
    assert missing(found, 60) == [
        "collector a (exporter 10.0.0.1, node n2, node n3, node n4, node n5 and 2 more)"
    ]


def test_a_device_that_belongs_to_no_node_is_missed_whatever_nodes_there_are():
    found = Attendances(600)
    found.told("a", exporters(1, of_nodes=False), 0)

    assert missing(found, 60, nodes=set()) == ["collector a (exporter 10.0.0.1)"]
    assert missing(found, 660) == []


def test_one_that_is_forgotten_is_missed_no_more():
    found = Attendances(600)
    found.told("a", exporters(1), 0)
    found.forget("a")

    assert missing(found, 60) == []


def test_of_too_many_exporters_those_that_were_silent_for_longest_are_forgotten(monkeypatch):
    monkeypatch.setattr(attendances, "MOST_EXPORTERS", 2)
    found = Attendances(600)
    for number in (1, 2, 1, 3):
        found.told("a", exporters(number), 0)

    assert missing(found, 60) == ["collector a (node n1, node n3)"]


@example([("a", 0), ("b", 1), ("b", 2), ("b", 0)])
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9)), max_size=30))
def test_telling_of_a_window_again_changes_nothing(told):
    once, twice = Attendances(600), Attendances(600)
    for name, number in told:
        once.told(name, exporters(1), number * 60)
        for _ in range(2):
            twice.told(name, exporters(1), number * 60)

    assert [missing(once, at * 60) for at in range(12)] == [
        missing(twice, at * 60) for at in range(12)
    ]
