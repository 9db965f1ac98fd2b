"""What all figures of the documents have in common: size, grid, and files that do not change alone.

Drawn by matplotlib, which only the requirements of the benchmarks have.
"""

from pathlib import Path
from typing import Any

SIZE = (7.0, 4.2)


class Unavailable(Exception):
    """There is nothing to draw with; the message says what to install."""


def figure(*, panels: int = 1, height: float = SIZE[1]) -> tuple[Any, list[Any]]:
    """Returns an empty figure and its panels, one below the other."""
    try:
        import matplotlib as library
    except ModuleNotFoundError as error:
        raise Unavailable(f"{error}; install requirements/bench.txt") from error
    library.use("svg")
    library.rcParams["svg.hashsalt"] = "shorthaul"
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(SIZE[0], height), layout="constrained")
    found = drawn.subplots(panels, squeeze=False)
    return drawn, [row[0] for row in found]


def label(axes: Any, across: str, up: str) -> None:
    """Names both directions of a panel and gives it a grid."""
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(visible=True, alpha=0.3)


def save(drawn: Any, path: Path) -> Path:
    """Writes a figure; the same figure is the same bytes whenever it is drawn."""
    drawn.savefig(path, metadata={"Date": None})
    return path
