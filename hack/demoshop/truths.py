"""The player's own account of what it sent: how much traffic went how far.

It is kept where connections are made, before any observer loses an event, and tiers are read from
the nodes' labels here and not by the operator's code, so that it can contradict the operator.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from demoshop import scenes

TIERS = ("host", "rack", "zone", "region", "beyond")


@dataclass(frozen=True, slots=True)
class Entry:
    """The packets between pods in one stretch of time, by client, server and tier."""

    start: float
    seconds: float
    packets: Mapping[tuple[str, str, str], int]

    def by_tier(self) -> Counter[str]:
        """Return the packets of each tier."""
        found: Counter[str] = Counter(dict.fromkeys(TIERS, 0))
        for (_, _, tier), count in self.packets.items():
            found[tier] += count
        return found


def tier(one: scenes.Node, other: scenes.Node) -> str:
    """Return the smallest thing that both nodes stand in; an unlabelled tier is never shared."""
    if one.name == other.name:
        return "host"
    for name in TIERS[1:-1]:
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine and mine == theirs:
            return name
    return "beyond"


def write(file: TextIO, entry: Entry) -> None:
    """Append an entry as a line of JSON."""
    packets = [[*key, count] for key, count in sorted(entry.packets.items())]
    file.write(json.dumps({"start": entry.start, "seconds": entry.seconds, "packets": packets}))
    file.write("\n")
    file.flush()


def read(path: Path) -> Iterator[Entry]:
    """Yield the entries of a file; a line that is still being written is left out."""
    if not path.exists():
        return
    with path.open() as file:
        for line in file:
            if line.endswith("\n"):
                content = json.loads(line)
                packets = {(one[0], one[1], one[2]): one[3] for one in content["packets"]}
                yield Entry(content["start"], content["seconds"], packets)


def total(entries: Iterable[Entry]) -> Entry:
    """Return several stretches as one; they need not be adjacent."""
    packets: Counter[tuple[str, str, str]] = Counter()
    start, seconds = 0.0, 0.0
    for entry in entries:
        start = start or entry.start
        seconds += entry.seconds
        packets.update(entry.packets)
    return Entry(start, seconds, packets)
