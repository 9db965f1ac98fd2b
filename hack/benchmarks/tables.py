"""Rows as tables: Markdown for people, CSV for machines."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from benchmarks import selections
from benchmarks.goals import Goal
from benchmarks.selections import Row
from benchmarks.verdicts import Verdict

COLUMNS = (
    "world", "seed", "routing", "method", "options", "trial", "status", "reason", "pods", "nodes",
    "solve_seconds", "solve_cpu_seconds", "wall_seconds", "cpu_seconds", "warming_seconds",
    "solve_peak_mebibytes", "posed_mebibytes", "start_cost", "cost", "ratio", "host_share",
    "moves", "moved", "violations", "largest_load", "digest", "bound", "bound_method", "proven",
    "replan_p50_seconds", "replan_p99_seconds", "replan_p99_cpu_seconds", "recovered_mean",
    "recovered_least", "load", "at",
)  # fmt: skip
Figures = Sequence[tuple[str, Callable[[Row], str]]]


def comma_separated(rows: Iterable[Row]) -> str:
    """All rows, one line each; a sweep has one line per point."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        for point in row.get("points", [{}]):
            options = " ".join(f"{name}={value:g}" for name, value in row["options"].items())
            writer.writerow({**row, **point, "options": options})
    return text.getvalue()


def goals(verdicts: Iterable[tuple[Goal, Verdict]]) -> str:
    """The goals, each with what was measured."""
    lines = [(goal.name, goal.asked, found.word, found.told) for goal, found in verdicts]
    return markdown(("goal", "asked", "", "measured"), lines)


def suite(rows: Sequence[Row], every: Sequence[Row]) -> str:
    """The rows of a suite: those that differ by trial only are one line, with their means."""
    lines = []
    for group in _by_seed(rows):
        known = [row for row in group if row["status"] == "done"]
        lines.append(_line(known, every) if known else _failure(group[0]))
    return markdown(_HEAD, lines)


def sweeps(rows: Sequence[Row]) -> str:
    """Gain against moves: the cost at each point of each sweep."""
    lines = [
        (
            _where(row),
            f"{point['moved']:.2%}",
            f"{point['ratio']:.4f}",
            f"{point['host_share']:.4f}",
            str(point["violations"]),
        )
        for row in rows
        for point in row["points"]
    ]
    return markdown(("world", "moved", "cost / start", "on host", "violations"), lines)


def replans(rows: Sequence[Row]) -> str:
    """What a small change costs, and how much of its loss is gained back."""
    lines = [
        (
            _where(row),
            "arrays kept" if row["options"].get("arrays") else "remembering",
            f"{1000 * row['replan_p50_seconds']:.0f}",
            f"{1000 * row['replan_p99_seconds']:.0f}",
            f"{1000 * row['replan_p99_cpu_seconds']:.0f}"
            if "replan_p99_cpu_seconds" in row
            else "",
            f"{1000 * row['quiet_p50_cpu_seconds']:.0f}" if "quiet_p50_cpu_seconds" in row else "",
            f"{row['recovered_mean']:.1%}",
            f"{row['recovered_least']:.1%}",
            str(row["violations"]),
        )
        for row in rows
    ]
    times = ("p50 ms", "p99 ms", "p99 cpu ms", "quiet p50 cpu ms")
    return markdown(("world", "engine", *times, "recovered", "least", "violations"), lines)


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    rule = ["---"] * len(head)
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, rule, *lines))


_HEAD = (
    "world", "method", "runs", "cost / start", "on host", "moved", "violations", "bound / start",
    "gain certified", "seconds", "cpu s", "MiB",
)  # fmt: skip


def _line(group: Sequence[Row], every: Sequence[Row]) -> Sequence[str]:
    row = selections.best(group, "cost") if "cost" in group[0] else group[0]
    assert row is not None
    bound = row.get("bound", selections.bound_of(every, row))
    share = selections.certified(every, row) if "cost" in row else None
    return (
        _where(row),
        _method(row),
        str(len(group)),
        _mean(group, "ratio", "{:.4f}"),
        _mean(group, "host_share", "{:.4f}"),
        _mean(group, "moved", "{:.1%}"),
        str(max((one["violations"] for one in group if "violations" in one), default="")),
        "" if bound is None else f"{bound / row['start_cost']:.4f}",
        "" if share is None else f"{share:.1%}",
        _mean(group, "solve_seconds", "{:.3g}"),
        _mean(group, "solve_cpu_seconds", "{:.3g}"),
        _mean(group, "solve_peak_mebibytes", "{:.0f}"),
    )


def _failure(row: Row) -> Sequence[str]:
    told = f"{row['status']}: {row['reason']}"
    return (_where(row), _method(row), "", told, *[""] * (len(_HEAD) - 4))


def _mean(group: Sequence[Row], name: str, form: str) -> str:
    values = [row[name] for row in group if name in row]
    return form.format(sum(values) / len(values)) if values else ""


def _by_seed(rows: Iterable[Row]) -> list[list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = {}
    for group in selections.groups(rows):
        for row in group:
            found.setdefault((_where(row), _method(row)), []).append(row)
    return list(found.values())


def _where(row: Row) -> str:
    return f"{row['world']}/{row['seed']} {row['routing']}"


def _method(row: Row) -> str:
    options: Mapping[str, float] = row["options"]
    return " ".join([row["method"], *(f"{name}={value:g}" for name, value in options.items())])
