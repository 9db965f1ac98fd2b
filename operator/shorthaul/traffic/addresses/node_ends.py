"""Addresses that a node may have towards its pods, beside those that its object lists.

What a node itself sends to a pod comes from there, such as an exporter's records for a collector:
from the first address of its pods' range by bridges and plain routes (kubenet, host-local), from
one before that by flannel, from any of the range by Cilium (`cilium_host`), from a tunnel's by
Calico. Networks that take it from elsewhere annotate the node with it.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from shorthaul.errors import BadInput
from shorthaul.traffic.addresses.parties import Address, read_address
from shorthaul.traffic.addresses.ranges import prefix
from shorthaul.units import NodeName

ANNOTATIONS = (
    "network.cilium.io/ipv4-cilium-host",
    "network.cilium.io/ipv6-cilium-host",
    "projectcalico.org/IPv4IPIPTunnelAddr",
    "projectcalico.org/IPv4VXLANTunnelAddr",
    "projectcalico.org/IPv6VXLANTunnelAddr",
    "projectcalico.org/IPv4WireguardInterfaceAddr",
    "projectcalico.org/IPv6WireguardInterfaceAddr",
)
"""Of a Node, by which Cilium (`annotateK8sNode`) and Calico tell the node's end."""

_BITS = 128


class NodeEnds:
    """Looks up whose end an address would be, if no pod ever had it: the narrowest range says."""

    def __init__(self, told: Iterable[tuple[NodeName, Iterable[str], Iterable[str]]] = ()) -> None:
        """Stores per node its pods' ranges and single addresses; what cannot be read is none."""
        self._by_width: dict[int, dict[int, NodeName | None]] = {}
        for node, ranges, addresses in told:
            for text in ranges:
                with suppress(BadInput):
                    self._add(prefix(text), node)
            for text in addresses:
                with suppress(BadInput):
                    self._add((_BITS, int.from_bytes(read_address(text))), node)
        self._widths = sorted(self._by_width, reverse=True)

    def of(self, address: Address) -> NodeName | None:
        """The node whose end this may be; None where none's, or several nodes name it."""
        number = int.from_bytes(address)
        for width in self._widths:
            start = number >> (_BITS - width)
            if start in self._by_width[width]:
                return self._by_width[width][start]
        return None

    def _add(self, found: tuple[int, int], node: NodeName) -> None:
        width, start = found
        known = self._by_width.setdefault(width, {})
        known[start] = node if known.get(start, node) == node else None


def annotated(annotations: Mapping[str, str]) -> tuple[str, ...]:
    """The addresses that a node's annotations tell."""
    return tuple(annotations[key] for key in ANNOTATIONS if key in annotations)
