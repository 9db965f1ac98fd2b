"""A real cluster as one object: bring it up, use it, make its links narrow, take it down.

    with clusters.up(nodes=3, racks=2, name="mine") as cluster:
        cluster.import_image(path)                  # a tar or folder with an OCI layout, all nodes
        cluster.client.apply(manifests)             # testbed.clients.Client, as administrator
        print(cluster.kubectl("get", "pods", "-A"))
        cluster.shape("10mbit")                     # each rack's uplink, both ways; None: wide
        cluster.interface_bytes()                   # by rack: out_of_rack, into_rack
        cluster.command_inside(["helm", ...])       # a command line where the API is reachable

`clusters.attached(name)` gives a cluster that a command brought up before. The API server and all
addresses exist in the cluster's own network namespaces only. What `up` leaves running is ended by
`down`, whether `up` came to its end or was killed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from realnodes import (
    bringups,
    cgroups,
    ciliums,
    clients,
    components,
    fabrics,
    images,
    layouts,
    namespaces,
    needs,
    shells,
    starters,
)
from testbed import binaries, processes
from testbed import clients as testbed_clients

DEFAULT_NAME = "real"
DEFAULT_NODES = 3
DEFAULT_RACKS = 2


class NotUp(Exception):
    """There is no such cluster, or there is one where none should be; the message is one line."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a take-down found and removed, as counts."""

    processes: int
    namespaces: int


class Cluster:
    """A cluster that is up."""

    def __init__(self, layout: layouts.Layout) -> None:
        """Take where everything is."""
        self.layout = layout
        self._client: testbed_clients.Client | None = None

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take it down, whatever happened."""
        self.down()

    @property
    def client(self) -> testbed_clients.Client:
        """A client that may do everything."""
        if self._client is None:
            self._client = clients.administrator(self.layout)
        return self._client

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; its server is reached with `command_inside`."""
        return self.layout.kubeconfig

    def command_inside(self, command: Sequence[str]) -> list[str]:
        """Return a command that runs where the API server and the pods can be reached."""
        return namespaces.entering(self.layout.fabric, list(command))

    def command_in_node(self, node: str, command: Sequence[str]) -> list[str]:
        """Return a command that runs in a node's room, in the node's cgroups."""
        return starters.command_in_node(self.layout, node, command)

    def kubectl(self, *arguments: str, input_text: str | None = None) -> str:
        """Run kubectl as administrator and return what it printed; raises shells.Failed."""
        given = None if input_text is None else input_text.encode()
        return shells.run(self.kubectl_command(*arguments), input_bytes=given)

    def kubectl_command(self, *arguments: str) -> list[str]:
        """Return the command line of kubectl as administrator."""
        program = str(binaries.find("kubectl", self.layout.kubernetes))
        return self.command_inside([program, f"--kubeconfig={self.kubeconfig}", *arguments])

    def hubble(self, *arguments: str) -> str:
        """Run Hubble's command line against Relay and return what it printed; Cilium only."""
        server = ciliums.relay_address(self.layout)
        command = [str(binaries.find("hubble")), *arguments, "--server", server]
        return shells.run(self.command_inside(command))

    @property
    def hubble_exports(self) -> dict[str, Path]:
        """The files that Hubble of each node exports its flows to, by node; Cilium only."""
        return {node.name: ciliums.exported(self.layout, node) for node in self.layout.nodes}

    def import_image(self, path: Path, nodes: Sequence[str] | None = None) -> None:
        """Give an image to nodes, or to all: a tar file or a folder with an OCI layout."""
        content = images.archive(path)
        ctr = str(binaries.find("ctr"))
        command = [ctr, *components.containerd_client(["images", "import", "-"])]
        for node in nodes or [node.name for node in self.layout.nodes]:
            shells.run(self.command_in_node(node, command), input_bytes=content)

    def shape(self, rate: str | None) -> None:
        """Let each rack's uplink carry at most a rate such as 10mbit each way; None: no limit."""
        fabrics.shape(self.layout, rate)

    def interface_bytes(self) -> dict[str, fabrics.LinkBytes]:
        """Return what each rack's uplink has carried so far, by rack."""
        return fabrics.interface_bytes(self.layout)

    def down(self) -> Left:
        """End everything and leave nothing."""
        return take_down(self.layout.name)


def up(
    *,
    nodes: int = DEFAULT_NODES,
    racks: int = DEFAULT_RACKS,
    cni: str = "ptp",
    bandwidth: str | None = None,
    name: str = DEFAULT_NAME,
    install: bool = False,
) -> Cluster:
    """Bring up a cluster and return when its nodes and its names are ready.

    Raises needs.Missing where the machine cannot, NotUp when one of that name is there already.
    When bringing up fails, everything is ended and the logs are kept; the error names their folder.
    """
    layout = layouts.Layout(
        name, state_of(name), nodes, min(racks, nodes), cni, binaries.kubernetes()
    )
    fabrics.check_rate(bandwidth)
    programs = needs.check(cni, install=install)
    if is_left(name):
        raise NotUp(f"cluster {name} is there already, whole or in part; `down` removes it")
    try:
        bringups.run(layout, programs)
        fabrics.shape(layout, bandwidth)
    except BaseException as error:
        kept = keep_logs(layout)
        take_down(name)
        if isinstance(error, bringups.NotReady):
            raise bringups.NotReady(f"{error}; logs: {kept}") from error
        raise
    return Cluster(layout)


def attached(name: str = DEFAULT_NAME) -> Cluster:
    """Return the cluster of a name that came up; some of its programs may have ended since."""
    layout = layouts.read(state_of(name))
    if layout is None or not is_running(name):
        raise NotUp(f"cluster {name} is not up")
    return Cluster(layout)


def take_down(name: str) -> Left:
    """End all processes of a cluster, remove its namespaces, cgroups and files."""
    state = state_of(name)
    groups = cgroups.Groups(name, cgroups.mounted())
    recorded = [one for one in processes.read_record(state) if processes.is_alive(one)]
    # Both: one that was killed while starting may not yet be in its group, or not on record.
    processes.end(recorded, grace_seconds=0)
    ended = groups.end_processes()
    removed = namespaces.remove_all(name)
    groups.remove()
    shutil.rmtree(state, ignore_errors=True)
    return Left(max(ended, len(recorded)), removed)


def is_running(name: str) -> bool:
    """Tell whether any process on record runs."""
    return any(processes.is_alive(one) for one in processes.read_record(state_of(name)))


def is_left(name: str) -> bool:
    """Tell whether anything of a cluster is on the machine."""
    return bool(remains(name))


def remains(name: str) -> list[str]:
    """Return what is on the machine of a cluster: processes, namespaces, cgroups, files."""
    state = state_of(name)
    groups = cgroups.Groups(name, cgroups.mounted())
    recorded = {one.pid for one in processes.read_record(state) if processes.is_alive(one)}
    return [
        *(f"process {number}" for number in sorted(recorded | groups.processes())),
        *(f"network namespace {one}" for one in namespaces.of_cluster(name)),
        *(f"cgroup {path}" for path in groups.left()),
        *([f"folder {state}"] if state.exists() else []),
    ]


def state_of(name: str) -> Path:
    """Return the folder of a cluster's files."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "shorthaul" / "realcluster" / layouts.check_name(name)


def keep_logs(layout: layouts.Layout) -> Path:
    """Copy a cluster's logs beside its folder, in the place of earlier ones; return where."""
    kept = layout.state.with_name(f"{layout.name}.logs")
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    if (layout.state / "log").is_dir():
        shutil.copytree(layout.state / "log", kept, dirs_exist_ok=True)
    return kept
