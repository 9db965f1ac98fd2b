"""The comparison as one figure: what crosses over time, and how long calls take in the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import canvases
from realshop import outcomes

HEIGHT = 6.4
BEFORE_SECONDS = -40.0
BAR = 0.38


def draw(found: Sequence[outcomes.Outcome], path: Path) -> Path | None:
    """Draw the runs that have a trace, if there are several, and return the file."""
    traced = [one for one in found if one.trace]
    if len(traced) < 2:
        return None
    figure, (crossing, calls) = canvases.figure(panels=2, height=HEIGHT)
    _crossing(crossing, traced)
    _calls(calls, traced)
    path.parent.mkdir(parents=True, exist_ok=True)
    return canvases.save(figure, path)


def _crossing(axes: Any, found: Sequence[outcomes.Outcome]) -> None:
    canvases.label(axes, "seconds since the change", "kB/s between racks")
    for number, one in enumerate(found):
        points = [(when, rate / 1000) for when, rate in one.trace if when >= BEFORE_SECONDS]
        if points:
            times, rates = zip(*points, strict=True)
            axes.plot(times, rates, color=f"C{number}", label=one.scenario)
    least = min(one.least_bytes_per_second for one in found) / 1000
    axes.axhline(least, color="black", linestyle=":", label="least by moves, payload only")
    axes.axvline(0, color="black", linewidth=0.5)
    axes.set_ylim(bottom=0)
    axes.legend()


def _calls(axes: Any, found: Sequence[outcomes.Outcome]) -> None:
    canvases.label(axes, "ms that calls took after it", "")
    rows = range(len(found))
    for offset, name in ((-BAR / 2, "p50_seconds"), (BAR / 2, "p99_seconds")):
        widths = [1000 * (getattr(one.after, name) or 0) for one in found]
        places = [row + offset for row in rows]
        bars = axes.barh(places, widths, BAR, label=name.partition("_")[0])
        axes.bar_label(bars, fmt="%.1f", padding=2)
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.set_yticks(list(rows), [one.scenario for one in found])
    axes.invert_yaxis()
    axes.legend()
