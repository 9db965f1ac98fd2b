"""Opens the ledger's file, and says in one line why SQLite could not do something.

One process writes; a lock on a file beside the ledger holds others off and goes with its process,
however that ends. Any number of processes read meanwhile: in WAL mode a reader sees the last
commit and holds nobody up. `synchronous=FULL`: what was committed outlives a power cut.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from shorthaul.errors import BadInput
from shorthaul.store import schemas

BUSY_SECONDS = 10.0
CACHE_KIBIBYTES = 64 << 10
CHECKPOINT_PAGES = 16 << 10
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NO_ACCESS = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}


class Refusing(BadInput):
    """The disk takes no more: nothing of this batch was counted, and it may be given again."""


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Turns errors of SQLite and of the file system into their one line."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _NO_ROOM:
            raise Refusing(
                f"{path}: the disk is full or fails ({error}); nothing of this batch was counted; "
                "make room and give it again"
            ) from error
        if code in _DAMAGED:
            raise BadInput(
                f"{path}: no ledger, or a damaged one ({error}); put back a copy, or move it away "
                "and begin anew"
            ) from error
        if code in _NO_ACCESS:
            raise BadInput(f"{path}: cannot be opened ({error}); look at its rights") from error
        raise BadInput(f"{path}: SQLite cannot go on ({error})") from error


def lock(path: str) -> int:
    """Becomes the one writer; gives the descriptor that holds the lock."""
    try:
        held = os.open(f"{path}-writer", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error})") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        raise BadInput(
            f"{path}: another process writes this ledger; wait for its end, or use another file"
        ) from error
    return held


def open_to_write(path: str) -> sqlite3.Connection:
    """A connection for the one writer, its file made or brought up to our version."""
    _make(path)
    with explained(path):
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        with explained(path):
            schemas.require_ledger(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            schemas.migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: str) -> None:
    """An empty file that only its owner reads: who talks to whom is nobody else's business."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror or error})") from error


def require_file(path: str) -> None:
    """Raises BadInput where there is no ledger yet."""
    if not Path(path).is_file():
        raise BadInput(f"{path}: no such ledger; name one that `shorthaul ledger ingest` made")


@contextmanager
def reading(path: str) -> Iterator[sqlite3.Connection]:
    """A connection that only reads, and sees one moment of the ledger from first to last."""
    require_file(path)
    with explained(path):
        connection = sqlite3.connect(
            f"file:{quote(path)}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
        try:
            connection.execute("BEGIN")
            version = schemas.require_ledger(connection, path)
            if version < schemas.VERSION:
                raise BadInput(
                    f"{path}: a ledger of version {version}, this program reads "
                    f"{schemas.VERSION}; ingest something, which brings it up"
                )
            yield connection
        finally:
            connection.close()
