"""A folder becomes a layer of an image: a tar whose bytes depend on nothing but what is in it.

Files belong to root and are as old as the epoch, and names are in order, so that the same folder
has the same content on any machine. It is compressed a little, because every node takes its own
copy. Symbolic links stay; hard links become files; what is neither a file, a folder nor a link is
refused.
"""

from __future__ import annotations

import gzip
import hashlib
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

FILE = "layer.tar.gz"
"""What a layer is called in the cache."""
CHUNK_BYTES = 1 << 20
COMPRESSION = 1
Readable = IO[bytes] | gzip.GzipFile
EXECUTABLE = 0o755
PLAIN = 0o644


class NotAnImage(Exception):
    """Something cannot be part of an image; the message says what."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A compressed tar on disk; `content` is the digest of what it is when decompressed."""

    path: Path
    digest: str
    size: int
    content: str


def write(folder: Path, target: Path) -> Layer:
    """Write what is in a folder as a layer and return it."""
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", COMPRESSION, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in _ordered(folder):
            _add(tar, path, path.relative_to(folder).as_posix())
    content = target.with_name(f"{target.name}.content")
    with gzip.open(target) as file:
        content.write_text(_hash(file))
    return read(target)


def read(target: Path) -> Layer:
    """Return the layer that was written to a file."""
    content = target.with_name(f"{target.name}.content").read_text()
    with target.open("rb") as file:
        return Layer(target, _hash(file), target.stat().st_size, content)


def _ordered(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _ordered(path)


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    found = path.lstat()
    entry = tarfile.TarInfo(name)
    entry.mode = _mode(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
        tar.addfile(entry)
    elif stat.S_ISDIR(found.st_mode):
        entry.type = tarfile.DIRTYPE
        tar.addfile(entry)
    elif stat.S_ISREG(found.st_mode):
        entry.size = found.st_size
        with path.open("rb") as file:
            tar.addfile(entry, file)
    else:
        raise NotAnImage(f"{path} is neither a file, a folder nor a link, so no image can have it")


def _mode(mode: int) -> int:
    """Whoever may read, everybody may: umasks differ; a folder's sticky bit is kept (/tmp)."""
    if stat.S_ISLNK(mode):
        return 0o777
    if stat.S_ISDIR(mode):
        return 0o1777 if mode & stat.S_ISVTX else EXECUTABLE
    return EXECUTABLE if mode & stat.S_IXUSR else PLAIN


def _hash(file: Readable) -> str:
    found = hashlib.sha256()
    while chunk := file.read(CHUNK_BYTES):
        found.update(chunk)
    return f"sha256:{found.hexdigest()}"
