"""The rows measured so far, one line of JSON each, in a file that is only ever added to.

The last row of a cell is the one that counts. A row of the solver under test is good as long as the
solver's source is what it was; a peer's row is good as long as the peer's version is.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import machines, methods
from benchmarks.cells import Cell

Row = Mapping[str, Any]
_LIBRARIES = ("ortools", "pymetis", "kahip", "mtkahypar", "networkx")


class Rows:
    """The file of rows, read once and added to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, Row] = {}

    def read(self) -> "Rows":
        """Reads what is there."""
        if self._path.exists():
            for line in self._path.read_text().splitlines():
                row = json.loads(line)
                self._rows[_cell(row).key] = row
        return self

    def has(self, cell: Cell) -> bool:
        """Whether a cell has a row that is still good; what was skipped is tried again."""
        row = self._rows.get(cell.key)
        return row is not None and row["status"] != "skipped" and _good(row)

    def add(self, cell: Cell, row: Row) -> None:
        """Keeps a row."""
        self._rows[cell.key] = row
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def all(self) -> list[Row]:
        """The last row of every cell, without those that are no longer good."""
        return [row for row in self._rows.values() if _good(row)]

    def of(self, wanted: Iterable[Cell]) -> list[Row]:
        """The same of some cells, in their order."""
        found = [self._rows.get(cell.key) for cell in wanted]
        return [row for row in found if row is not None and _good(row)]


def _good(row: Row) -> bool:
    """Whether what it was measured with is what there is now."""
    if "versions" not in row:
        return True
    names = ("solve",) if methods.ours(row["method"]) else _LIBRARIES
    now, then = machines.versions(), row["versions"]
    return all(now.get(name) == then.get(name) for name in names)


def _cell(row: Row) -> Cell:
    names = Cell.__dataclass_fields__
    return Cell(**{name: row[name] for name in names})
