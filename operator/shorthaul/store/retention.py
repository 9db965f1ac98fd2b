"""Keeps hours for so long, and totals for ever: old hours are carried into one row per account.

A total is what was carried and all hours that are left, so it never falls when hours go. The keys
and memories of an hour go with it; from then on records of that hour are refused, since nothing
could tell a repeat any more.
"""

import sqlite3

from shorthaul.errors import BadInput
from shorthaul.store.schemas import ADDING
from shorthaul.traffic.entries import Counts

_SUMS = ", ".join(f"sum({name})" for name in Counts._fields)
_CARRY = (
    f"INSERT INTO carried SELECT source, destination, tier, {_SUMS}"
    f" FROM balances WHERE hour < ? GROUP BY 1, 2, 3 {ADDING}"
)


def horizon(connection: sqlite3.Connection) -> int:
    """The first hour that is kept by itself."""
    hour: int = connection.execute("SELECT hour FROM horizon").fetchone()[0]
    return hour


def carry(connection: sqlite3.Connection, before_hour: int) -> int:
    """Rolls hours into the totals, all or none; gives the number of rows that went there."""
    if before_hour <= horizon(connection):
        return 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_CARRY, (before_hour,))
    except sqlite3.Error as error:
        if not (isinstance(error, sqlite3.IntegrityError) or "overflow" in str(error)):
            raise
        raise BadInput(
            "the carried total of an account would reach 2^63; hours stay as they are: export "
            "them and begin a new ledger"
        ) from error
    rows = connection.execute("DELETE FROM balances WHERE hour < ?", (before_hour,)).rowcount
    for table in ("keys", "memories"):
        connection.execute(f"DELETE FROM {table} WHERE hour < ?", (before_hour,))
    connection.execute("UPDATE horizon SET hour = ?", (before_hour,))
    connection.execute("COMMIT")
    return rows
