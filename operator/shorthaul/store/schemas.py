"""The ledger's tables, step by step: an older file is brought up by the steps that it lacks.

A step, once released, is never changed; a new version adds one. Tables are STRICT, so a sum beyond
64 bits, which SQLite would turn into a rounded number, is an error and nothing is written.
"""

import sqlite3

from shorthaul.errors import BadInput
from shorthaul.traffic.entries import Counts

APPLICATION_ID = 0x53484C47  # "SHLG"
LEAST_SQLITE = (3, 37, 0)

_COUNTS = ", ".join(
    f"{name} INTEGER NOT NULL CHECK ({name} >= 0)"
    for name in ("records", "bytes", "packets", "connections", "events")
)
_ACCOUNT = "source INTEGER NOT NULL, destination INTEGER NOT NULL, tier TEXT NOT NULL"

STEPS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE parties (id INTEGER PRIMARY KEY, namespace TEXT NOT NULL,"
        " kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (namespace, kind, name)) STRICT",
        f"CREATE TABLE balances (hour INTEGER NOT NULL, {_ACCOUNT}, {_COUNTS},"
        " PRIMARY KEY (hour, source, destination, tier)) STRICT, WITHOUT ROWID",
        "CREATE TABLE streams (name TEXT PRIMARY KEY, records INTEGER NOT NULL,"
        " spans TEXT NOT NULL) STRICT, WITHOUT ROWID",
        "CREATE TABLE keys (hour INTEGER NOT NULL, part INTEGER NOT NULL, keys BLOB NOT NULL,"
        " PRIMARY KEY (hour, part)) STRICT",
    ),
    (
        f"CREATE TABLE carried ({_ACCOUNT}, {_COUNTS},"
        " PRIMARY KEY (source, destination, tier)) STRICT, WITHOUT ROWID",
        "CREATE TABLE horizon (one INTEGER PRIMARY KEY CHECK (one = 1),"
        " hour INTEGER NOT NULL) STRICT",
        "INSERT INTO horizon VALUES (1, 0)",
    ),
    (
        "CREATE TABLE notes (stream TEXT NOT NULL, first INTEGER NOT NULL, after INTEGER NOT NULL,"
        " time INTEGER NOT NULL, content BLOB NOT NULL,"
        " PRIMARY KEY (stream, first)) STRICT, WITHOUT ROWID",
    ),
    (
        "CREATE TABLE memories (hour INTEGER NOT NULL, part INTEGER NOT NULL,"
        " content BLOB NOT NULL, PRIMARY KEY (hour, part)) STRICT",
    ),
)
VERSION = len(STEPS)

COUNTS = ", ".join(Counts._fields)
"""The columns of what is counted, as this version has them."""

ADDING = "ON CONFLICT DO UPDATE SET " + ", ".join(
    f"{name} = {name} + excluded.{name}" for name in Counts._fields
)
"""The end of an insertion which adds to the row that is there."""


def require_ledger(connection: sqlite3.Connection, path: str) -> int:
    """The version of a file, 0 for an empty one; raises BadInput when it is no ledger of ours."""
    if sqlite3.sqlite_version_info < LEAST_SQLITE:
        least = ".".join(map(str, LEAST_SQLITE))
        raise BadInput(f"SQLite {sqlite3.sqlite_version} is too old for a ledger; use {least}")
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    mark: int = connection.execute("PRAGMA application_id").fetchone()[0]
    empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if mark != APPLICATION_ID and not (empty and mark == 0 and version == 0):
        raise BadInput(f"{path}: a SQLite file, but no ledger; name another file")
    if version > VERSION:
        raise BadInput(
            f"{path}: a ledger of version {version}, this program knows up to {VERSION}; "
            "use a newer shorthaul"
        )
    return version


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Brings a file to our version, each step whole or not at all."""
    for number in range(require_ledger(connection, path), VERSION):
        connection.execute("BEGIN IMMEDIATE")
        for statement in STEPS[number]:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")
