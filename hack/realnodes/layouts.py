"""Where one cluster's files, addresses and names are, as pure functions of a few numbers.

Everything that the cluster makes on the machine carries its name: network namespaces
`shorthaul-NAME-*` and cgroups `shorthaul-NAME`. That is how what a killed command left is found.

Two networks: `eth0` of each node hangs on its rack's bridge, and racks meet on a spine over one
uplink each, which can be made narrow. The control plane is reached over a second interface, so that
the uplinks carry what pods say to each other and nothing else.
"""

from __future__ import annotations

import json
import re
import string
from dataclasses import asdict, dataclass
from pathlib import Path

MOST_NODES = 12
CNIS = ("ptp", "cilium")
NAME_PATTERN = r"[a-z0-9]{1,12}"
PREFIX = "shorthaul"
RECORD_NAME = "layout.json"

NODE_NETWORK = "10.250.0.{}"
MANAGEMENT_NETWORK = "10.251.0.{}"
FIRST_NODE = 11
POD_CIDR = "10.244.0.0/16"
POD_NETWORK = "10.244.{}.0/24"
SERVICE_CIDR = "10.96.0.0/16"
DNS_ADDRESS = "10.96.0.10"
API_PORT = 6443


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its number counts from 1."""

    number: int
    rack: str

    @property
    def name(self) -> str:
        """Its name in the cluster."""
        return f"n{self.number}"

    @property
    def address(self) -> str:
        """Its address on the racks' network, which is also the node's address in the cluster."""
        return NODE_NETWORK.format(FIRST_NODE + self.number - 1)

    @property
    def management_address(self) -> str:
        """Its address towards the control plane."""
        return MANAGEMENT_NETWORK.format(FIRST_NODE + self.number - 1)

    @property
    def pod_network(self) -> str:
        """The addresses of its pods."""
        return POD_NETWORK.format(self.number)

    @property
    def labels(self) -> dict[str, str]:
        """Where it stands: each rack is a zone of its own, all in one region."""
        return {
            "topology.kubernetes.io/region": "region-1",
            "topology.kubernetes.io/zone": f"zone-{self.rack}",
            "topology.shorthaul.dev/rack": f"rack-{self.rack}",
        }


@dataclass(frozen=True, slots=True)
class Layout:
    """One cluster: what was asked for, and where it is."""

    name: str
    state: Path
    node_count: int
    rack_count: int
    cni: str
    kubernetes: str

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        check_name(self.name)
        if not 1 <= self.node_count <= MOST_NODES:
            raise ValueError(f"--nodes {self.node_count}: from 1 to {MOST_NODES}")
        if not 1 <= self.rack_count <= self.node_count:
            raise ValueError(
                f"--racks {self.rack_count}: from 1 to the number of nodes, {self.node_count}"
            )
        if self.cni not in CNIS:
            raise ValueError(f"--cni {self.cni}: one of {', '.join(CNIS)}")

    @property
    def racks(self) -> list[str]:
        """The racks' letters."""
        return list(string.ascii_lowercase[: self.rack_count])

    @property
    def nodes(self) -> list[Node]:
        """The nodes, dealt to the racks in turn."""
        return [
            Node(number, self.racks[(number - 1) % self.rack_count])
            for number in range(1, self.node_count + 1)
        ]

    def node(self, name: str) -> Node:
        """Return the node of a name; raises KeyError where there is none."""
        return {node.name: node for node in self.nodes}[name]

    @property
    def fabric(self) -> str:
        """The network namespace with the racks, the spine and the control plane."""
        return network_namespace(self.name, "fabric")

    @property
    def api_address(self) -> str:
        """Where the API server listens."""
        return MANAGEMENT_NETWORK.format(1)

    @property
    def server(self) -> str:
        """The address of the API server, seen from the fabric and from the nodes."""
        return f"https://{self.api_address}:{API_PORT}"

    @property
    def authority(self) -> Path:
        """The certificate that the API server signs for itself at its first start."""
        return self.state / "certificates" / "apiserver.crt"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.kubeconfig_of("admin")

    def kubeconfig_of(self, user: str) -> Path:
        """The kubeconfig of a user or component."""
        return self.state / f"{user.replace(':', '-')}.kubeconfig"

    def folder(self, node: Node) -> Path:
        """The folder of a node's own files."""
        return self.state / node.name

    def namespace(self, node: Node) -> str:
        """The network namespace of a node."""
        return network_namespace(self.name, node.name)


def check_name(cluster: str) -> str:
    """Return the name of a cluster, or refuse it: it becomes part of paths and of other names."""
    if not re.fullmatch(NAME_PATTERN, cluster):
        raise ValueError(f"--name {cluster}: at most 12 lower-case letters and digits")
    return cluster


def network_namespace(cluster: str, part: str) -> str:
    """Return the name of a network namespace of a cluster."""
    return f"{PREFIX}-{cluster}-{part}"


def write(layout: Layout) -> None:
    """Write the layout of a cluster that is whole into its folder, for later commands."""
    fields = asdict(layout) | {"state": str(layout.state)}
    (layout.state / RECORD_NAME).write_text(json.dumps(fields, indent=1))


def read(state: Path) -> Layout | None:
    """Return the layout in a state folder, if a cluster has one there."""
    try:
        fields = json.loads((state / RECORD_NAME).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return Layout(**fields | {"state": Path(fields["state"])})
