"""Asks a ledger: balances by what one wants to see them by; and whether its counts still agree.

Sums are made here in whole numbers of any length, since the sum of many rows may pass 64 bits.
Everything asked in one call is of one moment, also while a writer runs.
"""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from shorthaul.store import connections, retention
from shorthaul.store.schemas import COUNTS
from shorthaul.traffic.entries import PARTS, Balance, Counts, Part
from shorthaul.units import TIERS, Namespace, Tier, WorkloadRef

_Names = tuple[str, str, str]
_Key = tuple[int | None, _Names | None, _Names | None, str | None]


@dataclass(frozen=True, slots=True)
class Question:
    """Which balances; names are patterns (`shop/*`), hours from `since` up to without `until`."""

    by: Collection[Part] = PARTS
    source: str = "*"
    destination: str = "*"
    tier: str = "*"
    since_hour: int | None = None
    until_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Sorted balances; `horizon` is the first hour that is kept by itself, 0 when all are."""

    balances: tuple[Balance, ...]
    horizon: int = 0


def ask(path: str, question: Question) -> Answer:
    """The balances that a question is about."""
    with connections.reading(path) as connection:
        sums: dict[_Key, list[int]] = {}
        hours = _hours(connection, question)
        carried = _carried(connection, question) if _takes_carried(question) else ()
        for rows in (hours, carried):
            for row in rows:
                _add(sums, question.by, row)
        found = [_balance(key, counts) for key, counts in sums.items()]
        return Answer(tuple(sorted(found, key=_order)), retention.horizon(connection))


def disagreements(path: str) -> list[str]:
    """What is wrong inside of a ledger, in words; nothing when it is sound."""
    with connections.reading(path) as connection:
        found = [text for (text,) in connection.execute("PRAGMA integrity_check(20)")]
        problems = [] if found == ["ok"] else [f"SQLite finds: {text}" for text in found]
        counted = _exact_sum(connection, "balances") + _exact_sum(connection, "carried")
        taken = _exact_sum(connection, "streams")
        if counted != taken:
            problems.append(f"{counted} records in the counters, {taken} taken from streams")
        return problems


def _exact_sum(connection: sqlite3.Connection, table: str) -> int:
    return sum(number for (number,) in connection.execute(f"SELECT records FROM {table}"))


_ENDS = (
    "s.namespace, s.kind, s.name, d.namespace, d.kind, d.name, tier,"
    f" {COUNTS} FROM {{}} JOIN parties s ON s.id = source JOIN parties d ON d.id = destination"
    " WHERE ltrim(s.namespace || '/' || s.name, '/') GLOB ?"
    " AND ltrim(d.namespace || '/' || d.name, '/') GLOB ? AND tier GLOB ?"
)


def _hours(connection: sqlite3.Connection, question: Question) -> sqlite3.Cursor:
    return connection.execute(
        f"SELECT hour, {_ENDS.format('balances')} AND hour >= ? AND hour < ?",
        (
            question.source,
            question.destination,
            question.tier,
            0 if question.since_hour is None else question.since_hour,
            1 << 62 if question.until_hour is None else question.until_hour,
        ),
    )


def _carried(connection: sqlite3.Connection, question: Question) -> sqlite3.Cursor:
    return connection.execute(
        f"SELECT NULL, {_ENDS.format('carried')}",
        (question.source, question.destination, question.tier),
    )


def _takes_carried(question: Question) -> bool:
    return question.since_hour is None and question.until_hour is None


def _add(sums: dict[_Key, list[int]], by: Collection[Part], row: tuple[Any, ...]) -> None:
    key: _Key = (
        row[0] if Part.HOUR in by else None,
        row[1:4] if Part.SOURCE in by else None,
        row[4:7] if Part.DESTINATION in by else None,
        row[7] if Part.TIER in by else None,
    )
    held = sums.setdefault(key, [0] * len(Counts._fields))
    for place, more in enumerate(row[8:]):
        held[place] += more


def _balance(key: _Key, counts: Sequence[int]) -> Balance:
    hour, source, destination, tier = key
    return Balance(hour, _ref(source), _ref(destination), tier, Counts(*counts))


def _ref(names: _Names | None) -> WorkloadRef | None:
    return None if names is None else WorkloadRef(Namespace(names[0]), names[1], names[2])


def _order(balance: Balance) -> tuple[object, ...]:
    tier = balance.tier
    known = TIERS.index(Tier(tier)) if tier in set(TIERS) else len(TIERS)
    hour = -1 if balance.hour is None else balance.hour
    return hour, repr(balance.source), repr(balance.destination), known
