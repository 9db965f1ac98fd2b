"""The table of who talks to whom and how much, read from a YAML file of the demo's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Key = tuple[str, str]
TABLE = Path(__file__).with_name("traffic.yaml")


@dataclass(frozen=True, slots=True)
class Talk:
    """Exchanges per second of each client pod with a Service, over a pool of connections."""

    client: Key
    server: Key
    rate: float
    pool: int = 1
    lifetime_seconds: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        if not (0 < self.rate < math.inf and self.pool >= 1 and self.lifetime_seconds > 0):
            raise ValueError(
                f"talk {'/'.join(self.client)} → {'/'.join(self.server)}: rate {self.rate}, "
                f"pool {self.pool} and lifetime {self.lifetime_seconds} must be above 0"
            )


@dataclass(frozen=True, slots=True)
class Table:
    """What is forwarded, and what is tried but dropped by policy."""

    talks: tuple[Talk, ...]
    dropped: tuple[Talk, ...] = ()


def read(path: Path = TABLE) -> Table:
    """Return the table in a YAML file."""
    content = yaml.safe_load(path.read_text())
    return Table(
        tuple(_talk(one) for one in content["talks"]),
        tuple(_talk(one) for one in content.get("dropped", ())),
    )


def _talk(entry: Mapping[str, Any]) -> Talk:
    return Talk(
        _key(entry["client"]),
        _key(entry["server"]),
        float(entry["rate"]),
        int(entry.get("pool", 1)),
        float(entry.get("lifetime", math.inf)),
    )


def _key(text: str) -> Key:
    namespace, _, name = text.partition("/")
    return namespace, name
