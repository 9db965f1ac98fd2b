"""Balances of the ledger for people, and as CSV and JSON for programs.

A program gets whole numbers and hours as times in UTC; people get prefixes. Both name the hour
`carried` where older hours were rolled into one.
"""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shorthaul.report import quantities
from shorthaul.report.note_texts import note_lines
from shorthaul.report.screens import Cell, Row, Screen, Tone, name, strong_lines, table
from shorthaul.traffic.entries import HOUR_SECONDS, Balance, Counts, Part
from shorthaul.units import WorkloadRef

CARRIED = "carried"
COUNTS = ("bytes", "packets", "connections", "events", "records")
Value = str | int


def hour_text(hour: int) -> str:
    """The beginning of an hour, in UTC."""
    return datetime.fromtimestamp(hour * HOUR_SECONDS, UTC).strftime("%Y-%m-%dT%H:%MZ")


def ledger_table(
    balances: Sequence[Balance], by: Collection[Part], notes: Sequence[str], screen: Screen
) -> str:
    """One line a balance, in the ledger's own order."""
    rows: list[Row] = [_head(by), *(_row(balance, by) for balance in balances)]
    parts = [
        table(rows, screen) if balances else [],
        note_lines(notes, screen),
        strong_lines(_summary(balances), screen),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def ledger_csv(balances: Sequence[Balance], by: Collection[Part]) -> str:
    """With a header; numbers in full."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(by), lineterminator="\n")
    writer.writeheader()
    writer.writerows(ledger_rows(balances, by))
    return text.getvalue()


def ledger_object(
    balances: Sequence[Balance], by: Collection[Part], notes: Sequence[str]
) -> dict[str, Any]:
    """For -o json."""
    return {"balances": ledger_rows(balances, by), "notes": list(notes)}


def columns(by: Collection[Part]) -> list[str]:
    """The names of the columns of rows."""
    return [each for part, names in _COLUMNS.items() if part in by for each in names] + list(COUNTS)


def ledger_rows(balances: Sequence[Balance], by: Collection[Part]) -> list[dict[str, Value]]:
    """Flat rows, every one with the same columns in the same order."""
    names = columns(by)
    rows = []
    for balance in balances:
        known = _values(balance)
        rows.append({each: known[each] for each in names})
    return rows


_COLUMNS: Mapping[Part, tuple[str, ...]] = {
    Part.HOUR: ("hour",),
    Part.SOURCE: ("source_namespace", "source_kind", "source_name"),
    Part.DESTINATION: ("destination_namespace", "destination_kind", "destination_name"),
    Part.TIER: ("tier",),
}


def _values(balance: Balance) -> dict[str, Value]:
    row: dict[str, Value] = {"hour": _hour(balance), "tier": balance.tier or ""}
    for side, ref in (("source", balance.source), ("destination", balance.destination)):
        if ref is not None:
            row |= {f"{side}_namespace": ref.namespace, f"{side}_kind": ref.kind}
            row[f"{side}_name"] = ref.name
    return row | {title: getattr(balance.counts, title) for title in COUNTS}


def _hour(balance: Balance) -> str:
    return CARRIED if balance.hour is None else hour_text(balance.hour)


def _head(by: Collection[Part]) -> Row:
    names = {Part.HOUR: "hour", Part.SOURCE: "source", Part.DESTINATION: "→ destination"}
    shown = [names.get(part, str(part)) for part in _COLUMNS if part in by]
    titles = [Cell(title, Tone.QUIET) for title in shown]
    return [*titles, *(Cell(title, Tone.QUIET, right=True) for title in COUNTS)]


def _row(balance: Balance, by: Collection[Part]) -> Row:
    texts = {
        Part.HOUR: _hour(balance),
        Part.SOURCE: _end(balance.source),
        Part.DESTINATION: f"→ {_end(balance.destination)}",
        Part.TIER: balance.tier or "",
    }
    counts = balance.counts
    return [
        *(Cell(name(texts[part])) for part in _COLUMNS if part in by),
        Cell(quantities.amount(counts.bytes, "bytes"), right=True),
        *(Cell(f"{getattr(counts, title):,}", right=True) for title in COUNTS[1:]),
    ]


def _end(ref: WorkloadRef | None) -> str:
    if ref is None:
        return ""
    return f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name


def _summary(balances: Sequence[Balance]) -> str:
    whole = Counts()
    for balance in balances:
        whole = whole.plus(balance.counts)
    return (
        f"ledger: {quantities.count(len(balances), 'row')}, "
        f"{quantities.amount(whole.bytes, 'bytes')}, {quantities.count(whole.packets, 'packet')}, "
        f"{quantities.count(whole.connections, 'connection')}, "
        f"{quantities.count(whole.events, 'event')} in {quantities.count(whole.records, 'record')}"
    )
