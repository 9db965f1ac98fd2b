"""Brings a cluster up: network, control plane, nodes, names; each step waits for what it needs.

Every process is put on record with its birth as it starts, and lives in the cluster's cgroups, so
that being killed at any point leaves nothing that `down` cannot find.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from realnodes import (
    cgroups,
    clients,
    components,
    fabrics,
    images,
    layouts,
    namespaces,
    nodefiles,
    rooms,
    shells,
)
from testbed import binaries, caches, credentials, debian, groups, nodes, probes, progress, recipes
from testbed import clients as testbed_clients

CONTROL_PLANE_PART = "control-plane"
MANIFESTS = Path(__file__).parent / "manifests"
STORES = components.CONTROL_PLANE[:2]
ECHO_IMAGE = "shorthaul.dev/echo:v1"
IMAGES = (
    ("echo", nodefiles.PAUSE_IMAGE, ["/echo", "pause"]),
    ("coredns", "shorthaul.dev/coredns:v1", ["/coredns"]),
)
WAIT_SECONDS = 120.0


class NotReady(Exception):
    """The cluster did not come up; the message says what was waited for."""


def run(layout: layouts.Layout, programs: Mapping[str, debian.Programs]) -> None:
    """Bring everything up."""
    built = binaries.find_all(_programs(), layout.kubernetes)
    bringup = _BringUp(layout, programs, built)
    try:
        bringup.run()
    except (groups.NotStarted, testbed_clients.TimedOut) as error:
        raise NotReady(str(error)) from error


def image(program: str, reference: str, entrypoint: list[str]) -> Path:
    """Return the image of one of our programs from the cache, made first if it is not there."""
    path = binaries.find(program)
    name = reference.rpartition("/")[2].replace(":", "-")
    key = f"image-{name}-of-{path.parents[1].name}"

    def make(folder: Path) -> Path:
        result = folder / "result"
        result.mkdir()
        found = images.Image(reference, {f"/{program}": path}, entrypoint)
        images.write(result / "image.tar", found)
        return result

    return caches.made(key, make) / "image.tar"


def _programs() -> list[str]:
    of_nodes = (*recipes.containerd().programs, *recipes.cni_plugins().programs)
    others = ("kubectl", "kubelet", "kube-proxy", "coredns", "echo")
    return [*components.CONTROL_PLANE, *of_nodes, *others]


class _BringUp:
    def __init__(
        self,
        layout: layouts.Layout,
        programs: Mapping[str, debian.Programs],
        built: Mapping[str, Path],
    ) -> None:
        self._layout = layout
        self._programs = programs
        self._built = built
        self._group = groups.Group(layout.state)
        self._cgroups = cgroups.Groups(layout.name, cgroups.mounted())
        self._started = time.monotonic()

    def run(self) -> None:
        layout = self._layout
        (layout.state / "log").mkdir(parents=True)
        layout.state.chmod(0o700)
        layouts.write(layout)
        self._cgroups.make([CONTROL_PLANE_PART, *(node.name for node in layout.nodes)])
        fabrics.build(layout)
        self._write_wrappers()
        self._say("network")
        for node in layout.nodes:
            self._start_room(node)
        tokens = self._start_stores()
        for node in layout.nodes:
            self._start_containerd(node)
        for node in layout.nodes:
            self._give_images(node)
        self._say("containerd on every node")
        client = self._start_control_plane(tokens)
        self._say("control plane")
        for node in layout.nodes:
            self._start_in_room(node, "kubelet")
            self._start_in_room(node, "kube-proxy")
        self._give_pod_networks(client)
        client.apply((MANIFESTS / "names.yaml").read_text())
        self._await_nodes(client)
        self._say(f"{layout.node_count} nodes ready")
        self._await(lambda: _is_available(client), "CoreDNS that is ready", STORES)
        self._say("names ready")

    def _say(self, what: str) -> None:
        progress.say(f"{time.monotonic() - self._started:5.1f} s  {what}")

    def _write_wrappers(self) -> None:
        """Programs that were only unpacked need the libraries that came beside them."""
        folder = self._layout.state / "bin"
        folder.mkdir()
        for name, programs in self._programs.items():
            libraries = programs.environment.get("LD_LIBRARY_PATH", "")
            path = folder / name
            path.write_text(
                f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec {programs.path(name)} "$@"\n'
            )
            path.chmod(0o755)

    def _start_room(self, node: layouts.Node) -> None:
        layout = self._layout
        machine = nodefiles.Machine(
            memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            runc=layout.state / "bin" / "runc",
            cni_folders=[self._built["ptp"].parent],
        )
        nodefiles.write(layout, node, machine)
        room = self._cgroups.joining(node.name, rooms.command(layout, node), first=True)
        self._group.start(f"{node.name}-room", room)

    def _start_stores(self) -> dict[str, str]:
        """Start etcd and the API server; return the tokens of the users that it knows."""
        layout = self._layout
        credentials.write_signing_key(components.signing_key(layout))
        given = components.groups_of_users(layout)
        users = (components.ADMINISTRATOR, *given)
        tokens = credentials.write_tokens(components.tokens(layout), users, given)
        for name in STORES:
            self._start_in_fabric(name)
        return tokens

    def _start_control_plane(self, tokens: Mapping[str, str]) -> testbed_clients.Client:
        layout = self._layout
        self._await(
            lambda: credentials.is_whole(layout.authority), "certificate of the API server", STORES
        )
        for user, token in tokens.items():
            clients.write_kubeconfig(layout, user, token)
        client = clients.administrator(layout)
        self._await(client.is_ready, "ready API server", STORES)
        for name in components.READY_ADDRESSES:
            self._start_in_fabric(name)
        for name, address in components.READY_ADDRESSES.items():
            answers = functools.partial(self._answers, address)
            self._await(answers, f"ready {name}", (*STORES, name))
        return client

    def _answers(self, address: str) -> bool:
        with namespaces.inside(self._layout.fabric):
            return probes.is_ready(address)

    def _start_in_fabric(self, name: str) -> None:
        arguments = components.control_plane(name, self._layout)
        command = namespaces.entering(self._layout.fabric, [str(self._built[name]), *arguments])
        self._group.start(name, self._cgroups.joining(CONTROL_PLANE_PART, command))

    def _start_containerd(self, node: layouts.Node) -> None:
        ready = self._layout.folder(node) / rooms.READY_NAME
        self._await(ready.exists, f"room of {node.name}", [f"{node.name}-room"])
        self._start_in_room(node, "containerd")

    def _give_images(self, node: layouts.Node) -> None:
        self._await(
            lambda: self._has_containerd(node),
            f"containerd of {node.name}",
            [f"{node.name}-containerd"],
        )
        for program, reference, entrypoint in IMAGES:
            path = image(program, reference, entrypoint)
            content = images.archive(path)
            shells.run(self._ctr(node, "images", "import", "-"), input_bytes=content)

    def _in_room(self, node: layouts.Node, command: list[str]) -> list[str]:
        holder = self._group.pid(f"{node.name}-room")
        return self._cgroups.joining(node.name, rooms.joining(holder, command))

    def _start_in_room(self, node: layouts.Node, name: str) -> None:
        folders = [self._layout.state / "bin", self._built["containerd"].parent]
        search = ":".join([*(str(folder) for folder in folders), os.environ["PATH"]])
        arguments = components.node(name, self._layout, node)
        command = ["env", f"PATH={search}", str(self._built[name]), *arguments]
        self._group.start(f"{node.name}-{name}", self._in_room(node, command))

    def _ctr(self, node: layouts.Node, *arguments: str) -> list[str]:
        command = [str(self._built["ctr"]), *components.containerd_client([*arguments])]
        return self._in_room(node, command)

    def _has_containerd(self, node: layouts.Node) -> bool:
        try:
            shells.run(self._ctr(node, "version"))
        except shells.Failed:
            return False
        return True

    def _give_pod_networks(self, client: testbed_clients.Client) -> None:
        """Each node's pods have the addresses that the routes were made for."""
        for node in self._layout.nodes:
            kubelet = f"{node.name}-kubelet"
            self._await(
                functools.partial(client.exists, "nodes", node.name),
                f"registered node {node.name}",
                [kubelet, *components.CONTROL_PLANE],
            )
            spec = {"podCIDR": node.pod_network, "podCIDRs": [node.pod_network]}
            client.patch("nodes", node.name, {"spec": spec})

    def _await_nodes(self, client: testbed_clients.Client) -> None:
        kubelets = [f"{node.name}-kubelet" for node in self._layout.nodes]
        self._await(
            lambda: all(nodes.is_ready(node) for node in client.list("nodes")),
            "ready nodes",
            [*components.CONTROL_PLANE, *kubelets],
        )

    def _await(self, condition: Callable[[], bool], what: str, needing: Sequence[str]) -> None:
        self._group.wait_for(condition, what, needing=needing, timeout_seconds=WAIT_SECONDS)


def _is_available(client: testbed_clients.Client) -> bool:
    status = client.get("deployments.apps", "coredns", "kube-system").get("status", {})
    return bool(status.get("availableReplicas", 0) >= 1)
