"""What is made of a folder of certificates, made again when its files change.

What cannot be read, as while files are being replaced, leaves that from before in use; so does a
folder that has no ca.crt any more, since without one everybody would be let in.
"""

import contextlib
import os
from collections.abc import Callable
from typing import Generic, TypeVar

from shorthaul.errors import BadInput

Made = TypeVar("Made")
_NAMES = ("tls.crt", "tls.key", "ca.crt")
_Stamp = tuple[tuple[int, int, int] | None, ...]


class RenewedFolder(Generic[Made]):
    """One folder; raises BadInput, as `make` does, where there is nothing in it at first."""

    def __init__(self, folder: str, make: Callable[[str], Made]) -> None:
        self._folder, self._make = folder, make
        self._stamp = _stamp(folder)
        self._made = make(folder)

    def latest(self) -> Made:
        """What the folder has by now; for any thread."""
        stamp = _stamp(self._folder)
        opened = self._stamp[-1] is not None and stamp[-1] is None
        if stamp != self._stamp and not opened:
            with contextlib.suppress(BadInput):  # again at the next connection
                self._made, self._stamp = self._make(self._folder), stamp
        return self._made


def _stamp(folder: str) -> _Stamp:
    return tuple(_stamp_of(f"{folder}/{name}") for name in _NAMES)


def _stamp_of(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
