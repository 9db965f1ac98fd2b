"""What the demo prints: steps as they are done, moves as they happen, tables at the end.

Standard output only, 100 columns at most; without a terminal there is no colour and no bar that
moves. Every line is a finished sentence of the story, so a log reads as well as a screen.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from demoshop import moves, results, truths

WIDTH = 100
BAR_WIDTH = 18
COLOURS = {
    "host": "green",
    "rack": "bright_green",
    "zone": "yellow",
    "region": "dark_orange",
    "beyond": "red",
}
MEANINGS = {
    "host": "same node",
    "rack": "same rack",
    "zone": "same zone",
    "region": "other zone",
    "beyond": "other region",
}
PHASE_STYLES = {
    "Evicted": "yellow",
    "Landed": "green",
    "Elsewhere": "dark_orange",
    "Failed": "red",
    "Refused": "magenta",
}
TOLD_PHASES = ("Hinted", *PHASE_STYLES)
LONGEST_POD = 36


def _console() -> Console:
    console = Console(highlight=False)
    console.width = min(console.width, WIDTH)
    return console


@dataclass(slots=True)
class Screen:
    """Where the demo is told; `every_phase` tells the small steps of a move too."""

    every_phase: bool = False
    console: Console = field(default_factory=_console)
    began: float = field(default_factory=time.monotonic)

    def title(self, text: str) -> None:
        """Print the first lines."""
        self.console.print()
        self.console.print(Text(f" {text}", style="bold"))
        self.console.print()

    def heading(self, text: str) -> None:
        """Begin a new part."""
        self.console.print()
        self.console.rule(Text(text, style="bold"), style="bright_black", align="left")

    def say(self, text: str, style: str = "") -> None:
        """Print one line."""
        self.console.print(Text(f"  {text}", style=style), soft_wrap=True)

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """Tell what is being done and, when it is, how long it took; the list takes details."""
        details: list[str] = []
        started = time.monotonic()
        with self.console.status(f"{what} …", spinner_style="cyan"):
            yield details
        took = f"{time.monotonic() - started:.1f} s"
        line = Text.assemble(
            ("  ✓ ", "green"),
            what,
            (f"  {'; '.join(details)}" if details else "", "bright_black"),
        )
        line.truncate(self.console.width - len(took) - 2, overflow="ellipsis")
        gap = self.console.width - line.cell_len - len(took)
        self.console.print(line + Text(" " * gap + took, style="bright_black"), soft_wrap=True)

    def note(self, seconds: float | None, text: str, style: str = "bold") -> None:
        """Print a line among the moves, with its time or under the line before."""
        time_text = " " * 12 if seconds is None else f"  {seconds:6.1f} s  "
        line = Text.assemble((time_text, "bright_black"), (text, style))
        self.console.print(line, soft_wrap=True)

    def move(self, seconds: float, move: moves.Move) -> None:
        """Print one change of phase of a move."""
        if move.phase not in TOLD_PHASES and not self.every_phase:
            return
        style = PHASE_STYLES.get(move.phase, "bright_black")
        where = f" on {move.landed_on}" if move.phase == "Elsewhere" and move.landed_on else ""
        why = move.reason if move.phase in ("Failed", "Refused") else ""
        pod = _shortened(f"{move.namespace}/{move.pod}", LONGEST_POD)
        line = Text.assemble(
            (f"  {seconds:6.1f} s  ", "bright_black"),
            f"{pod:<{LONGEST_POD}}  {move.source} → {move.target}  ",
            (f"{move.phase}{where}", style),
            (f"  {why}" if why else "", "bright_black"),
        )
        self.console.print(line, soft_wrap=True)

    def result(self, found: results.Result) -> None:
        """Print all tables."""
        self.heading("How far traffic travels, before and after (the player's own account)")
        self.console.print(Padding(locality(found), (0, 2)))
        self.heading("Promised and measured")
        self.console.print(Padding(gains(found), (0, 2)))
        self.heading("Moves, refusals, budgets")
        self.console.print(Padding(counts(found), (0, 2)))
        if found.refusals:
            self.console.print(Padding(refusals(found.refusals), (1, 2, 0, 2)))
        self.console.print(Padding(standings(found.policies), (1, 2, 0, 2)))

    def verdict(self, found: results.Result, report: str) -> None:
        """Print whether it went well and where the report is."""
        self.console.print()
        failures = list(found.failures())
        for failure in failures:
            self.say(f"✗ {failure}", "bold red")
        if not failures:
            self.say(
                f"✓ {found.landed} pods moved; traffic goes {found.gain_percent:.0f} % less far; "
                f"{len(found.breaches)} breaches of budgets",
                "bold green",
            )
        self.say(f"report: {report}  ({found.seconds:.0f} s in all)")


def locality(found: results.Result) -> Table:
    """Return the shares of traffic per tier."""
    table = _table("tier", "")
    for name in ("before", "after"):
        table.add_column(name, justify="right")
        table.add_column("", no_wrap=True, min_width=BAR_WIDTH)
    for tier in truths.TIERS:
        before, after = found.before.shares[tier], found.after.shares[tier]
        table.add_row(
            tier,
            Text(MEANINGS[tier], style="bright_black"),
            f"{before:6.1%}",
            _bar(before, COLOURS[tier]),
            f"{after:6.1%}",
            _bar(after, COLOURS[tier]),
        )
    table.add_section()
    table.add_row(
        "mean distance",
        "",
        f"{found.before.mean_distance:.2f}",
        Text(f"over {found.before.seconds:.0f} s", style="bright_black"),
        f"{found.after.mean_distance:.2f}",
        Text(
            f"over {found.after.seconds:.0f} s: {-found.gain_percent:+.1f} %",
            style="bold green" if found.gain_percent > 0 else "bold red",
        ),
    )
    return table


def gains(found: results.Result) -> Table:
    """Return each plan's promise beside what the operator and the player measured."""
    table = _table("plan", "mode", "phase")
    for name in ("landed", "promised", "measured"):
        table.add_column(name, justify="right")
    table.add_column("by")
    for plan in found.plans:
        measured = "" if plan.measured is None else _share(plan.measured, plan.promised)
        table.add_row(
            _shortened(plan.name, 30),
            plan.mode,
            plan.phase,
            f"{plan.landed} of {plan.moves}",
            f"{plan.predicted:,.0f}",
            measured,
            "the operator" if measured else "",
        )
    saved = found.before.cost - found.after.cost
    table.add_section()
    table.add_row(
        "all that were done",
        "",
        "",
        str(found.landed),
        f"{found.predicted:,.0f}",
        Text(_share(saved, found.predicted), style="bold"),
        "the player",
    )
    table.caption = "in flows/s x distance"
    table.caption_justify = "right"
    return table


