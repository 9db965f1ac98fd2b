"""The figures of the report as SVG: gain against moves, growth with size, quality against time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import canvases
from benchmarks.outcomes import Skipped
from benchmarks.selections import Row, done

MODES = ("uniform", "local")
LINES = ("-", ":")
SCALED = ("shorthaul-quick", "shorthaul", "bound", "metis", "mtkahypar-cut")


def draw(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Draws what there are rows for."""
    drawn = []
    try:
        for name, maker in (("frontier", _frontier), ("scaling", _scaling), ("anytime", _anytime)):
            figure = maker(rows)
            if figure is not None:
                drawn.append(canvases.save(figure, folder / f"{name}.svg"))
    except canvases.Unavailable as error:
        raise Skipped(str(error)) from error
    return drawn


def _frontier(rows: Sequence[Row]) -> Any:
    """Cost against moves, one line per sweep."""
    found = [row for row in done(rows, method="frontier") if row.get("points") and not row["trial"]]
    if not found:
        return None
    figure, axes = _axes("share of pods moved", "cost / cost today")
    for row in found:
        points = sorted((point["moved"], point["ratio"]) for point in row["points"])
        moved, ratios = zip(*[(0.0, 1.0), *points], strict=True)
        axes.plot(moved, ratios, marker="o", label=f"{row['world']} {row['routing']}")
    axes.legend()
    return figure


def _scaling(rows: Sequence[Row]) -> Any:
    """Cpu seconds against pods, one line per mode and method."""
    figure, axes = _axes("pods", "cpu seconds")
    drawn = False
    for number, method in enumerate(SCALED):
        for mode, line in zip(MODES, LINES, strict=True):
            found = [row for row in done(rows, method=method, routing=mode) if _plain(row)]
            points = sorted({row["pods"]: row["solve_cpu_seconds"] for row in found}.items())
            if len(points) > 1:
                pods, seconds = zip(*points, strict=True)
                axes.loglog(
                    pods, seconds, line, marker="o", color=f"C{number}", label=f"{method} {mode}"
                )
                drawn = True
    if not drawn:
        return None
    axes.legend()
    return figure


def _anytime(rows: Sequence[Row]) -> Any:
    """Cost against time at several efforts, one line per world and mode."""
    timed = [row for row in done(rows, method="shorthaul") if set(row["options"]) == {"turns"}]
    figure, axes = _axes("cpu seconds", "cost / cost today")
    drawn = False
    for world, mode in sorted({(row["world"], row["routing"]) for row in timed}):
        found = done(timed, world=world, routing=mode, seed=1, trial=0)
        points = sorted((row["solve_cpu_seconds"], row["ratio"]) for row in found)
        if len(points) > 1:
            seconds, ratios = zip(*points, strict=True)
            axes.semilogx(seconds, ratios, marker="o", label=f"{world} {mode}")
            drawn = True
    if not drawn:
        return None
    axes.legend()
    return figure


def _plain(row: Row) -> bool:
    return not row["options"] and row["seed"] == 1 and row["world"] != "m3"


def _axes(across: str, up: str) -> tuple[Any, Any]:
    figure, (axes,) = canvases.figure()
    canvases.label(axes, across, up)
    return figure, axes
