"""The certificates that a spool is served with, read again when their files change.

What cannot be read, as while files are being replaced, leaves those from before in use; so does a
folder that has no ca.crt any more, since without one everybody would be let in.
"""

import contextlib
import os
import ssl

from shorthaul.errors import BadInput

_NAMES = ("tls.crt", "tls.key", "ca.crt")
_Stamp = tuple[tuple[int, int, int] | None, ...]


class Certificates:
    """One folder of them; raises BadInput where there are none at first."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._stamp = _stamp(folder)
        self._context = _read(folder)

    def context(self) -> ssl.SSLContext:
        """TLS as the folder has it by now; for any thread."""
        stamp = _stamp(self._folder)
        opened = self._stamp[-1] is not None and stamp[-1] is None
        if stamp != self._stamp and not opened:
            with contextlib.suppress(BadInput):  # again at the next connection
                self._context, self._stamp = _read(self._folder), stamp
        return self._context


def _stamp(folder: str) -> _Stamp:
    return tuple(_stamp_of(f"{folder}/{name}") for name in _NAMES)


def _stamp_of(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(folder: str) -> ssl.SSLContext:
    """TLS as the folder has it; raises BadInput."""
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        made.load_cert_chain(f"{folder}/tls.crt", f"{folder}/tls.key")
        if os.path.exists(f"{folder}/ca.crt"):
            made.load_verify_locations(f"{folder}/ca.crt")
            made.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"{folder}: no certificates ({error}); --serve-tls needs tls.crt and tls.key, and "
            "ca.crt where readers have to show a certificate"
        ) from error
    return made
