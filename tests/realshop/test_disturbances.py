"""What disturbances are made of, without a cluster: shops that shift, evictions, findings."""

import json

import pytest

from realnodes import clusters, layouts
from realshop import manifests, shops, standing
from realshop.disturbances import (
    changes,
    evictions,
    findings,
    ledgers,
    slow_links,
    stages,
    tables,
    victims,
)
from telemetry.netflow import packets

SHOP = shops.drawn(1)
HALVES = {
    name: "a" if name in ("session", "search", "reviews", "pricing", "invoice", "returns") else "b"
    for name in (service.name for service in SHOP.services)
}


def test_the_pair_that_becomes_hot_is_in_two_racks_and_only_its_client_changes():
    shop, call = changes.hot(SHOP, HALVES)

    assert HALVES[call.client] != HALVES[call.server]
    assert shop.bytes_per_second(call) == pytest.approx(changes.HOT_BYTES_PER_SECOND, rel=0.01)
    assert changes.changed(SHOP, shop) == [call.client]
    assert {one for one in SHOP.calls if one not in shop.calls} <= {call}


def test_the_next_pair_is_another_one():
    _, call = changes.hot(SHOP, HALVES)

    _, other = changes.hot(SHOP, HALVES, {call.client, call.server})

    assert not {call.client, call.server} & {other.client, other.server}


def test_without_two_racks_no_pair_can_be_hot():
    with pytest.raises(ValueError, match="no two services stand in different racks"):
        changes.hot(SHOP, dict.fromkeys(HALVES, "a"))


def test_strangers_say_nothing_to_each_other_either_way():
    one, other = changes.strangers(SHOP, HALVES)

    assert HALVES[one] != HALVES[other]
    assert not {(one, other), (other, one)} & {(call.client, call.server) for call in SHOP.calls}


def test_a_service_is_in_a_rack_when_all_of_its_pods_are():
    objects = list(standing.objects(SHOP))
    pods = [one for one in objects if one["kind"] == "Pod"]
    where = {one["metadata"]["name"]: "a" for one in objects if one["kind"] == "Node"}

    assert changes.racks(pods, where) == dict.fromkeys(HALVES, "a")
    assert changes.racks(pods, where | {pods[0]["spec"]["nodeName"]: "b"}) != dict.fromkeys(
        HALVES, "a"
    )


def move(workload, source, target, uid="1", phases=()):
    return {
        "spec": {
            "workload": {"kind": "Deployment", "name": workload},
            "from": source,
            "to": target,
            "pod": {"uid": uid},
        },
        "status": {"transitions": [{"phase": phase} for phase in phases]},
    }


def test_a_workload_goes_back_and_forth_when_its_pods_cross_both_ways():
    racks = {"n1": "a", "n2": "b", "n3": "a"}
    forth, back, within = move("x", "n1", "n2"), move("x", "n2", "n3"), move("y", "n1", "n3")

    assert changes.back_and_forth([forth, within], racks) == []
    assert changes.back_and_forth([forth, back], racks) == ["x"]


def test_a_pod_that_came_by_a_move_and_goes_by_another_has_moved_again():
    first, second = move("x", "n1", "n2", "1"), move("x", "n2", "n3", "2")
    first["status"] |= {"phase": "Landed", "replacement": {"uid": "2"}}
    second["status"] |= {"phase": "Landed", "replacement": {"uid": "3"}}

    assert changes.moved_again([first, second]) == ["2"]
    assert changes.moved_again([first, move("x", "n2", "n3", "4")]) == []


def pod(uid, reason="EvictionByEvictionAPI", status="True"):
    condition = {
        "type": "DisruptionTarget",
        "status": status,
        "reason": reason,
        "lastTransitionTime": "2026-01-01T00:00:10Z",
    }
    metadata = {"uid": uid, "name": f"pod-{uid}", "namespace": "shop", "labels": {"app": "front"}}
    return {
        "metadata": metadata,
        "spec": {"nodeName": "n1"},
        "status": {"conditions": [condition]},
    }


def test_a_pod_was_evicted_when_the_api_server_says_so_and_not_when_a_taint_ended_it():
    found = evictions.of([pod("1"), pod("2", "DeletionByTaintManager"), pod("3", status="False")])

    assert [(one.uid, one.workload, one.node) for one in found] == [("1", "front", "n1")]
    assert found[0].seconds == 1_767_225_610


def test_an_eviction_without_a_move_or_by_two_moves_is_one_too_many():
    evicted = ("Admitted", "Evicting", "Evicted", "Landed")
    seen = evictions.of([pod("1"), pod("2"), pod("3")])
    moves = [
        move("x", "n1", "n2", "1", evicted),
        move("x", "n1", "n2", "2", ("Admitted", "Refused")),
        move("x", "n1", "n2", "3", evicted),
        move("x", "n1", "n2", "3", evicted),
    ]

    assert evictions.double(seen, moves) == ["2", "3"]
    assert evictions.double(seen[:1], moves[:1]) == []


