"""Whatever is wrong with the input: one line with file and line, or counted and shown; never more.

A line that is damaged costs that line and is told in the notes; a file that is useless, or a
mistake in what a user wrote himself, stops the command.
"""

import gzip
import json

import pytest
import yaml

from cli.commands import CLUSTER, EDGES, HUBBLE, OFFLINE, refused, shorthaul

GOOD_LINE = next(line for line in (OFFLINE / "hubble" / "b2.log").open() if "TO_ENDPOINT" in line)
HEADER = "src_namespace,src_kind,src_name,dst_namespace,dst_kind,dst_name,rate,unit\n"
ROW = "shop,Deployment,web,shop,Deployment,catalog,{},bytes/s\n"
COMMANDS = ("plan", "score", "map", "frontier")


def written(tmp_path, content, name="flows"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def counted(tmp_path, content):
    """The note that tells of damaged lines, when the rest of the file is used."""
    outcome = shorthaul("map", "--flows", written(tmp_path, content))
    assert outcome.status == 0, outcome
    assert outcome.err == ""
    return outcome.out


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "flows"),
        ("\n\n", "flows"),
        (b"\x00\x01\x02\xff" * 99, ":1: "),
        ("no flows here\n", ":1: "),
        ("[1, 2]\n", ":1: "),
        ('{"flow": 7}\n', ":1: "),
        ("{" * 100_000 + "\n", ":1: "),
        (HEADER + ROW.format("nan"), ":2: "),
        (HEADER + ROW.format("-1"), ":2: "),
        (HEADER + ROW.format("inf"), ":2: "),
        (HEADER + ROW.format("1e999"), ":2: "),
        (HEADER + ROW.format("many"), ":2: "),
        (HEADER + ROW.format(2**64), ":2: "),
        (HEADER + "shop,Deployment,web\n", ":2: "),
        (HEADER + ROW.format(1) + ROW.format(1).replace("bytes/s", "bits/s"), ":3: "),
        (HEADER + ROW.format(1).replace("web", ""), ":2: "),
        (b"\x1f\x8b\x08\x00broken", "flows: "),
        (gzip.compress(b"", mtime=0)[:12], "flows: "),
    ],
)
def test_flows_that_cannot_be_used_are_refused_with_file_and_line(
    tmp_path, command, content, expected
):
    path = written(tmp_path, content)

    line = refused(command, "--cluster", CLUSTER, "--flows", path)

    assert path in line
    assert expected in line


