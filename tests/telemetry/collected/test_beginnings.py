"""Whom a source should hear at its start, and who of them never was."""

from dataclasses import replace

import pytest

from shorthaul.cluster.selectors import Selector
from shorthaul.cluster.snapshots import Pod, Service, Snapshot
from shorthaul.telemetry.collected.beginnings import Beginning, Expected, expected_at
from shorthaul.units import Namespace, PodRef, Uid, WorkloadRef

SYSTEM = Namespace("system")
LABELS = {"app": "collector"}
HOST = "collectors.system.svc.cluster.local"


def service(**more):
    selector = Selector(tuple(LABELS.items()))
    return Service(SYSTEM, "collectors", **{"selector": selector, "headless": True} | more)


def pod(name, *addresses, **more):
    ref = PodRef(SYSTEM, name)
    workload = WorkloadRef(SYSTEM, "StatefulSet", "collector")
    found = Pod(ref, Uid(name), workload, labels=LABELS, addresses=addresses)
    return replace(found, **more)


def cluster(*pods, services=()):
    return Snapshot({}, {each.ref: each for each in pods}, services=tuple(services))


def names(expected):
    return [each.name for each in expected]


def test_behind_a_headless_service_are_its_pods_ready_or_not_with_or_without_an_address():
    found = cluster(
        pod("c-1", ready=False),
        pod("c-0", "10.1.0.1"),
        pod("c-2", "10.1.0.3", terminating=True),
        pod("c-3", "10.1.0.4", phase="Failed"),
        pod("other", "10.1.0.5", labels={"app": "web"}),
        pod("else", "10.1.0.6", ref=PodRef(Namespace("shop"), "else")),
        services=[service()],
    )

    assert expected_at(HOST, ["10.1.0.1", "10.9.9.9"], found) == (
        Expected("pod system/c-0", frozenset({"10.1.0.1"})),
        Expected("pod system/c-1"),
    )


@pytest.mark.parametrize(
    ("host", "services"),
    [
        (HOST, [service(headless=False)]),
        (HOST, [service(selector=None)]),
        (HOST, []),
        ("collectors.example", [service()]),
        ("collectors", [service()]),
        ("10.9.9.9", [service()]),
    ],
)
def test_behind_any_other_name_are_its_addresses(host, services):
    found = cluster(pod("c-0", "10.1.0.1"), services=services)

    assert names(expected_at(host, ["10.9.9.9", "10.9.9.8"], found)) == [
        "at 10.9.9.8",
        "at 10.9.9.9",
    ]


def expect(*of):
    return tuple(Expected(name, frozenset({address})) for name, address in of)


def test_one_that_was_heard_once_is_absent_no_more_though_it_falls_silent():
    found = Beginning(600)
    both = expect(("a", "1"), ("b", "2"))
    found.look(both, {"1"}, 0.0)
    assert names(found.absent) == ["b"]

    found.look(both, {"2"}, 10.0)
    assert (names(found.absent), found.waits(10.0)) == ([], False)


def test_one_that_comes_in_anothers_stead_is_expected_until_then():
    found = Beginning(600)
    found.look(expect(("a", "1"), ("b", "2")), {"1"}, 0.0)
    found.look(expect(("a", "1"), ("c", "3")), {"1"}, 10.0)
    assert (names(found.absent), found.left_seconds(10.0)) == (["c"], 590.0)

    found.look(expect(("a", "1"), ("c", "3")), {"1", "3"}, 20.0)
    found.look(expect(("a", "1"), ("d", "4")), {"1"}, 30.0)
    assert names(found.absent) == []


def test_who_is_expected_and_never_comes_is_expected_for_a_while_only():
    found = Beginning(600)
    for now in (0.0, 599.0, 600.0):
        found.look(expect(("a", "1")), set(), now)

    assert (found.waits(599.0), found.waits(600.0), names(found.absent)) == (True, False, ["a"])


def test_of_many_only_some_are_named():
    found = Beginning(600)
    found.look(expect(*((f"p{number}", str(number)) for number in range(7))), set(), 0.0)

    assert found.text == "p0, p1, p2, p3, p4 and 2 more, never heard since the start"


def test_nobody_there_is_no_beginning():
    found = Beginning(600)
    found.look((), set(), 0.0)
    found.look(expect(("a", "1")), set(), 10.0)

    assert found.waits(10.0)
