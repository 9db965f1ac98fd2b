"""Where built binaries are kept, and how two processes avoid building the same ones.

A folder in the cache is complete or absent: builds happen beside it and are renamed into place.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path


def folder() -> Path:
    """Return the folder that holds all built binaries of this user."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "shorthaul" / "testbed"


def entry(key: str) -> Path:
    """Return the folder of one set of versions on this kind of machine."""
    return folder() / f"{key}_{sysconfig.get_platform()}"


@contextlib.contextmanager
def locked(key: str) -> Iterator[None]:
    """Hold the right to build one entry; the kernel gives it back if the holder dies."""
    path = folder() / f"{entry(key).name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another process that builds {key}", file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
