"""Places outside that a Topology names, as each command shows them."""

import csv
import io
import json

import pytest

from cli.commands import CLUSTER, refused, shorthaul
from cli.test_netflow_records import LINES, WEB, WORLD, line, record
from telemetry import export_lines

TOPOLOGY = """
apiVersion: shorthaul.dev/v1alpha1
kind: Topology
metadata: {name: default}
spec:
  anchors:
  - {name: resolver, cidrs: [8.8.8.0/24, "2001:4860:4860::/48"], tier: region}
  - {name: internet, cidrs: [0.0.0.0/0], tier: beyond}
"""
POD, PEER = "shop/web-4b5e57f6e-ngq2c", "shop/checkout-c7761e589-xmw94"


@pytest.fixture
def topology(tmp_path):
    path = tmp_path / "topology.yaml"
    path.write_text(TOPOLOGY)
    return path


@pytest.fixture
def flows(tmp_path):
    """A recording: a pod with a pod, with a named place (in both families), and with another."""

    def answer(at, source):
        addresses = {"source": source, "destination": WEB}
        return export_lines.line(POD, "world", at, reply=True, IP=addresses, uuid=f"u{at}")

    lines = [
        *export_lines.both(PEER, POD, 0, ("a1", "a1")),
        answer(1, WORLD),
        answer(2, "2001:4860:4860::8888"),
        answer(3, "1.1.1.1"),
        answer(10, "2606:4700::1111"),
    ]
    path = tmp_path / "flows.log"
    path.write_bytes(export_lines.joined(lines))
    return path


def asked(command, flows, *words):
    outcome = shorthaul(command, "--cluster", CLUSTER, "--flows", flows, *words, "-o", "json")
    assert outcome.status == 0, outcome
    return json.loads(outcome.out)


def test_the_map_shows_places_by_name_at_their_tier(flows, topology):
    found = asked("map", flows, "--topology", topology)

    places = {
        each["server"]["name"]: each
        for each in found["edges"]
        if each["server"]["kind"] == "Anchor"
    }
    assert {
        name: (each["client"]["name"], each["backward"], each["tiers"][tier])
        for (name, each), tier in zip(sorted(places.items()), ("beyond", "region"), strict=True)
    } == {"internet": ("web", 0.1, 0.1), "resolver": ("web", 0.2, 0.2)}
    assert found["shares"]["region"] >= 0.4
    assert [left["records"] for left in found["leftovers"]] == [1]


def test_a_map_without_a_cluster_and_one_for_people_have_the_names_too(flows, topology):
    bare = shorthaul("map", "--flows", flows, "--topology", topology)
    whole = shorthaul("map", "--flows", flows, "--topology", topology, "--cluster", CLUSTER)
    drawn = shorthaul("map", "--flows", flows, "--topology", topology, "-o", "graphml")

    assert "→ resolver" in bare.out
    assert "→ resolver" in whole.out
    assert "Anchor/resolver" in drawn.out
    assert "resolver 0.200 flows/s at region" in " ".join(whole.out.split())


def test_without_anchors_they_are_the_world(flows):
    found = asked("map", flows)

    assert {edge["server"]["kind"] for edge in found["edges"]} == {"Deployment"}
    assert [(each["reason"], each["records"]) for each in found["leftovers"]] == [
        ("one end is world", 4)
    ]


def test_no_plan_and_no_score_depends_on_places(flows, topology):
    bare, with_places = (asked("score", flows, *more) for more in ((), ("--topology", topology)))
    plans = [asked("plan", flows, *more) for more in ((), ("--topology", topology))]

    assert {**with_places, "notes": 0} == {**bare, "notes": 0}
    assert plans[0]["spec"]["moves"] == plans[1]["spec"]["moves"]
    assert plans[0]["spec"]["locality"] == plans[1]["spec"]["locality"]
    assert any("resolver 0.200 flows/s at region" in note for note in with_places["notes"])


def test_explain_tells_the_places_that_a_workload_talks_to(flows, topology):
    words = POD, "--cluster", CLUSTER, "--flows", flows, "--topology", topology

    text, found = shorthaul("explain", *words), shorthaul("explain", *words, "-o", "json")

    assert json.loads(found.out)["outside"] == [
        {"name": "resolver", "rate": 0.2, "tier": "region"},
        {"name": "internet", "rate": 0.1, "tier": "beyond"},
    ]
    assert "Outside, and as far from every node, to" in text.out


def test_rates_of_peers_and_places_are_no_costs_whatever_the_objective(flows, topology):
    latencies = "  latencies: {host: 0, rack: 0.2, zone: 0.5, region: 2, beyond: 40}\n"
    topology.write_text(TOPOLOGY + latencies)
    words = POD, "--cluster", CLUSTER, "--flows", flows, "--topology", topology

    text = shorthaul("explain", *words, "--objective", "latency").out

    rows = [row.split() for row in text.splitlines()]
    assert ["resolver", "region", "0.200", "flows/s"] in rows
    assert ["shop/checkout", "region", "0.200", "flows/s"] in [row[:4] for row in rows]


def test_the_ledger_counts_them_at_their_tier_once(tmp_path, flows, topology):
    path = tmp_path / "shop.ledger"
    words = "--ledger", path, "--cluster", CLUSTER, "--topology", topology
    for _ in range(2):
        assert shorthaul("ledger", "ingest", flows, *words).status == 0

    report = shorthaul("ledger", "report", "--ledger", path, "-o", "csv")

    rows = csv.DictReader(io.StringIO(report.out))
    assert {
        (row["source_name"], row["tier"], row["events"])
        for row in rows
        if row["source_kind"] == "Anchor"
    } == {("resolver", "region", "2"), ("internet", "beyond", "1")}