def counts(found: results.Result) -> Table:
    """Return what was done to pods, by witness."""
    table = _table("what", "how many", "who says so")
    phases = moves.by_phase(found.moves)
    ended = ", ".join(f"{phases[phase]} {phase}" for phase in moves.PHASES if phases[phase])
    tally = found.evictions
    users = [(user.rpartition(":")[2], number) for user, number in tally.by_user]
    by = ", ".join(f"{number} by {user}" for user, number in users) or "none"
    breached = len({(one.budget.namespace, one.budget.name) for one in found.breaches})
    table.add_row("moves", ended or "none", "PodMove objects")
    table.add_row("evictions granted", f"{tally.granted} ({by})", "audit log")
    table.add_row("evictions a budget refused", str(tally.over_budget), "audit log")
    table.add_row("pods evicted twice", str(len(tally.repeated)), "audit log")
    style = "bold red" if breached else "green"
    table.add_row(
        "budgets breached",
        Text(f"{breached} of {len(found.budgets)}", style=style),
        "own count of ready pods",
    )
    flows = f"{found.flows['lines']:,} lines, {found.flows['lost']:,} events lost"
    table.add_row("Hubble lines read", flows, "FlowSource status")
    return table


def refusals(found: Mapping[str, tuple[int, str]]) -> Table:
    """Return why pods stay."""
    table = _table("why pods stay", "pods", "for example")
    ordered = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    for reason, (count, example) in ordered:
        table.add_row(reason, str(count), Text(example, style="bright_black"))
    return table


def standings(found: tuple[tuple[str, str], ...]) -> Table:
    """Return what the policies' conditions say at the end."""
    table = _table("policy", "its conditions")
    for name, said in found:
        table.add_row(name, Text(said, style="bright_black"))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black", show_edge=False)
    for name in columns:
        table.add_column(name)
    return table


def _bar(share: float, colour: str) -> Text:
    filled = round(share * BAR_WIDTH)
    return Text("█" * filled, style=colour) + Text("·" * (BAR_WIDTH - filled), style="bright_black")


def _share(part: float, whole: float | None) -> str:
    return f"{part:,.0f} ({part / whole:.0%})" if whole else f"{part:,.0f}"


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
