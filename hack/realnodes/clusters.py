"""A real cluster as one object: bring it up, use it, make its links narrow, take it down.

    with clusters.up(nodes=3, racks=2, name="mine") as cluster:
        cluster.import_image(path)                  # a tar or folder with an OCI layout, all nodes
        cluster.client.apply(manifests)             # testbed.clients.Client, as administrator
        print(cluster.kubectl("get", "pods", "-A"))
        cluster.shape("10mbit")                     # each rack's uplink, both ways; None: wide
        cluster.interface_bytes()                   # by rack: out_of_rack, into_rack
        cluster.command_inside(["helm", ...])       # a command line where the API is reachable

`clusters.attached(name)` gives a cluster that a command brought up before. The API server and all
addresses exist in the cluster's own network namespaces only. A cluster in a `with` block goes with
the block, also when its process is killed; one without a block stays until somebody takes it down.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from ociimages import archives
from realnodes import (
    bringups,
    ciliums,
    clients,
    components,
    fabrics,
    guards,
    layouts,
    leftovers,
    namespaces,
    needs,
    shells,
    starters,
)
from testbed import binaries
from testbed import clients as testbed_clients
from testbed import guards as testbed_guards

DEFAULT_NAME = "real"
DEFAULT_NODES = 3
DEFAULT_RACKS = 2


class NotUp(Exception):
    """There is no such cluster, or there is one where none should be; the message is one line."""


class Cluster:
    """A cluster that is up."""

    def __init__(self, layout: layouts.Layout) -> None:
        """Take where everything is."""
        self.layout = layout
        self._client: testbed_clients.Client | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Use it, and let it go with us even if we are killed."""
        self._guard = guards.start(self.layout.name)
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
        server = ciliums.relay_address(self.client.list("pods", ciliums.RELAY_NAMESPACE))
        if server is None:
            raise NotUp(f"Hubble Relay of cluster {self.layout.name} is not ready")
        command = [str(binaries.find("hubble")), *arguments, "--server", server]
        return shells.run(self.command_inside(command))

    @property
    def hubble_exports(self) -> dict[str, Path]:
        """The files that Hubble of each node exports its flows to, by node; Cilium only."""
        return {node.name: ciliums.exported(self.layout, node) for node in self.layout.nodes}

    def import_image(self, path: Path, nodes: Sequence[str] | None = None) -> None:
        """Give an image to nodes, or to all: a tar file or a folder with an OCI layout."""
        content = archives.packed(path)
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

    def down(self) -> leftovers.Left:
        """End everything and leave nothing."""
        left = leftovers.take_down(self.layout.name)
        if self._guard is not None:
            testbed_guards.release(self._guard)
            self._guard = None
        return left


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
        name, leftovers.state_of(name), nodes, min(racks, nodes), cni, binaries.kubernetes()
    )
    fabrics.check_rate(bandwidth)
    programs = needs.check(cni, install=install)
    if leftovers.is_left(name):
        raise NotUp(f"cluster {name} is there already, whole or in part; `down` removes it")
    try:
        bringups.run(layout, programs)
        fabrics.shape(layout, bandwidth)
    except BaseException as error:
        kept = leftovers.keep_logs(layout)
        leftovers.take_down(name)
        if isinstance(error, bringups.NotReady):
            told = str(error).partition("; logs: ")[0]
            raise bringups.NotReady(f"{told}; logs: {kept}") from error
        raise
    return Cluster(layout)


def attached(name: str = DEFAULT_NAME) -> Cluster:
    """Return the cluster of a name that came up; some of its programs may have ended since."""
    layout = layouts.read(leftovers.state_of(name))
    if layout is None or not leftovers.is_running(name):
        raise NotUp(f"cluster {name} is not up")
    return Cluster(layout)
