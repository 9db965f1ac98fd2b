"""What a reader should know of the input: one line each, told once, never mixed with results."""

from collections.abc import Iterable, Sequence

from shorthaul.report.screens import Screen, Tone, printable, wrapped
from shorthaul.traffic.graphs import Leftover, TrafficGraph
from shorthaul.traffic.observations import Observations


def notes_of(graph: TrafficGraph) -> list[str]:
    """The notes that a traffic graph carries: its warnings, what had no weight, what was lost."""
    found = list(graph.warnings)
    found += [leftover_text(leftover) for leftover in graph.leftovers]
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
