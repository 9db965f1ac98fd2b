"""Where a result goes: standard output, or a file that is replaced whole or not at all.

A reader that closes the pipe early (`| head`) is no error: the rest is dropped in silence. Whether
a file can be written is asked before the work begins, not after a long search.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import click

from shorthaul.errors import BadInput
from shorthaul.report.screens import Screen, printable


def screen(out: str | None) -> Screen:
    """The screen that a text is for: the terminal, or none when it goes to a file or a pipe."""
    if out is not None or not sys.stdout.isatty():
        return Screen()
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM", "dumb") == "dumb"
    return Screen(shutil.get_terminal_size().columns, not plain)


def require_writable(out: str | None) -> None:
    """Raises BadInput when the result could not be written there."""
    if out is None:
        return
    path = _target(out)
    if path.is_dir():
        raise BadInput(f"cannot write {out}: it is a folder; give the name of a file in it")
    if not path.parent.is_dir():
        raise BadInput(f"cannot write {out}: there is no folder {path.parent}; make it first")
    place = path if path.exists() and not path.is_file() else path.parent
    if not os.access(place, os.W_OK):
        raise BadInput(f"cannot write {out}: no right to write in {place}")


def write(text: str, out: str | None) -> None:
    """Hands over the result."""
    if out is None:
        _print(text)
        return
    write_bytes(text.encode("utf-8"), out)


def write_bytes(content: bytes, out: str) -> None:
    """Hands over a result that is no text, to a file."""
    try:
        _replace(_target(out), content)
    except OSError as error:
        raise BadInput(f"cannot write {out}: {error.strerror or error}") from error


def tell(message: str) -> None:
    """One line on standard error, harmless whoever's words are in it."""
    click.echo(f"shorthaul: {printable(' '.join(message.split()))}", err=True)


def _target(out: str) -> Path:
    return Path(os.path.realpath(out))


def _print(text: str) -> None:
    try:
        sys.stdout.buffer.write(text.encode(_encoding(), "replace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python flushes standard output once more when it ends, and would complain there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _encoding() -> str:
    return sys.stdout.encoding if sys.stdout.isatty() else "utf-8"


def _replace(path: Path, content: bytes) -> None:
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:64]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
