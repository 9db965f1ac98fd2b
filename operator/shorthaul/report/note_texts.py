"""What a reader should know of the input: one line each, told once, never mixed with results."""

from collections.abc import Iterable, Mapping, Sequence

from shorthaul.report import quantities
from shorthaul.report.screens import Screen, Tone, printable, wrapped
from shorthaul.traffic.anchors import rates_by_place
from shorthaul.traffic.entries import UNKNOWN_TIER
from shorthaul.traffic.graphs import Leftover, TrafficGraph
from shorthaul.traffic.observations import Observations
from shorthaul.units import Tier

MOST_PLACES = 5


def notes_of(graph: TrafficGraph, anchors: Mapping[str, Tier]) -> list[str]:
    """The notes that a traffic graph carries: its warnings, what had no weight, what was lost.

    `anchors` are the tiers of named places outside, whose traffic is told of too.
    """
    found = list(graph.warnings)
    found += [leftover_text(leftover) for leftover in graph.leftovers]
    if graph.anchored:
        found.append(outside_text(graph, anchors))
    if graph.lost_events:
        found.append(f"{graph.lost_events:,} events were lost before they were exported")
    return found


def reading_text(observations: Observations) -> str | None:
    """How many of the lines read count and why the others do not; None when all of them do."""
    others = {reason: count for reason, count in observations.ignored.items() if count}
    if not others:
        return None
    shown = ", ".join(
        f"{count:,} {reason}" for reason, count in sorted(others.items(), key=lambda it: -it[1])
    )
    return (
        f"{observations.counted_lines:,} of {observations.lines:,} lines count; "
        f"without weight by their nature: {shown}"
    )


def outside_text(graph: TrafficGraph, anchors: Mapping[str, Tier]) -> str:
    """One sentence on the traffic with named places outside."""
    sums = rates_by_place(graph.anchored)
    shown = sorted(sums, key=lambda name: (-sums[name], name))[:MOST_PLACES]
    told = ", ".join(
        f"{name} {quantities.amount(sums[name], graph.unit)} at {anchors.get(name, UNKNOWN_TIER)}"
        for name in shown
    )
    more = f" and {len(sums) - len(shown)} more" if len(sums) > len(shown) else ""
    return f"with named places outside, the same wherever pods are, so in no cost: {told}{more}"


def leftover_text(leftover: Leftover) -> str:
    """One sentence on records that carry no weight."""
    example = f" (for example {leftover.example})" if leftover.example else ""
    return f"{leftover.records:,} {leftover.reason}{example}"


def unique(notes: Iterable[str]) -> list[str]:
    """The notes in their order, each once."""
    return list(dict.fromkeys(notes))


def note_lines(notes: Sequence[str], screen: Screen) -> list[str]:
    """The notes under their heading."""
    if not notes:
        return []
    lines = [screen.paint("Notes", Tone.STRONG)]
    for note in notes:
        lines += wrapped(f"- {printable(note)}", screen, indent=2, hanging=4)
    return lines
