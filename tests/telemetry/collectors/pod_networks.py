"""Two nodes with two pods each, as network namespaces joined by veth pairs.

The first node is the namespace that this runs in. There each pod has a routed pair of its own; on
the second node they are on a bridge, where a packet passes two interfaces in the same direction.
Everything is reached by IPv4 and by IPv6. A namespace lives as long as the process that holds it.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from telemetry.namespaces import run

PATIENCE_SECONDS = 60.0
NODES = {"n1": "10.250.0.1", "n2": "10.250.0.2"}
NODES_IPV6 = {"n1": "fd00:250::1", "n2": "fd00:250::2"}
NODE_OF = {"a": "n1", "b": "n1", "c": "n2", "d": "n2"}
PODS = {
    "a": ("10.244.1.11", "fd00:1::11"),
    "b": ("10.244.1.12", "fd00:1::12"),
    "c": ("10.244.2.11", "fd00:2::11"),
    "d": ("10.244.2.12", "fd00:2::12"),
}
GATEWAYS = {"n1": ("10.244.1.1", "fd00:1::1"), "n2": ("10.244.2.1", "fd00:2::1")}
POD_NETWORKS = {"n1": ("10.244.1.0/24", "fd00:1::/64"), "n2": ("10.244.2.0/24", "fd00:2::/64")}
UPLINK, BRIDGE = "uplink", "bridge"


@dataclass(frozen=True)
class Networks:
    """The processes that hold the namespaces; None is this one."""

    nodes: dict[str, int | None]
    pods: dict[str, int]

    def interfaces(self, node: str) -> list[str]:
        """All of a node but its loopback."""
        pods = [f"veth-{pod}" for pod, on in NODE_OF.items() if on == node]
        return [UPLINK, *pods, *([BRIDGE] if node == "n2" else [])]

    def counted(self, pod: str) -> tuple[int, int]:
        """Bytes that a pod's interface received and sent until now, as the kernel counts them."""
        lines = Path(f"/proc/{self.pods[pod]}/net/dev").read_text().splitlines()
        (numbers,) = (line.split()[1:] for line in lines if line.split()[0] == "eth0:")
        return int(numbers[0]), int(numbers[8])


def wait_until(done: Callable[[], bool], what: str) -> None:
    """Waits until something is so; raises TimeoutError."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"no {what} after {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.05)


def built() -> Networks:
    """Builds all of it."""
    run("ip", "link", "set", "lo", "up")
    networks = Networks({"n1": None, "n2": _held()}, {pod: _held() for pod in PODS})
    second = networks.nodes["n2"]
    _pair(UPLINK, None, UPLINK, second)
    for node, space in networks.nodes.items():
        for file in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            run("sh", "-c", f"echo 1 > /proc/sys/net/{file}", within=space)
        _up(UPLINK, space, f"{NODES[node]}/24", f"{NODES_IPV6[node]}/64")
    run("ip", "link", "add", BRIDGE, "type", "bridge", within=second)
    _up(BRIDGE, second, *map(_wide, GATEWAYS["n2"]))
    for pod, holder in networks.pods.items():
        connect = _route if NODE_OF[pod] == "n1" else _bridge
        connect(pod, holder, networks.nodes[NODE_OF[pod]])
        for gateway in GATEWAYS[NODE_OF[pod]]:
            run("ip", "route", "add", "default", "via", gateway, within=holder)
    for node, other in (("n1", "n2"), ("n2", "n1")):
        ways = zip(POD_NETWORKS[other], (NODES[other], NODES_IPV6[other]), strict=True)
        for network, gateway in ways:
            run("ip", "route", "add", network, "via", gateway, within=networks.nodes[node])
    return networks


def _held() -> int:
    """A process in a network namespace of its own, which ends with our end of its input."""
    holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
    own = os.readlink("/proc/self/ns/net")
    wait_until(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != own, "network namespace")
    run("ip", "link", "set", "lo", "up", within=holder.pid)
    return holder.pid


def _route(pod: str, holder: int, space: int | None) -> None:
    outside = f"veth-{pod}"
    _pair(outside, space, "eth0", holder)
    _up(outside, space, *GATEWAYS["n1"])
    _up("eth0", holder, *PODS[pod])
    for gateway, address in zip(GATEWAYS["n1"], PODS[pod], strict=True):
        run("ip", "route", "add", gateway, "dev", "eth0", within=holder)
        run("ip", "route", "add", address, "dev", outside, within=space)


def _bridge(pod: str, holder: int, space: int | None) -> None:
    outside = f"veth-{pod}"
    _pair(outside, space, "eth0", holder)
    run("ip", "link", "set", outside, "master", BRIDGE, within=space)
    _up(outside, space)
    _up("eth0", holder, *map(_wide, PODS[pod]))


def _pair(name: str, space: int | None, peer: str, peer_space: int | None) -> None:
    far = ["peer", "name", peer, "netns", str(peer_space)]
    run("ip", "link", "add", name, "type", "veth", *far, within=space)


def _up(name: str, space: int | None, *addresses: str) -> None:
    """Addresses are used at once: nobody else can have them."""
    for address in addresses:
        nodad = ["nodad"] if ":" in address else []
        run("ip", "address", "add", address, "dev", name, *nodad, within=space)
    run("ip", "link", "set", name, "up", within=space)


def _wide(address: str) -> str:
    return address + ("/64" if ":" in address else "/24")
