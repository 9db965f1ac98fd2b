"""Lines out of files: plain or gzip told by content, bounded in memory, broken ends reported.

A gzip file that ends early or is damaged gives what
could be read, and says so. Folders are walked in sorted order; a file that is named twice, or
reached by two links, is read once.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from shorthaul.errors import BadInput
from shorthaul.telemetry.line_cutters import LineCutter

CHUNK_BYTES = 1 << 18
_GZIP_MAGIC = b"\x1f\x8b"

Advance = Callable[[int], None]
Progress = Callable[[int, int], None]
"""Told how many bytes of all files were read, and how many there are."""


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files to read, in order, and their size together."""

    paths: tuple[Path, ...]
    size_bytes: int

    def opened(
        self, limit_bytes: int, progress: Progress | None
    ) -> Iterator[tuple[Path, "LineFile"]]:
        """Each file in turn, its lines of at most so many bytes."""
        done_bytes = 0

        def advance(read_bytes: int) -> None:
            nonlocal done_bytes
            done_bytes += read_bytes
            if progress is not None:
                progress(done_bytes, self.size_bytes)

        for path in self.paths:
            yield path, LineFile(path, limit_bytes, advance)


def find_files(paths: Sequence[str]) -> FoundFiles:
    """All files named, or inside of the folders named; raises BadInput when there are none."""
    found: dict[Path, Path] = {}
    for text in paths:
        path = Path(text)
        for file in _within(path) if path.is_dir() else [path]:
            found.setdefault(file.resolve(), file)
    if not found:
        raise BadInput(f"no file in {', '.join(paths) or 'an empty list'}; name flow files")
    return FoundFiles(tuple(found.values()), sum(_size(path) for path in found.values()))


def _within(folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if not path.name.startswith("."))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; name an existing file or folder") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from error


class LineFile:
    """One file's numbered lines; after reading, `damage` tells why it ended early ("": it did not).

    `advance` is told of the raw bytes that were read.
    """

    def __init__(self, path: Path, limit_bytes: int, advance: Advance) -> None:
        self.damage = ""
        self._path = path
        self._limit_bytes = limit_bytes
        self._advance = advance

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines that are not blank."""
        for number, line in enumerate(self._cut(), start=1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if text and not text.isspace():
                yield number, text

    def _cut(self) -> Iterator[bytes]:
        cutter = LineCutter(self._limit_bytes)
        for chunk in self._chunks():
            yield from cutter.feed(chunk)
        yield from cutter.finish()

    def _chunks(self) -> Iterator[bytes]:
        try:
            with open(self._path, "rb") as file:
                yield from _decompressed(file, self._advance)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            self.damage = str(error)
        except OSError as error:
            raise BadInput(f"{self._path}: cannot be read ({error.strerror or error})") from error


def _decompressed(file: BufferedReader, advance: Advance) -> Iterator[bytes]:
    source: BufferedReader | gzip.GzipFile = file
    if file.peek(2)[:2] == _GZIP_MAGIC:
        source = gzip.GzipFile(fileobj=file)
    done = 0
    while chunk := source.read1(CHUNK_BYTES):  # what is there comes out before an early end
        position = file.tell() if file.seekable() else done + len(chunk)
        advance(position - done)
        done = position
        yield chunk
