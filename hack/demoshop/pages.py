"""The report that the demo leaves: one HTML file without scripts or anything from elsewhere."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path

from demoshop import measures, moves, results, truths

NAME = "shorthaul-demo-report.html"
NUMBER = ' class="n"'
COLOURS = {
    "host": "#2e7d32",
    "rack": "#7cb342",
    "zone": "#fbc02d",
    "region": "#f57c00",
    "beyond": "#c62828",
}
STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:0}h2{font-size:1.15rem;margin-top:2.2rem}
.note{opacity:.7}.big{font-size:2.4rem;font-weight:650;margin-right:.4rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{text-align:left;font-weight:600;opacity:.7}
td,th{padding:.25rem .8rem .25rem 0;border-bottom:1px solid #8883;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.bar{display:flex;height:1.7rem;border-radius:.3rem;overflow:hidden;margin:.2rem 0 .8rem}
.bar span{color:#fff;font-size:.8rem;line-height:1.7rem;text-align:center;overflow:hidden}
.bad{color:#c62828;font-weight:600}.good{color:#2e7d32;font-weight:600}
"""


def write(found: results.Result, folder: Path) -> Path:
    """Write the report and return where it is."""
    path = folder / NAME
    path.write_text(page(found), encoding="utf-8")
    return path


def page(found: results.Result) -> str:
    """Return the whole page."""
    parts = [
        "<h1>Shorthaul: what the demo measured</h1>",
        f'<p class="note">Kubernetes {html.escape(found.kubernetes)}, real control plane, kwok '
        f"nodes; the whole run took {found.seconds:.0f} s.</p>",
        _verdict(found),
        *_locality(found),
        *_promises(found),
        *_moves(found),
        *_refusals(found),
        *_budgets(found),
        *_evictions(found),
        *_talks(found),
    ]
    body = "\n".join(parts)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Shorthaul demo</title><style>{STYLE}</style>\n{body}\n</html>\n"
    )


def _verdict(found: results.Result) -> str:
    failures = list(found.failures())
    if failures:
        return "".join(f'<p class="bad">{html.escape(one)}</p>' for one in failures)
    return (
        f'<p><span class="big good">{found.gain_percent:.0f} %</span>less distance travelled by '
        f"the same traffic, after {found.landed} moves; {len(found.breaches)} budget breaches.</p>"
    )


def _locality(found: results.Result) -> Iterable[str]:
    yield "<h2>How far traffic travels</h2>"
    for name, measure in (("Before", found.before), ("After", found.after)):
        yield (
            f"<div>{name}: mean distance {measure.mean_distance:.2f}, "
            f"{measure.rate:.0f} flows/s over {measure.seconds:.0f} s</div>{_bar(measure)}"
        )
    rows = [
        [tier, f"{found.before.shares[tier]:.1%}", f"{found.after.shares[tier]:.1%}"]
        for tier in truths.TIERS
    ]
    yield _table(["smallest tier that both ends share", "before", "after"], rows, numbers=(1, 2))
    yield '<p class="note">Counted by the traffic player itself, before any event is lost.</p>'


def _bar(measure: measures.Measure) -> str:
    pieces = "".join(
        f'<span style="width:{share:.2%};background:{COLOURS[tier]}">'
        f"{f'{tier} {share:.0%}' if share > 0.06 else ''}</span>"
        for tier, share in ((tier, measure.shares[tier]) for tier in truths.TIERS)
        if share > 0
    )
    return f'<div class="bar">{pieces}</div>'


def _promises(found: results.Result) -> Iterable[str]:
    yield "<h2>Promised and measured</h2>"
    rows = [
        [
            plan.name,
            plan.mode,
            plan.phase,
            f"{plan.landed} of {plan.moves}",
            f"{plan.predicted:,.0f}",
            "" if plan.measured is None else f"{plan.measured:,.0f}",
        ]
        for plan in found.plans
    ]
    saved = found.before.cost - found.after.cost
    rows.append(
        ["all done", "", "the player's account", "", f"{found.predicted:,.0f}", f"{saved:,.0f}"]
    )
    heads = ["plan", "mode", "phase", "landed", "promised", "measured"]
    yield _table(heads, rows, numbers=(3, 4, 5))
    yield '<p class="note">In flows/s x distance.</p>'


def _moves(found: results.Result) -> Iterable[str]:
    yield "<h2>Moves</h2>"
    rows = [
        [f"{move.namespace}/{move.pod}", move.source, move.target, _end(move), f"{move.gain:,.1f}"]
        for move in found.moves
    ]
    yield _table(["pod", "from", "to", "phase", "gain"], rows, numbers=(4,))
    yield (
        '<p class="note">The gain of a move is what undoing it alone would lose in the end. Moves '
        "share what they gain together, so gains do not add up to the plan's; one of zero or below "
        "makes room for others.</p>"
    )


def _end(move: moves.Move) -> str:
    return f"{move.phase}: {move.reason}" if move.reason else move.phase


def _refusals(found: results.Result) -> Iterable[str]:
    yield "<h2>Why pods stay</h2>"
    ordered = sorted(found.refusals.items(), key=lambda item: (-item[1][0], item[0]))
    rows = [[reason, str(count), example] for reason, (count, example) in ordered]
    yield _table(["reason", "pods", "for example"], rows, numbers=(1,))


def _budgets(found: results.Result) -> Iterable[str]:
    yield "<h2>Disruption budgets</h2>"
    rows = []
    for one in found.budgets:
        lowest = found.lowest.get((one.namespace, one.name), one.expected)
        numbers = [str(one.expected), str(one.wanted), str(lowest)]
        rows.append([f"{one.namespace}/{one.name}", *numbers])
    yield _table(["budget", "pods", "least wanted", "least seen ready"], rows, numbers=(1, 2, 3))


def _evictions(found: results.Result) -> Iterable[str]:
    yield "<h2>Evictions in the audit log</h2>"
    tally = found.evictions
    rows = [["granted", str(tally.granted)], ["refused by a budget", str(tally.over_budget)]]
    rows += [["refused otherwise", str(tally.refused)], ["dry runs", str(tally.dry_runs)]]
    rows += [["pods evicted twice", str(len(tally.repeated))]]
    rows += [[f"granted to {user}", str(number)] for user, number in tally.by_user]
    yield _table(["eviction requests", "number"], rows, numbers=(1,))


def _talks(found: results.Result) -> Iterable[str]:
    yield "<h2>Who talks to whom</h2>"
    keys = sorted(
        found.edges_before.keys() | found.edges_after.keys(),
        key=lambda key: (-sum(found.edges_before.get(key, {}).values()), key),
    )
    rows = [
        [*key, _near(found.edges_before.get(key)), _near(found.edges_after.get(key))]
        for key in keys
    ]
    heads = ["client", "server", "flows/s before (in rack or nearer)", "after"]
    yield _table(heads, rows, numbers=(2, 3))


def _near(tiers: object) -> str:
    if not isinstance(tiers, dict) or not sum(tiers.values()):
        return ""
    whole = sum(tiers.values())
    return f"{whole:.1f} ({(tiers['host'] + tiers['rack']) / whole:.0%})"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    def cells(tag: str, texts: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{NUMBER if index in numbers else ''}>{html.escape(text)}</{tag}>"
            for index, text in enumerate(texts)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table><tr>{cells('th', heads)}</tr>{body}</table>"
