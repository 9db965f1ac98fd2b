"""Ranges of addresses that stand for the same at all times: named places outside, DNS, the world.

The narrowest range wins. A range of the cluster's own (of pods or Services) stands for nobody, so
that an address of it that no pod holds is not taken for the place outside whose range lies around
it. What no range covers is the world if the address is a public one; a private one is nobody's.
A cluster whose pods have public addresses must therefore name their ranges.

An IPv4 address is the same written as IPv6 (::ffff:10.1.2.3), and so is a range; but a range that
is wider than all of IPv4 is of IPv6 addresses alone, so that ::/0 takes no IPv4 with it. Private
addresses are in private ranges alone: 0.0.0.0/0 names the internet, not what the cluster lost.

`own` has no caller yet: nothing lets a user name the cluster's own ranges.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from shorthaul.errors import BadInput
from shorthaul.traffic.addresses.parties import (
    MAPPED,
    WORLD,
    Address,
    Answer,
    Kind,
    Party,
    Unknown,
    address_text,
    read_address,
)
from shorthaul.units import Tier

NODE_LOCAL_DNS = "169.254.20.10"
"""Where NodeLocal DNSCache listens unless told otherwise (Kubernetes documentation)."""

_BITS = 128
_IPV4_WIDTH = 96
_PLAIN = re.compile(r"[0-9A-Fa-f:.]+(/(0|[1-9][0-9]{0,2}))?")
"""No netmask, no scope, no 0 before a width: what Kubernetes takes for a CIDR, or one address."""


@dataclass(frozen=True, slots=True)
class Range:
    """A range and who it stands for; `tier` is how far away a place outside is, where known."""

    cidr: str
    answer: Answer
    tier: Tier | None = None


def anchor(name: str, cidr: str, tier: Tier | None = None) -> Range:
    """A named place outside: a database, a load balancer, another data centre."""
    return Range(cidr, Party(Kind.ANCHOR, "", name), tier)


def dns(cidr: str = NODE_LOCAL_DNS) -> Range:
    """Addresses that only DNS answers at."""
    return Range(cidr, Party(Kind.DNS, "", "dns"))


def own(cidr: str) -> Range:
    """A range that the cluster gives pods or Services addresses from."""
    return Range(cidr, Unknown.NOBODY)


class Ranges:
    """Looks addresses up, the narrowest range first; as many steps as there are widths."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._by_width: dict[int, dict[int, Answer]] = {}
        self._public: set[tuple[int, int]] = set()
        self.tiers: dict[Party, Tier] = {}
        for each in ranges:
            self._add(each)
        self._widths = sorted(self._by_width, reverse=True)
        self._ipv4_widths = [width for width in self._widths if width >= _IPV4_WIDTH]

    def of(self, address: Address) -> Answer:
        """Who an address stands for that nobody is known to have held."""
        number = int.from_bytes(address)
        for width in self._ipv4_widths if address.startswith(MAPPED) else self._widths:
            start = number >> (_BITS - width)
            answer = self._by_width[width].get(start)
            if answer is not None and ((width, start) not in self._public or _is_global(address)):
                return answer
        return WORLD if _is_global(address) else Unknown.UNLISTED

    def of_range(self, width: int, start: int) -> Answer:
        """Who all addresses of a range stand for; ambiguous where a narrower one lies inside it."""
        ipv4, public = _is_ipv4(width, start), _is_public(width, start)
        for other in self._widths:
            if other > width:
                known = self._by_width[other]
                inside = [each for each in known if each >> (other - width) == start]
                if any(_is_ipv4(other, each) is ipv4 for each in inside):
                    return Unknown.AMBIGUOUS
                continue
            outer = start >> (width - other)
            answer = self._by_width[other].get(outer)
            if answer is None or _is_ipv4(other, outer) is not ipv4:
                continue
            if public or (other, outer) not in self._public:
                return answer
        return WORLD if public else Unknown.UNLISTED

    def _add(self, each: Range) -> None:
        width, start = prefix(each.cidr)
        known = self._by_width.setdefault(width, {}).setdefault(start, each.answer)
        if known != each.answer:
            raise BadInput(
                f"range {each.cidr}: stands for {known} and for {each.answer}; name it once"
            )
        if _is_public(width, start):
            self._public.add((width, start))
        if each.tier is None or not isinstance(each.answer, Party):
            return
        tier = self.tiers.setdefault(each.answer, each.tier)
        if tier != each.tier:
            raise BadInput(
                f"{each.answer}: its tier is {tier} in one range and {each.tier} in {each.cidr}; "
                "give places at different distances different names"
            )


def prefix(cidr: str) -> tuple[int, int]:
    """A range's width in bits and what its addresses begin with; raises BadInput."""
    try:
        if not _PLAIN.fullmatch(cidr):
            raise ValueError("no CIDR and no address")
        network = ipaddress.ip_network(cidr)
    except ValueError as error:
        problem = str(error).replace(cidr, cidr[:60])
        raise BadInput(
            f"range {cidr[:60]!r} is none ({problem}); write it as 10.1.0.0/16"
        ) from None
    width = network.prefixlen + (_IPV4_WIDTH if network.version == 4 else 0)
    number = int.from_bytes(read_address(str(network.network_address)))
    return width, number >> (_BITS - width)


def holds(found: tuple[int, int], address: Address) -> bool:
    """Whether an address lies in a range, given as `prefix` does."""
    width, start = found
    return int.from_bytes(address) >> (_BITS - width) == start


def _is_global(address: Address) -> bool:
    return ipaddress.ip_address(address_text(address)).is_global


def _is_ipv4(width: int, start: int) -> bool:
    """Whether a range is of IPv4 addresses; one wider than all of them is of IPv6 alone."""
    return width >= _IPV4_WIDTH and (start << (_BITS - width)).to_bytes(16).startswith(MAPPED)


def _is_public(width: int, start: int) -> bool:
    """Whether some of a range's addresses are public ones."""
    first = (start << (_BITS - width)).to_bytes(16)
    if _is_ipv4(width, start):
        return ipaddress.IPv4Network((first[12:], width - _IPV4_WIDTH)).is_global
    return ipaddress.IPv6Network((first, width)).is_global