@pytest.mark.parametrize(
    "bad",
    [
        GOOD_LINE[: len(GOOD_LINE) // 2] + "\n",
        "\x00\x01\x02\n",
        json.dumps({"flow": "x" * (2 << 20)}) + "\n",
        GOOD_LINE.replace('"verdict":"FORWARDED"', '"verdict":7'),
        GOOD_LINE.replace('"time":"2026', '"time":"never-2026'),
        GOOD_LINE.replace('"source":{', '"source":[],"x":{', 1),
    ],
)
def test_a_damaged_line_costs_that_line_and_is_shown_with_its_place(tmp_path, bad):
    shown = counted(tmp_path, GOOD_LINE + bad)

    assert "flows:2" in shown


def test_an_unknown_verdict_has_no_weight_and_is_shown(tmp_path):
    shown = counted(tmp_path, GOOD_LINE + GOOD_LINE.replace("FORWARDED", "BLESSED"))

    assert "BLESSED" in shown


def test_the_rate_of_lines_whose_times_go_back_is_that_of_sorted_lines(tmp_path):
    lines = (OFFLINE / "hubble" / "b2.log").read_text().splitlines(keepends=True)
    forth, back = (
        shorthaul("map", "-o", "json", "--flows", written(tmp_path, "".join(order), name))
        for order, name in ((lines, "forth"), (lines[::-1], "back"))
    )

    assert json.loads(forth.out)["edges"] == json.loads(back.out)["edges"]


def test_pods_that_are_gone_are_told_and_never_moved(tmp_path):
    event = json.loads(GOOD_LINE)
    for end in ("source", "destination"):
        del event["flow"][end]["workloads"]
    event["flow"]["source"]["pod_name"] = "gone"
    event["flow"]["uuid"] = "another"
    lines = (OFFLINE / "hubble" / "b2.log").read_text()
    path = written(tmp_path, lines + json.dumps(event) + "\n")

    outcome = shorthaul("plan", "--cluster", CLUSTER, "--flows", path)

    assert outcome.status == 0
    assert "1 a pod is gone and nothing tells whose it was" in outcome.out
    assert "~  shop/gone" not in outcome.out


def test_flows_of_another_cluster_are_refused(tmp_path):
    other = (OFFLINE / "hubble" / "b2.log").read_text().replace('"namespace":"', '"namespace":"x')

    line = refused("plan", "--cluster", CLUSTER, "--flows", written(tmp_path, other))

    assert "same cluster" in line


def flows_of(folder, *clusters):
    """The options for one file of flows of each cluster."""
    words = []
    for cluster in clusters:
        line = json.loads(GOOD_LINE)
        for end in (line["flow"]["source"], line["flow"]["destination"]):
            end["cluster_name"] = cluster
        line["flow"]["uuid"] = cluster
        words += ["--flows", written(folder, json.dumps(line) + "\n", cluster)]
    return words


def test_of_many_clusters_a_few_are_named(tmp_path):
    files = flows_of(tmp_path, *(f"c{number}" for number in range(10, 60)))

    line = refused("plan", "--cluster", CLUSTER, *files)

    assert f"50 clusters: 'c10' (first: {tmp_path}/c10:1), 'c11'" in line
    assert f"'c12' (first: {tmp_path}/c12:1) and 47 more; give one cluster's flows" in line


@pytest.mark.parametrize("command", COMMANDS)
def test_flows_of_two_clusters_with_the_same_names_are_refused(command, tmp_path):
    files = flows_of(tmp_path, "production", "staging")

    line = refused(command, "--cluster", CLUSTER, *files)

    assert "2 clusters" in line
    assert f"'staging' (first: {tmp_path}/staging:1)" in line
    assert "give one cluster's flows" in line


def changed(tmp_path, change, name="cluster.json"):
    """The example's cluster with a change."""
    cluster = json.loads((OFFLINE / "cluster.json").read_text())
    change(cluster["items"])
    return written(tmp_path, json.dumps(cluster), name)


def of_kind(items, kind):
    return [item for item in items if item["kind"] == kind]


def test_two_dumps_of_different_clusters_are_refused(tmp_path):
    def rename(items):
        of_kind(items, "Node")[0]["metadata"]["uid"] = "another"

    line = refused("plan", "--cluster", CLUSTER, changed(tmp_path, rename), "--flows", EDGES)

    assert "two clusters" in line


def test_a_dump_without_nodes_is_refused(tmp_path):
    def strip(items):
        items[:] = [item for item in items if item["kind"] != "Node"]

    path = changed(tmp_path, strip)

    assert f"no nodes in {path}" in refused("plan", "--cluster", path, "--flows", EDGES)


def test_a_node_without_labels_is_told_and_shares_a_tier_with_no_other(tmp_path):
    def strip(items):
        del of_kind(items, "Node")[0]["metadata"]["labels"]

    outcome = shorthaul("plan", "--cluster", changed(tmp_path, strip), "--flows", EDGES)

    assert outcome.status == 0
    assert "1 of 6 nodes have no label topology.kubernetes.io/zone" in outcome.out


def test_contradictory_tiers_are_refused_with_the_nodes(tmp_path):
    def tangle(items):
        for node in of_kind(items, "Node")[:3]:
            node["metadata"]["labels"]["topology.shorthaul.dev/rack"] = "one"

    line = refused("plan", "--cluster", changed(tmp_path, tangle), "--flows", EDGES)

    assert "nodes a1 and b1 share rack 'one' but not the zone" in line


def test_an_address_that_two_pods_had_is_no_error(tmp_path):
    def share(items):
        for pod in of_kind(items, "Pod"):
            pod["status"]["podIP"] = "10.1.0.11"
            pod["status"]["podIPs"] = [{"ip": "10.1.0.11"}]

    outcome = shorthaul("plan", "--cluster", changed(tmp_path, share), "--flows", HUBBLE)

    assert outcome.status == 0


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "empty"),
        ("{", "cluster"),
        (b"\x00\x01", "binary"),
        ("[" * 100_000, "nested"),
        ('{"kind": "Pod"}', "Pod"),
        ('{"kind": "Node", "apiVersion": "v1", "metadata": {"name": 7}}', "cluster"),
        ("kind: [unclosed\n", "cluster"),
    ],
)
def test_a_dump_that_cannot_be_used_is_refused(tmp_path, content, expected):
    path = written(tmp_path, content, "cluster")

    line = refused("plan", "--cluster", path, "--flows", EDGES)

    assert path in line
    assert expected in line


