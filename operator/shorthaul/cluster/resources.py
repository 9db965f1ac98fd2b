"""Amounts of resources as exact integers: cpu in thousandths of a core, all else in its own unit.

Quantities are parsed as Kubernetes does (k8s.io/apimachinery `resource.Quantity`): decimal and
binary suffixes, exponents, rounding up, never down, so that a request is never understated, and
capping at 2^63 - 1. Negative amounts are refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

from shorthaul.units import ResourceName

CPU = ResourceName("cpu")
MEMORY = ResourceName("memory")
PODS = ResourceName("pods")
EPHEMERAL_STORAGE = ResourceName("ephemeral-storage")

LARGEST = Decimal(2**63 - 1)
_QUANTITY = re.compile(
    r"\+?(?P<number>(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,5})?)(?P<suffix>[a-zA-Z]*)", re.ASCII
)

_SUFFIXES: Mapping[str, Decimal] = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}


def parse_quantity(text: str, resource: ResourceName) -> int:
    """Reads a quantity: thousandths for cpu, whole units else; raises ValueError on nonsense."""
    match = _QUANTITY.fullmatch(text)
    if match is None or match["suffix"] not in _SUFFIXES:
        raise ValueError(f"{text!r} is no quantity of {resource}")
    value = Decimal(match["number"]) * _SUFFIXES[match["suffix"]]
    scaled = min(value, LARGEST) * (1000 if resource == CPU else 1)
    return int(scaled.to_integral_value(ROUND_CEILING))


def shown(amount: int, resource: ResourceName) -> str:
    """An amount as people write it: 1500m of cpu, 128Mi of memory, 3 of everything else."""
    if resource == CPU:
        return f"{amount}m"
    if resource not in (MEMORY, EPHEMERAL_STORAGE) or not amount:
        return str(amount)
    for suffix in ("Gi", "Mi", "Ki"):
        if amount % _SUFFIXES[suffix] == 0:
            return f"{int(amount / _SUFFIXES[suffix])}{suffix}"
    return str(amount)


@dataclass(frozen=True, slots=True)
class Resources:
    """Amounts by resource name; what is absent is zero."""

    amounts: Mapping[ResourceName, int] = field(default_factory=dict)

    def get(self, name: ResourceName) -> int:
        """The amount of one resource, 0 when absent."""
        return self.amounts.get(name, 0)

    def plus(self, other: "Resources") -> "Resources":
        """Both amounts together."""
        if not (self.amounts and other.amounts):
            return self if self.amounts else other
        names = sorted({*self.amounts, *other.amounts})
        return Resources({name: self.get(name) + other.get(name) for name in names})

    def minus(self, other: "Resources") -> "Resources":
        """What is left; may be negative."""
        names = sorted({*self.amounts, *other.amounts})
        return Resources({name: self.get(name) - other.get(name) for name in names})

    def largest(self, other: "Resources") -> "Resources":
        """The larger amount of each resource."""
        if not (self.amounts and other.amounts):
            return self if self.amounts else other
        names = sorted({*self.amounts, *other.amounts})
        return Resources({name: max(self.get(name), other.get(name)) for name in names})
