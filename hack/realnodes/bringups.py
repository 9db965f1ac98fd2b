"""Brings a cluster up: network, control plane, nodes, names; each step waits for what it needs."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from pathlib import Path

from ociimages import archives
from realnodes import (
    ciliums,
    clients,
    components,
    fabrics,
    layouts,
    namespaces,
    nodefiles,
    ownimages,
    shells,
    starters,
)
from testbed import binaries, credentials, debian, groups, nodes, probes, recipes
from testbed import clients as testbed_clients

MANIFESTS = Path(__file__).parent / "manifests"
STORES = components.CONTROL_PLANE[:2]


class NotReady(Exception):
    """The cluster did not come up; the message says what was waited for."""


def run(layout: layouts.Layout, programs: Mapping[str, debian.Programs]) -> None:
    """Bring everything up."""
    built = binaries.find_all(programs_for(layout.cni), layout.kubernetes)
    for wanted in images_for(layout.cni):
        ownimages.find(wanted)
    starter = starters.Starter(layout, built)
    try:
        _run(starter, programs)
    except (groups.NotStarted, testbed_clients.TimedOut) as error:
        raise NotReady(str(error)) from error


def programs_for(cni: str) -> list[str]:
    """Return the programs that are built from Go modules for a cluster."""
    of_nodes = (*recipes.containerd().programs, *recipes.cni_plugins().programs)
    others = ("kubectl", "kubelet", "kube-proxy", "coredns", "echo")
    of_cilium = (*recipes.cilium().programs, ciliums.RELAY) if cni == "cilium" else ()
    return [*components.CONTROL_PLANE, *of_nodes, *others, *of_cilium]


def images_for(cni: str) -> list[ownimages.OwnImage]:
    """Return the images that every node of a cluster is given."""
    of_cilium = (ownimages.RELAY,) if cni == "cilium" else ()
    return [ownimages.PAUSE, ownimages.COREDNS, *of_cilium]


def _run(starter: starters.Starter, programs: Mapping[str, debian.Programs]) -> None:
    layout = starter.layout
    starter.prepare(programs)
    fabrics.build(layout)
    starter.say("network")
    for node in layout.nodes:
        nodefiles.write(layout, node, _machine(starter))
        starter.room(node)
    tokens = _start_stores(starter)
    _start_containerd(starter)
    starter.say("containerd on every node")
    client = _start_control_plane(starter, tokens)
    starter.say("control plane")
    for node in layout.nodes:
        for name in ("kubelet", "kube-proxy"):
            starter.in_node(node, name, components.node(name, layout, node))
    if layout.cni == "cilium":
        _apply_custom_resources(starter)
    _give_pod_networks(starter, client)
    if layout.cni == "cilium":
        _start_cilium(starter)
    client.apply((MANIFESTS / "names.yaml").read_text())
    starter.wait(
        lambda: all(nodes.is_ready(node) for node in client.list("nodes")),
        "ready nodes",
        [*components.CONTROL_PLANE, *_on_nodes(layout, "kubelet")],
    )
    starter.say(f"{layout.node_count} nodes ready")
    starter.wait(lambda: _has_names(client), "CoreDNS that is ready", components.CONTROL_PLANE)
    starter.say("names ready")
    if layout.cni == "cilium":
        _start_relay(starter, client)
        starter.say("Hubble Relay connected to every node")
    layouts.write(layout)


def _machine(starter: starters.Starter) -> nodefiles.Machine:
    plugins = ("ptp", "cilium-cni") if starter.layout.cni == "cilium" else ("ptp",)
    return nodefiles.Machine(
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        runc=starters.commands_folder(starter.layout) / "runc",
        cni_folders=[starter.built[name].parent for name in plugins],
    )


def _start_stores(starter: starters.Starter) -> dict[str, str]:
    """Start etcd and the API server; return the tokens of the users that it knows."""
    layout = starter.layout
    credentials.write_signing_key(components.signing_key(layout))
    given = components.groups_of_users(layout)
    users = (components.ADMINISTRATOR, *given)
    tokens = credentials.write_tokens(components.tokens(layout), users, given)
    for name in STORES:
        starter.in_fabric(name, components.control_plane(name, layout))
    return tokens


def _start_containerd(starter: starters.Starter) -> None:
    layout = starter.layout
    for node in layout.nodes:
        starter.await_room(node)
        starter.in_node(node, "containerd", components.node("containerd", layout, node))
    for node in layout.nodes:
        answers = functools.partial(_has_containerd, starter, node)
        starter.wait(answers, f"containerd of {node.name}", [f"{node.name}-containerd"])
        for wanted in images_for(layout.cni):
            content = archives.packed(ownimages.find(wanted))
            shells.run(_ctr(starter, node, "images", "import", "-"), input_bytes=content)


def _ctr(starter: starters.Starter, node: layouts.Node, *arguments: str) -> list[str]:
    command = [str(starter.built["ctr"]), *components.containerd_client([*arguments])]
    return starters.command_in_node(starter.layout, node.name, command)


def _has_containerd(starter: starters.Starter, node: layouts.Node) -> bool:
    try:
        shells.run(_ctr(starter, node, "version"))
    except shells.Failed:
        return False
    return True


def _start_control_plane(
    starter: starters.Starter, tokens: Mapping[str, str]
) -> testbed_clients.Client:
    layout = starter.layout
    starter.wait(
        lambda: credentials.is_whole(layout.authority), "certificate of the API server", STORES
    )
    for user, token in tokens.items():
        clients.write_kubeconfig(layout, user, token)
    client = clients.administrator(layout)
    starter.wait(client.is_ready, "ready API server", STORES)
    for name in components.READY_ADDRESSES:
        starter.in_fabric(name, components.control_plane(name, layout))
    for name, address in components.READY_ADDRESSES.items():
        answers = functools.partial(_answers, layout, address)
        starter.wait(answers, f"ready {name}", (*STORES, name))
    return client


def _answers(layout: layouts.Layout, address: str) -> bool:
    with namespaces.inside(layout.fabric):
        return probes.is_ready(address)


def _give_pod_networks(starter: starters.Starter, client: testbed_clients.Client) -> None:
    """Each node's pods have the addresses that the routes were made for."""
    for node in starter.layout.nodes:
        starter.wait(
            functools.partial(client.exists, "nodes", node.name),
            f"registered node {node.name}",
            [f"{node.name}-kubelet", *components.CONTROL_PLANE],
        )
        spec = {"podCIDR": node.pod_network, "podCIDRs": [node.pod_network]}
        client.patch("nodes", node.name, {"spec": spec})


