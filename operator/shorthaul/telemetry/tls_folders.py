"""The folder of a mounted Secret with what TLS needs, as Cilium and cert-manager name it.

`ca.crt`, and for mutual TLS `tls.crt` and `tls.key`. Nothing is kept: they may be renewed.
"""

from dataclasses import dataclass
from pathlib import Path

from shorthaul.errors import BadInput


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Whom to trust, and for mutual TLS a certificate and its key."""

    authority: Path
    pair: tuple[Path, Path] | None


def files_in(folder: str, option: str) -> TlsFiles:
    """The files, all of which can be read now; raises BadInput, which names the folder's option."""
    place = Path(folder)
    authority, certificate, key = place / "ca.crt", place / "tls.crt", place / "tls.key"
    mutual = certificate.exists() or key.exists()
    for path in (authority, certificate, key) if mutual else (authority,):
        try:
            path.open("rb").close()
        except OSError as error:
            raise _unreadable(path, error, option) from error
    return TlsFiles(authority, (certificate, key) if mutual else None)


def read(path: Path, option: str) -> bytes:
    """What is in one of them, which may be gone by now; raises BadInput."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error, option) from error


def _unreadable(path: Path, error: OSError, option: str) -> BadInput:
    wanted = f"{option} needs ca.crt, and for mutual TLS tls.crt and tls.key"
    return BadInput(f"{path}: cannot be read ({error.strerror}); {wanted}")
