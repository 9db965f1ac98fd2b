"""Why a pod moves, or every reason why it does not, for people.

First the answer in one line, then what it rests on: whom the pod talks to, how that is routed and
why, what each node would gain and what speaks against it. Long lists are cut with their count; the
JSON form has all.
"""

from collections.abc import Sequence

from shorthaul.plan.explanations import Candidate, Explanation
from shorthaul.report import places, quantities
from shorthaul.report.note_texts import note_lines
from shorthaul.report.routing_texts import routing_lines
from shorthaul.report.screens import Cell, Screen, Tone, name, printable, table, wrapped
from shorthaul.topology.distances import Distances
from shorthaul.traffic.entries import UNKNOWN_TIER

MOST_SHOWN = 10
ROUTINGS = "How the servers of that traffic are routed to"


def explanation_text(
    found: Explanation, distances: Distances, notes: Sequence[str], screen: Screen
) -> str:
    """The whole explanation."""
    parts = [
        _answer_lines(found, distances, screen),
        _veto_lines(found, screen),
        _talk_lines(found, screen),
        routing_lines(ROUTINGS, found.routings, MOST_SHOWN, screen),
        _outside_lines(found, screen),
        _candidate_lines(found, distances, screen),
        note_lines(notes, screen),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _answer_lines(found: Explanation, distances: Distances, screen: Screen) -> list[str]:
    here = f"{name(str(found.pod))} of {found.workload.kind} {name(str(found.workload))}"
    lines = wrapped(f"{here} on {name(found.node)} {answer(found, distances)}", screen)
    share = found.cost / found.total if found.total else 0.0
    lines += wrapped(
        f"the traffic of its workload costs {quantities.amount(found.cost, found.unit)}, "
        f"{quantities.share(share)} of all",
        screen,
    )
    return [screen.paint(lines[0], Tone.STRONG), *lines[1:]]


def answer(found: Explanation, distances: Distances) -> str:
    """The answer in one line."""
    move = found.move
    if move is not None:
        way = places.route(move.source, move.target, distances)
        gain = quantities.change(0.0 - move.gain, found.unit)
        return f"moves in wave {move.wave}: {way}, {gain}, {printable(move.reason)}"
    if found.refusal is not None:
        return f"stays: {found.refusal.code}: {printable(found.refusal.message)}"
    if found.vetoes:
        return f"stays: {found.vetoes[0].code}: {printable(found.vetoes[0].message)}"
    if not found.talks and found.outside:
        return "stays: its traffic is with places outside alone, as far from every node"
    if not found.talks:
        return "stays: it has no traffic in these flows, so no place is better than another"
    if found.best is None or found.best.gain <= 0:
        return "stays: no other node would be nearer to what it talks to"
    return "stays: with the other moves of the plan its present place is as good as any"


def _veto_lines(found: Explanation, screen: Screen) -> list[str]:
    if not found.vetoes:
        return []
    lines = [screen.paint("Forbids any move of it", Tone.STRONG)]
    for veto in found.vetoes:
        lines += wrapped(f"{veto.code}: {printable(veto.message)}", screen, indent=2, hanging=4)
    return lines


def _talk_lines(found: Explanation, screen: Screen) -> list[str]:
    if not found.talks:
        return []
    titles = [
        Cell(title, Tone.QUIET, right=index > 1)
        for index, title in enumerate(("peer", "nearest", "rate", "cost"))
    ]
    rows = [
        [
            Cell(name(str(talk.peer))),
            Cell(str(talk.tier)),
            Cell(quantities.amount(talk.rate, _rate_unit(found)), right=True),
            Cell(quantities.amount(talk.cost, found.unit), right=True),
        ]
        for talk in found.talks[:MOST_SHOWN]
    ]
    head = screen.paint("Its workload talks to", Tone.STRONG)
    return [head, *table([titles, *rows], screen), *_rest(len(found.talks), "peer")]


def _outside_lines(found: Explanation, screen: Screen) -> list[str]:
    if not found.outside:
        return []
    rows = [
        [
            Cell(name(one.name)),
            Cell(str(one.tier or UNKNOWN_TIER)),
            Cell(quantities.amount(one.rate, _rate_unit(found)), right=True),
        ]
        for one in found.outside[:MOST_SHOWN]
    ]
    titles = [
        Cell(title, Tone.QUIET, right=index > 1)
        for index, title in enumerate(("place", "tier", "rate"))
    ]
    head = screen.paint("Outside, and as far from every node, to", Tone.STRONG)
    return [head, *table([titles, *rows], screen), *_rest(len(found.outside), "place")]


def _rate_unit(found: Explanation) -> str:
    """The unit of the traffic whose cost is in the explanation's; dollars are for bytes."""
    rate, times, _ = found.unit.partition("·")
    return rate if times else "bytes/s"


def _candidate_lines(found: Explanation, distances: Distances, screen: Screen) -> list[str]:
    if not found.candidates:
        return []
    lines = [screen.paint("Alone, with all others where they are, on", Tone.STRONG)]
    for candidate in found.candidates[:MOST_SHOWN]:
        lines += _candidate(candidate, found, distances, screen)
    return lines + _rest(len(found.candidates), "node")


def _candidate(
    candidate: Candidate, found: Explanation, distances: Distances, screen: Screen
) -> list[str]:
    place = places.place(candidate.node, places.grouping_tier(distances), distances)
    gain = quantities.change(0.0 - candidate.gain, found.unit)
    tone = Tone.GOOD if candidate.gain > 0 else Tone.QUIET
    lines = [f"  {place}  {screen.paint(gain, tone)}"]
    for reason in candidate.reasons:
        text = f"{reason.code}: {printable(reason.message)}"
        lines += wrapped(text, screen, indent=6, hanging=8)
    return lines


def _rest(count: int, noun: str) -> list[str]:
    more = count - MOST_SHOWN
    return [f"  and {quantities.count(more, f'more {noun}')}"] if more > 0 else []
