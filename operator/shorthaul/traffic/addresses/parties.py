"""Who an address stands for, and why it may stand for nobody.

A party is a vertex of the traffic map that has addresses: pods, and what never moves (nodes with
all that uses their network, DNS, named places outside, the rest of the world). A Service is none
in the end: `bills` shares its traffic out to endpoints, as an estimate.

Addresses are sixteen bytes, IPv4 as ::ffff:a.b.c.d, so that either family is one kind of key and
decoders of flow records need not make text of them.
"""

import ipaddress
from enum import StrEnum
from typing import NamedTuple, NewType

from shorthaul.errors import BadInput
from shorthaul.units import NodeName, PodRef

Address = NewType("Address", bytes)
MAPPED = bytes(10) + b"\xff\xff"


class Kind(StrEnum):
    """What a party is; only pods can be moved."""

    POD = "pod"
    NODE = "node"
    SERVICE = "service"
    DNS = "dns"
    ANCHOR = "anchor"
    WORLD = "world"

    __hash__ = str.__hash__  # enum's own is written in Python, and every record hashes two


class Party(NamedTuple):
    """One party; a namespace only where its kind has them."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {place}"


WORLD = Party(Kind.WORLD, "", "world")


class Unknown(StrEnum):
    """Why an address stands for nobody; traffic of such an address moves nothing."""

    EARLY = "from before the time that addresses are known of"
    LATE = "from after the time that addresses are known of"
    NOBODY = "with an address of the cluster that nobody held then"
    UNLISTED = "with a private address outside all known ranges"
    NO_ENDPOINT = "to a Service none of whose endpoints is known"
    FULL = "while more addresses were in use than can be kept"
    AMBIGUOUS = "with an address that may have changed hands meanwhile"


Answer = Party | Unknown


def pod_party(pod: PodRef) -> Party:
    """A pod as a party."""
    return Party(Kind.POD, pod.namespace, pod.name)


def node_party(node: NodeName) -> Party:
    """A node, with its host and all pods on the host's network."""
    return Party(Kind.NODE, "", node)


def read_address(text: str) -> Address:
    """An address from text; raises BadInput."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise BadInput(f"address {text[:60]!r} is no IPv4 or IPv6 address; mend it") from None
    return Address(address.packed if address.version == 6 else MAPPED + address.packed)


def address_text(address: Address) -> str:
    """An address as people write it."""
    if address.startswith(MAPPED):
        return str(ipaddress.IPv4Address(address[12:]))
    return str(ipaddress.IPv6Address(address))
