"""Where built binaries are kept, and how two processes avoid building the same ones.

A folder in the cache is complete or absent: builds happen beside it and are renamed into place.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


def folder() -> Path:
    """Return the folder that holds all built binaries of this user."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "shorthaul" / "testbed"


def entry(key: str) -> Path:
    """Return the folder of one set of versions on this kind of machine."""
    return folder() / f"{key}_{sysconfig.get_platform()}"


def made(key: str, make: Callable[[Path], Path]) -> Path:
    """Return the folder of one entry, made first if it is not there.

    `make` gets an empty folder beside it to work in, and returns the one in there to be kept.
    """
    target = entry(key)
    if target.is_dir():
        return target
    with locked(key):
        if not target.is_dir():
            prefix = f"building-{target.name}-"
            for leftover in target.parent.glob(f"{prefix}*"):
                shutil.rmtree(leftover, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=prefix) as work:
                make(Path(work)).rename(target)
    return target


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
