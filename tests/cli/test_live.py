"""`--cluster live` reads the cluster of the kubeconfig context, or says in one line why not."""

import json

import pytest
import yaml

from cli.commands import EDGES, shorthaul
from testbed import nodes

HEADER = "src_namespace,src_kind,src_name,dst_namespace,dst_kind,dst_name,rate,unit\n"


def kubeconfig(tmp_path, server):
    path = tmp_path / "config"
    named = {
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "clusters": [{"name": "a", "cluster": {"server": server}}],
        "users": [{"name": "a", "user": {}}],
    }
    path.write_text(
        yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "a", **named})
    )
    return str(path)


def refusal(path):
    outcome = shorthaul(
        "plan", "--cluster", "live", "--flows", EDGES, environment={"KUBECONFIG": path}
    )
    assert outcome.status == 1
    assert outcome.out == ""
    (line,) = outcome.err.splitlines()
    return line


def test_a_kubeconfig_that_is_not_there_is_one_line(tmp_path):
    assert "cannot use kubeconfig" in refusal(str(tmp_path / "none"))


def test_a_kubeconfig_that_is_no_yaml_is_one_line(tmp_path):
    path = tmp_path / "config"
    path.write_text("a: [")

    assert refusal(str(path)).startswith("shorthaul: ")


def test_a_server_that_does_not_answer_is_one_line(tmp_path):
    assert "127.0.0.1" in refusal(kubeconfig(tmp_path, "https://127.0.0.1:1"))


@pytest.mark.controlplane
def test_a_live_cluster_is_scored(control_plane, namespace, tmp_path):
    client = control_plane.client
    names = [f"{namespace}-{zone}" for zone in ("a", "b")]
    for name, zone in zip(names, ("zone-a", "zone-b"), strict=True):
        client.create(nodes.node(name, zone=zone, region="north"))
        client.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": f"pod-{name}"},
                "spec": {"nodeName": name, "containers": [{"name": "c", "image": "example.org/c"}]},
            },
            namespace,
        )
    flows = tmp_path / "edges.csv"
    ends = ",".join(f"{namespace},Pod,pod-{name}" for name in names)
    flows.write_text(f"{HEADER}{ends},7,bytes/s\n")

    outcome = shorthaul(
        "score",
        "--cluster",
        "live",
        "--flows",
        flows,
        "-o",
        "json",
        environment={"KUBECONFIG": str(control_plane.kubeconfig)},
    )

    for name in names:
        client.delete("nodes", name)
    assert outcome.err == ""
    assert json.loads(outcome.out)["before"] == 70.0
