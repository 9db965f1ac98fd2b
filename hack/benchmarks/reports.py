"""Writes what was measured to docs/benchmarks: one page, one CSV file, three figures.

The page says on what machine and with which versions, from the rows themselves. What it says of
goals is computed, never typed.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import goals, machines, plots, suites, tables
from benchmarks.outcomes import Skipped
from benchmarks.rows import Rows
from benchmarks.selections import Row

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"
PAGE = "README.md"
FIGURES = {
    "frontier.svg": "Gain against moves",
    "scaling.svg": "Growth with size",
    "anytime.svg": "Quality against time",
}


def write(kept: Rows, folder: Path) -> list[Path]:
    """Writes the page, the CSV file and the figures; says which."""
    rows = kept.all()
    folder.mkdir(parents=True, exist_ok=True)
    drawn = _drawn(rows, folder)
    page, table = folder / PAGE, folder / "rows.csv"
    page.write_text(_page(kept, rows, drawn))
    table.write_text(tables.comma_separated(rows))
    return [page, table, *drawn]


def _drawn(rows: Sequence[Row], folder: Path) -> list[Path]:
    try:
        return plots.draw(rows, folder)
    except Skipped as reason:
        print(f"bench: no figures: {reason}", file=sys.stderr)
        return []


def _page(kept: Rows, rows: Sequence[Row], drawn: Sequence[Path]) -> str:
    parts = [
        "# Measured\n",
        "Written by `hack/bench report`; do not edit. How to read it and how to run it again:\n"
        "[benchmarks](../benchmarks.md).\n",
        _header(rows),
        "## Goals\n",
        tables.goals(goals.judged(rows)),
    ]
    for path in drawn:
        parts.append(f"![{FIGURES[path.name]}]({path.name})\n")
    for name, cells in suites.SUITES.items():
        found = kept.of(cells()) if name != "goals" else []
        if found:
            parts += [f"## Suite {name}\n", f"{(cells.__doc__ or '').strip()}\n"]
            parts.append(_table(found, rows))
    return "\n".join(parts)


def _table(found: Sequence[Row], rows: Sequence[Row]) -> str:
    """The table that fits the rows of a suite."""
    swept = [row for row in found if "points" in row]
    replanned = [row for row in found if "replan_p99_seconds" in row]
    if swept:
        return tables.sweeps(swept)
    return tables.replans(replanned) if replanned else tables.suite(found, rows)


def _header(rows: Sequence[Row]) -> str:
    """Machine, versions, seeds and load of all rows."""
    machine = machines.machine()
    versions: dict[str, set[str]] = {}
    for row in rows:
        for name, version in row.get("versions", {}).items():
            versions.setdefault(name, set()).add(version)
    loads = [row["load"] for row in rows if "load" in row]
    told = {
        "machine": f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}",
        "load when a cell began": f"{min(loads):.1f} to {max(loads):.1f}" if loads else "unknown",
        "commit": machines.revision(),
        "versions": ", ".join(f"{name} {'/'.join(sorted(versions[name]))}" for name in versions),
        "seeds of worlds": ", ".join(str(seed) for seed in sorted({row["seed"] for row in rows})),
        "rows": str(len(rows)),
    }
    return tables.markdown(("", ""), list(told.items()))