def test_a_finding_tells_each_expectation_and_what_was_seen(tmp_path):
    good, bad = findings.at_least("evictions", 1, 4), findings.none("double evictions", 2)
    found = findings.Finding("x", "done", "expected", (good, bad), 12.0)

    findings.write(found, tmp_path)

    assert not found.held
    assert findings.line(found) == (
        "x: NOT AS EXPECTED in 12 s; evictions: 4 (expected >= 1); "
        "NOT HELD: double evictions: 2 (expected 0)"
    )
    assert findings.read(tmp_path / "x.json") == found


def test_what_was_not_run_says_why_and_what_checked_nothing_has_not_held():
    skipped = findings.Finding("x", "done", "expected", skipped="it needs --cni cilium")

    assert skipped.held
    assert findings.line(skipped) == "x: not run: it needs --cni cilium"
    assert "| not run |" in findings.row(skipped)
    assert not findings.Finding("x", "done", "expected").held


@pytest.mark.parametrize(
    ("check", "held"),
    [
        (findings.at_most("share", 0.3, 0.3), True),
        (findings.at_most("share", 0.3, 0.31), False),
        (findings.one_of("reason", ("A", "B"), "B"), True),
        (findings.one_of("reason", ("A", "B"), ""), False),
        (findings.same("bytes", "1", "1"), True),
    ],
)
def test_expectations_hold_or_do_not(check, held):
    assert check.held is held


def test_our_exporter_speaks_ipfix_that_the_collector_reads():
    told = ledgers.Told("10.244.1.2", "10.244.2.3", 10_007)

    _, (record,) = packets.decoded(ledgers.message([told], 0, packets.SECONDS, ledgers.TRUE_DOMAIN))

    assert (record.bytes, record.packets, record.domain) == (10_007, 10, ledgers.TRUE_DOMAIN)
    assert (record.source_port, record.destination_port) == ledgers.PORTS


@pytest.mark.parametrize(
    ("words", "is_operator"),
    [
        (["/usr/bin/python3", "/usr/local/bin/shorthaul", "operator", "--namespace=x"], True),
        (["/usr/bin/python3", "/usr/local/bin/shorthaul", "collector"], False),
        (["shorthaul", "ledger", "operator"], False),
        (["vi", "operator"], False),
        ([""], False),
    ],
)
def test_the_operator_is_known_by_its_command_line(words, is_operator):
    assert victims.is_role(words, "operator") is is_operator


def test_a_nodes_processes_are_not_those_of_a_node_whose_name_begins_alike():
    path = "/outer/shorthaul-disturb/n1/kubepods/pod1"

    assert victims.is_below(path, "/shorthaul-disturb/n1")
    assert victims.is_below(path, "/shorthaul-disturb/")
    assert not victims.is_below("/shorthaul-disturb/n10/kubepods", "/shorthaul-disturb/n1")


def test_latency_counts_once_it_is_measured():
    status = {
        "conditions": [{"type": "LatenciesMeasured", "status": "True"}],
        "latencies": [{"tier": "rack", "milliseconds": 0.2}, {"tier": "region", "milliseconds": 9}],
    }
    gathering = json.loads(json.dumps(status).replace("True", "False"))

    assert slow_links.in_force({"status": status}) == 9.0
    assert slow_links.in_force({"status": gathering}) == 0.0
    assert slow_links.in_force({}) == 0.0


def test_pods_that_lose_their_node_are_made_anew_after_seconds():
    made = [one for one in stages._objects(SHOP, "image") if one["kind"] == "Deployment"]

    assert len(made) == len(SHOP.services)
    for one in made:
        tolerations = one["spec"]["template"]["spec"]["tolerations"]
        assert {each["tolerationSeconds"] for each in tolerations} == {stages.LOST_SECONDS}
        assert one["metadata"]["labels"][manifests.LABEL] in HALVES


def test_relay_cannot_go_where_there_is_none(tmp_path):
    (relay,) = tables.named(["relay-down"])
    ptp, cilium = (
        clusters.Cluster(layouts.Layout("x", tmp_path, 2, 2, cni, "1.36.3")) for cni in layouts.CNIS
    )

    assert tables.why_not(relay, ptp) == "it needs --cni cilium, and this cluster has ptp"
    assert tables.why_not(relay, cilium) == ""


def test_disturbances_are_chosen_by_name_and_come_in_their_own_order():
    names = [one.name for one in tables.named(["node-dies", "traffic-shift"])]

    assert names == ["traffic-shift", "node-dies"]
    assert len(tables.named([])) == len(tables.ALL) == 8
    with pytest.raises(ValueError, match="storm is no disturbance"):
        tables.named(["storm"])
