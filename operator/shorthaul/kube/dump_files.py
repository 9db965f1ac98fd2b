"""Opens the files of a dump as mapped memory, whatever they are packed in.

A gzip file is unpacked into an unnamed temporary file and a pipe is read to its end; both look the
same to the reader. In a folder all files count, but for hidden ones and notes (`.md`, `.txt`,
`.log`, as `kubectl cluster-info dump` leaves them).
"""

import gzip
import mmap
import os
import shutil
import stat
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from shorthaul.errors import BadInput

Body = mmap.mmap | bytes
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_NOTES = frozenset({".md", ".txt", ".log"})


def files_among(paths: Sequence[str]) -> tuple[str, ...]:
    """The files that paths name, folders searched to the bottom; raises BadInput."""
    return tuple(name for path in paths for name in _files_of(Path(path)))


def _files_of(path: Path) -> list[str]:
    if not path.is_dir():
        return [str(path)]
    found = sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and file.suffix not in _NOTES and not _is_hidden(file, path)
    )
    if not found:
        raise BadInput(f"{path}: no files in this folder; give Kubernetes objects as json or yaml")
    return [str(file) for file in found]


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


@contextmanager
def opened(path: str) -> Iterator[Body]:
    """A file's content as text in bytes; raises BadInput when it cannot be read or is no text."""
    try:
        with open(path, "rb") as file, _unpacked(file) as plain:
            yield _checked(_content(plain), path)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"{path}: cannot be read: {reason[:1].lower()}{reason[1:]}") from error


@contextmanager
def _unpacked(file: BinaryIO) -> Iterator[BinaryIO]:
    if not _is_regular(file) or not _is_packed(file):
        yield file
        return
    with tempfile.TemporaryFile() as plain:
        with gzip.GzipFile(fileobj=file) as packed:
            shutil.copyfileobj(packed, plain, 1 << 20)
        plain.seek(0)
        yield plain


def _is_regular(file: BinaryIO) -> bool:
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


def _is_packed(file: BinaryIO) -> bool:
    start = file.read(len(_GZIP))
    file.seek(0)
    return start == _GZIP


def _content(file: BinaryIO) -> Body:
    if not _is_regular(file):
        body = file.read()
        return gzip.decompress(body) if body.startswith(_GZIP) else body
    if not os.fstat(file.fileno()).st_size:
        return b""
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _checked(body: Body, path: str) -> Body:
    start = body[:4096]
    if not start.strip():
        raise BadInput(f"{path}: empty; give Kubernetes objects as json or yaml")
    if start.startswith(_UTF16):
        raise BadInput(f"{path}: UTF-16 text; save it as UTF-8")
    if b"\x00" in start:
        raise BadInput(f"{path}: binary, not text; give Kubernetes objects as json or yaml")
    return body