def test_records_have_edges_with_places_and_plans_read_them_back(tmp_path, topology):
    lines = LINES + line(WEB, "1.1.1.1", 900)
    edges, told = record(tmp_path, lines, "--topology", topology)

    places = {
        (row["src_kind"], row["src_name"], row["dst_kind"], row["dst_name"]): float(row["rate"])
        for row in csv.DictReader(edges.open())
        if "Anchor" in (row["src_kind"], row["dst_kind"])
    }
    assert places == {
        ("Anchor", "resolver", "Deployment", "web"): 2.0,
        ("Deployment", "web", "Anchor", "internet"): 9.0,
    }
    assert "with the world outside" not in told
    assert "1 records with 100 bytes (0.1%): unattributed: with a private address" in told
    found = asked("map", edges, "--topology", topology)
    assert {
        tuple(tier for tier, rate in each["tiers"].items() if rate): each["rate"]
        for each in found["edges"]
        if _outside(each)
    } == {("region",): 2.0, ("beyond",): 9.0}
    nameless = asked("map", edges)
    assert {str(each["tiers"]) for each in nameless["edges"] if _outside(each)} == {"None"}


def _outside(edge):
    return "Anchor" in (edge["client"]["kind"], edge["server"]["kind"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("8.8.8.0/24", "8.8.8.1/24", "anchor resolver: range '8.8.8.1/24' is none"),
        ("8.8.8.0/24", "0.0.0.0/0", "stands for anchor resolver and for anchor internet"),
        ("8.8.8.0/24", '"db.example.org"', "str"),
        ("internet,", "resolver,", "anchor resolver is there twice"),
        ("tier: region", "tier: moon", "moon"),
        ('[8.8.8.0/24, "2001:4860:4860::/48"]', "[]", "cidrs"),
    ],
)
def test_anchors_that_make_no_sense_are_refused_in_one_line(topology, flows, old, new, message):
    topology.write_text(TOPOLOGY.replace(old, new))

    told = refused("map", "--flows", flows, "--topology", topology)

    assert message in told
    assert "topology.yaml" in told


def of_another_cluster(at):
    addresses = {"source": WORLD, "destination": WEB}
    receiver = export_lines.end(POD, cluster_name="far")
    return export_lines.line(
        POD, "world", at, reply=True, IP=addresses, uuid="far", destination=receiver
    )


def test_a_pod_of_another_cluster_that_talks_to_a_place_stops_no_plan(flows, topology):
    here = [
        export_lines.line(
            PEER,
            POD,
            5,
            uuid="here",
            source=export_lines.end(PEER, cluster_name="near"),
            destination=export_lines.end(POD, cluster_name="near"),
        )
    ]
    flows.write_bytes(flows.read_bytes() + export_lines.joined([*here, of_another_cluster(6)]))

    bare, named = (asked("plan", flows, *more) for more in ((), ("--topology", topology)))

    assert named["spec"]["moves"] == bare["spec"]["moves"]
    assert named["spec"]["locality"] == bare["spec"]["locality"]


def from_place(pod, at=0):
    addresses = {"source": WORLD, "destination": "10.9.9.9"}
    return export_lines.line(pod, "world", at, reply=True, IP=addresses, uuid=f"{pod}{at}")


def test_traffic_of_unknown_pods_with_places_alone_is_an_empty_plan(flows, topology):
    flows.write_bytes(export_lines.joined([from_place("gone/pod-1"), from_place("gone/pod-2", 4)]))

    bare, named = (asked("plan", flows, *more) for more in ((), ("--topology", topology)))

    assert named["spec"]["moves"] == bare["spec"]["moves"] == []
    (note,) = asked("map", flows, "--topology", topology)["notes"][-1:]
    assert note.startswith("2 with a named place outside: a pod is gone")


def test_flows_of_another_cluster_are_refused_whatever_is_said_of_places(flows, topology):
    lines = [*export_lines.both("gone/a", "gone/b", 0, ("n1", "n2")), from_place(POD, 4)]
    flows.write_bytes(export_lines.joined(lines))
    words = "plan", "--cluster", CLUSTER, "--flows", flows

    bare, named = refused(*words), refused(*words, "--topology", topology)

    assert bare == named
    assert "none of 2 flows are between pods of this cluster" in named


def test_bytes_are_joined_with_what_hubble_saw_between_pods_alone(tmp_path, flows, topology):
    rows = tmp_path / "bytes.csv"
    rows.write_text(
        "src_namespace,src_kind,src_name,dst_namespace,dst_kind,dst_name,rate,unit\n"
        "shop,Deployment,web,shop,Deployment,checkout,4200000,bytes/s\n"
    )
    more = "--topology", topology, "--objective", "bytes"

    joined = asked("map", flows, rows, *more)
    flows.write_bytes(export_lines.joined([from_place(POD)]))
    alone = asked("map", flows, rows, *more)

    assert [edge["rate"] for edge in joined["edges"]] == [4200000.0]
    assert [edge["rate"] for edge in alone["edges"]] == [4200000.0]
    reading = [note for note in joined["notes"] if "taken for who the client is" in note]
    assert "2 flow events, taken for who the client is" in reading[0]
    assert "3 flow events, which carry no bytes" in reading[0]


def test_a_map_without_a_cluster_tells_the_tiers_of_places_alone(flows, topology):
    named = shorthaul("map", "--flows", flows, "--topology", topology)
    bare = shorthaul("map", "--flows", flows)

    text = " ".join(named.out.split())
    assert "share host rack zone region beyond" in text
    assert "resolver 0 flows/s 0.200 flows/s ? 40.0 % · · · 100 % ·" in text
    assert "40.0 % ? ? ? ? ?" in text
    assert "beyond" not in bare.out