@pytest.mark.parametrize("amount", ["lots", "-1", "NaN", 7.5])
def test_a_request_that_is_no_quantity_is_refused_with_its_pod(tmp_path, amount):
    def spoil(items):
        pod = of_kind(items, "Pod")[0]
        pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = amount

    path = changed(tmp_path, spoil)

    outcome = shorthaul("plan", "--cluster", path, "--flows", EDGES)

    assert "Traceback" not in outcome.err
    assert outcome.status == (0 if amount == 7.5 else 1)


def test_a_misspelt_topology_is_refused_with_its_line(tmp_path):
    text = (OFFLINE / "topology.yaml").read_text().replace("zone: 3", "zone: 300")
    path = written(tmp_path, text, "topology.yaml")

    line = refused("plan", "--cluster", CLUSTER, "--flows", EDGES, "--topology", path)

    assert path in line
    assert "distances may not fall" in line


def test_cost_without_prices_is_refused():
    line = refused("plan", "--cluster", CLUSTER, "--flows", EDGES, "--objective", "cost")

    assert "price" in line


def test_a_policy_that_selects_nothing_is_told(tmp_path):
    text = (
        (OFFLINE / "policy.yaml").read_text().replace("workloads: {}", "workloads: {kinds: [Cow]}")
    )

    outcome = shorthaul(
        "plan", "--cluster", CLUSTER, "--flows", EDGES, "--policy", written(tmp_path, text)
    )

    assert outcome.status == 0
    assert "selects no workload" in outcome.out


def test_policies_of_several_objectives_need_a_word(tmp_path):
    text = (OFFLINE / "policy.yaml").read_text().replace("bytes", "flows", 1)

    line = refused(
        "plan", "--cluster", CLUSTER, "--flows", EDGES, "--policy", written(tmp_path, text)
    )

    assert "several objectives (bytes, flows)" in line


def test_names_of_any_length_and_script_are_shown_harmlessly(tmp_path):
    wild = "流" * 500 + "\x1b[2J" + "\u202e"

    outcome = shorthaul(
        "map", "--flows", written(tmp_path, HEADER + ROW.format(1).replace("web", wild))
    )

    assert "Traceback" not in outcome.err
    assert "\x1b" not in outcome.out + outcome.err


@pytest.mark.parametrize("path", ["none.json", "/proc/self/mem", "."])
def test_a_file_that_cannot_be_read_is_one_line(path, tmp_path):
    for option, other in (("--cluster", ("--flows", EDGES)), ("--flows", ("--cluster", CLUSTER))):
        target = path if path.startswith("/") else tmp_path / path
        assert str(target) in refused("plan", option, target, *other)


def test_yaml_of_the_same_cluster_gives_the_same_plan(tmp_path):
    text = yaml.safe_dump(json.loads((OFFLINE / "cluster.json").read_text()))
    path = written(tmp_path, text, "cluster.yaml")

    plans = [
        json.loads(shorthaul("plan", "--cluster", given, "--flows", EDGES, "-o", "json").out)
        for given in (CLUSTER, path)
    ]

    assert plans[0]["spec"]["moves"] == plans[1]["spec"]["moves"]
