"""The export files: one a node, rotated by size as the exporter's log library does it.

A full file is renamed, with the time in its name, and a new one begun, so that a reader has to
follow the file that it had open to its end before it goes on. The oldest are deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

MAX_BYTES = 1_000_000
MAX_BACKUPS = 5


@dataclass(slots=True)
class Exports:
    """The files of all nodes in one folder, opened when first written to."""

    folder: Path
    max_bytes: int = MAX_BYTES
    max_backups: int = MAX_BACKUPS
    files: dict[str, TextIO] = field(default_factory=dict)

    def write(self, time: float, lines_by_node: Mapping[str, Iterable[str]]) -> None:
        """Append lines; each node's become visible at once, and a full file is rotated."""
        for node, lines in lines_by_node.items():
            file = self.files.get(node) or self._open(node)
            file.writelines(lines)
            file.flush()
            if file.tell() >= self.max_bytes:
                self._rotate(node, time)

    def close(self) -> None:
        """Close every file."""
        for file in self.files.values():
            file.close()
        self.files.clear()

    def path(self, node: str) -> Path:
        """Return the file that a node's observer writes now."""
        return self.folder / node / "events.log"

    def _open(self, node: str) -> TextIO:
        path = self.path(node)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.files[node] = path.open("a", encoding="utf-8")
        return self.files[node]

    def _rotate(self, node: str, time: float) -> None:
        self.files.pop(node).close()
        path = self.path(node)
        moment = datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H-%M-%S.%f")[:-3]
        path.rename(path.with_name(f"events-{moment}.log"))
        backups = sorted(path.parent.glob("events-*.log"))
        for old in backups[: max(0, len(backups) - self.max_backups)]:
            old.unlink()
