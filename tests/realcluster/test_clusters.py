"""A real cluster: nodes that are what they say and kept apart, a machine that stays as it was."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from realnodes import clients, clusters, components, leftovers, ownimages, rooms, shells
from testbed import clients as testbed_clients
from testbed import connections, nodes

pytestmark = pytest.mark.realcluster

COMMAND = Path(__file__).parents[2] / "hack" / "realcluster"
PLACES = ("/etc/cni", "/opt", "/var/lib", "/var/log", "/run")


def machine() -> dict[str, object]:
    """Return what a cluster must not change: settings, mounts, links, folders."""
    links = json.loads(subprocess.check_output(["ip", "-j", "address"]))
    for link in links:
        link.pop("stats64", None)
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return {
        "settings": {
            name: Path("/proc/sys", name).read_text()
            for name in rooms.COVERED_SETTINGS
            if Path("/proc/sys", name).exists()
        },
        "mounts": [line for line in mounts if "/run/netns" not in line],
        "links": links,
        "folders": {
            place: sorted(path.name for path in Path(place).iterdir())
            for place in PLACES
            if Path(place).is_dir()
        },
        "host": subprocess.check_output(["hostname"]),
    }


def pod(name: str, node: str, *arguments: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
        "spec": {
            "nodeName": node,
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {
                    "name": name,
                    "image": ownimages.ECHO.reference,
                    "imagePullPolicy": "Never",
                    "args": list(arguments),
                }
            ],
        },
    }


def test_nodes_are_ready_and_carry_zone_and_rack(cluster: clusters.Cluster) -> None:
    found = {node["metadata"]["name"]: node for node in cluster.client.list("nodes")}

    assert {"n1", "n2"} == set(found)
    assert all(nodes.is_ready(node) for node in found.values())
    for node in cluster.layout.nodes:
        assert node.labels.items() <= found[node.name]["metadata"]["labels"].items()
        assert found[node.name]["spec"]["podCIDR"] == node.pod_network
        system = found[node.name]["status"]["nodeInfo"]
        assert system["containerRuntimeVersion"].startswith("containerd://")


def test_a_node_may_not_touch_another(cluster: clusters.Cluster) -> None:
    first, second = cluster.layout.nodes
    outer = testbed_clients.from_kubeconfig(
        cluster.layout.kubeconfig_of(components.user_of(first))
    ).endpoint
    endpoint = clients.InnerEndpoint(
        outer.server, outer.token, outer.authority, namespace=cluster.layout.fabric
    )
    kubelet = testbed_clients.Client(endpoint)

    kubelet.patch("nodes", first.name, {"metadata": {"annotations": {"mine": "yes"}}})
    with pytest.raises(connections.ApiError, match="403"):
        kubelet.patch("nodes", second.name, {"metadata": {"annotations": {"mine": "no"}}})


def test_a_pod_reaches_another_node_by_the_name_of_a_service(cluster: clusters.Cluster) -> None:
    cluster.import_image(ownimages.find(ownimages.ECHO))
    client = cluster.client
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "here", "namespace": "default"},
        "spec": {"selector": {"app": "here"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    before = cluster.interface_bytes()["a"]
    client.apply([service, pod("here", "n1", "serve")])
    client.apply(pod("there", "n2", "ask", "-target", "here.default.svc.cluster.local"))

    def answered() -> bool:
        told = cluster.kubectl("logs", "there")
        return any(
            not line.startswith("requests=0") and " failures=0 " in line
            for line in told.splitlines()
            if line.startswith("requests=")
        )

    client.wait_for(answered, what="answers by name", timeout_seconds=60)
    after = cluster.interface_bytes()["a"]
    assert after.out_of_rack - before.out_of_rack > 100_000
    assert after.into_rack > before.into_rack


def test_links_become_narrow_and_wide_again(cluster: clusters.Cluster) -> None:
    def limits() -> set[str]:
        text = shells.run(
            ["tc", "-n", cluster.layout.fabric, "class", "show", "dev", "up-a"],
        )
        return {word for word in text.split() if word.endswith("bit")}

    cluster.shape("5mbit")
    narrow = limits()
    cluster.shape("20mbit")
    wider = limits()
    cluster.shape(None)

    assert (narrow, wider, limits()) == ({"5Mbit"}, {"20Mbit"}, set())


def test_a_name_is_taken_once(cluster: clusters.Cluster) -> None:
    with pytest.raises(clusters.NotUp, match="is there already"):
        clusters.up(nodes=1, racks=1, name=cluster.layout.name)

    assert leftovers.is_running(cluster.layout.name)


def test_the_machine_is_as_it_was(real_nodes_possible: None) -> None:
    before = machine()

    with clusters.up(nodes=1, racks=1, name="alone") as alone:
        during = machine()
        assert clusters.attached("alone").layout == alone.layout
    deadline = time.monotonic() + 10
    while leftovers.remains("alone") and time.monotonic() < deadline:
        time.sleep(0.1)

    assert leftovers.remains("alone") == []
    assert during["settings"] == before["settings"]
    assert machine() == before


@pytest.mark.parametrize(
    "arguments",
    [["-n", "kube-system", "get", "deployments"], ["get", "deployments", "-n", "kube-system"]],
)
def test_kubectl_is_called_with_options_where_they_were(
    cluster: clusters.Cluster, arguments: list[str]
) -> None:
    command = [sys.executable, str(COMMAND), "kubectl", "--name", cluster.layout.name]
    told = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)

    assert told.stdout.splitlines()[1].startswith("coredns")
