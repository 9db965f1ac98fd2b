"""The network between the nodes: bridges for racks, a spine, narrow or wide uplinks between them.

Everything is in one namespace, the fabric; a node's namespace has one interface on its rack's
bridge and one towards the control plane. Pods of other nodes are reached by plain routes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from realnodes import layouts, namespaces, shells

RATE_PATTERN = r"[1-9]\d*(kbit|mbit|gbit)"
BURST = "64k"
NODE_SETTINGS = (
    "net.ipv4.ip_forward=1",
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
)
FABRIC_SETTINGS = (
    "net.ipv4.ip_forward=1",
    "net.bridge.bridge-nf-call-iptables=0",
    "net.bridge.bridge-nf-call-ip6tables=0",
)


@dataclass(frozen=True, slots=True)
class LinkBytes:
    """What a rack's uplink has carried since it was made, by the interface's own counters."""

    out_of_rack: int
    into_rack: int


def build(layout: layouts.Layout) -> None:
    """Make the namespaces, interfaces and routes of a cluster."""
    for name in (layout.fabric, *(layout.namespace(node) for node in layout.nodes)):
        namespaces.add(name)
    _batch(layout.fabric, fabric_lines(layout))
    _set(layout.fabric, FABRIC_SETTINGS)
    for node in layout.nodes:
        _set(layout.namespace(node), NODE_SETTINGS)
        _batch(layout.namespace(node), node_lines(layout, node))


def fabric_lines(layout: layouts.Layout) -> Iterator[str]:
    """Yield what `ip` has to do in the fabric."""
    yield "link set lo up"
    for bridge in ("spine", "management", *(f"rack-{rack}" for rack in layout.racks)):
        yield f"link add {bridge} type bridge"
        yield f"link set {bridge} up"
    yield f"address add {layout.api_address}/24 dev management"
    for rack in layout.racks:
        up, down = uplink(rack)
        yield f"link add {up} type veth peer name {down}"
        yield f"link set {up} master rack-{rack} up"
        yield f"link set {down} master spine up"
    for node in layout.nodes:
        inner = layout.namespace(node)
        yield f"link add p-{node.name} type veth peer name eth0 netns {inner}"
        yield f"link set p-{node.name} master rack-{node.rack} up"
        yield f"link add m-{node.name} type veth peer name mgmt0 netns {inner}"
        yield f"link set m-{node.name} master management up"
        yield f"route add {node.address}/32 via {node.management_address}"
        yield f"route add {node.pod_network} via {node.management_address}"


def node_lines(layout: layouts.Layout, node: layouts.Node) -> Iterator[str]:
    """Yield what `ip` has to do in a node."""
    yield "link set lo up"
    yield f"address add {node.address}/24 dev eth0"
    yield "link set eth0 up"
    yield f"address add {node.management_address}/24 dev mgmt0"
    yield "link set mgmt0 up"
    # As the node: exporters of flows on it are known by that address, whichever way they send.
    yield f"route add default via {layout.api_address} src {node.address}"
    for other in layout.nodes:
        if other != node:
            yield f"route add {other.pod_network} via {other.address}"


def uplink(rack: str) -> tuple[str, str]:
    """Return the two ends of a rack's uplink: the rack's and the spine's."""
    return f"up-{rack}", f"dn-{rack}"


def shape(layout: layouts.Layout, rate: str | None) -> None:
    """Let each uplink carry at most a rate in each direction, or as much as it can."""
    check_rate(rate)
    for rack in layout.racks:
        for end in uplink(rack):
            _shape(layout.fabric, end, rate)


def check_rate(rate: str | None) -> None:
    """Refuse what is no rate."""
    if rate is not None and not re.fullmatch(RATE_PATTERN, rate):
        raise ValueError(f"--bandwidth {rate}: `off`, or a rate like 10mbit or 1gbit")


def interface_bytes(layout: layouts.Layout) -> dict[str, LinkBytes]:
    """Return what each rack's uplink has carried, by rack."""
    text = shells.run(["ip", "-n", layout.fabric, "-j", "-s", "link", "show"])
    counters = {link["ifname"]: link["stats64"] for link in json.loads(text)}
    found = {rack: counters[uplink(rack)[0]] for rack in layout.racks}
    return {
        rack: LinkBytes(out_of_rack=one["tx"]["bytes"], into_rack=one["rx"]["bytes"])
        for rack, one in found.items()
    }


def bandwidths(layout: layouts.Layout) -> dict[str, int | None]:
    """Return the limit of each rack's uplink in bits a second, or none, by rack."""
    return {rack: _rate(layout.fabric, uplink(rack)[0]) for rack in layout.racks}


def _shape(namespace: str, interface: str, rate: str | None) -> None:
    tc = ["tc", "-n", namespace]
    if _rate(namespace, interface) is not None:
        shells.run([*tc, "qdisc", "del", "dev", interface, "root"])
    if rate is None:
        return
    shells.run([*tc, *f"qdisc add dev {interface} root handle 1: htb default 10".split()])
    limits = f"rate {rate} ceil {rate} burst {BURST} cburst {BURST}"
    shells.run([*tc, *f"class add dev {interface} parent 1: classid 1:10 htb {limits}".split()])


def _rate(namespace: str, interface: str) -> int | None:
    text = shells.run(["tc", "-n", namespace, "class", "show", "dev", interface])
    found = re.search(r"class htb 1:10 .*? rate (\d+)(K|M|G)?bit", text)
    if found is None:
        return None
    return int(found[1]) * {None: 1, "K": 10**3, "M": 10**6, "G": 10**9}[found[2]]


def _batch(namespace: str, lines: Iterator[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    shells.run(["ip", "-n", namespace, "-batch", "-"], input_bytes=text.encode())


def _set(namespace: str, settings: tuple[str, ...]) -> None:
    with namespaces.inside(namespace):
        for setting in settings:
            key, _, value = setting.partition("=")
            namespaces.write_setting(key, value)