def _apply_custom_resources(starter: starters.Starter) -> None:
    """By kubectl: some of these files have ten thousand lines, which Python reads in seconds."""
    layout, kept = starter.layout, starter.built[ciliums.AGENT].parents[1]
    kubectl = [str(starter.built["kubectl"]), f"--kubeconfig={layout.kubeconfig}"]
    files = [f"--filename={path}" for path in ciliums.custom_resources(kept)]
    command = [*kubectl, "apply", "--server-side", *files]
    shells.run(namespaces.entering(layout.fabric, command))


def _start_cilium(starter: starters.Starter) -> None:
    layout = starter.layout
    (starters.commands_folder(layout) / "clang").symlink_to(ciliums.COMPILER)
    (layout.state / "hubble").mkdir()
    kept = starter.built[ciliums.AGENT].parents[1]
    for node in layout.nodes:
        starter.in_node(node, ciliums.AGENT, ciliums.agent(layout, node, kept / "lib"))
    starter.say("Cilium's agents started")


def _start_relay(starter: starters.Starter, client: testbed_clients.Client) -> None:
    layout = starter.layout
    client.apply(ciliums.relay(layout))
    starter.wait(
        lambda: connected_nodes(starter, client) == layout.node_count,
        "Hubble Relay with all nodes",
        [*components.CONTROL_PLANE, *_on_nodes(layout, ciliums.AGENT)],
    )


def connected_nodes(starter: starters.Starter, client: testbed_clients.Client) -> int:
    """Return how many nodes Hubble Relay has a connection to."""
    server = ciliums.relay_address(client.list("pods", ciliums.RELAY_NAMESPACE))
    if server is None:
        return 0
    command = [str(starter.built["hubble"]), "status", "--server", server, "-o", "json"]
    try:
        told = json.loads(shells.run(namespaces.entering(starter.layout.fabric, command)))
    except (shells.Failed, ValueError):
        return 0
    return int(told.get("num_connected_nodes", 0))


def _has_names(client: testbed_clients.Client) -> bool:
    status = client.get("deployments.apps", "coredns", "kube-system").get("status", {})
    return bool(status.get("availableReplicas", 0) >= 1)


def _on_nodes(layout: layouts.Layout, program: str) -> list[str]:
    return [f"{node.name}-{program}" for node in layout.nodes]
