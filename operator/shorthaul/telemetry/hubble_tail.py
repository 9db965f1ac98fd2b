"""Follows Hubble's export files while they are written, rotated, compressed and deleted.

The exporter rotates as lumberjack does: rename, new file under the old name, later maybe gzip. A
file is followed by its inode until it is read to its end; files are read in the order in which
they were found, so the old one is finished before the new one. Whatever a rotation, a copy or a
compression makes of a file, its first line is known already, and reading goes on where it
stopped. Where we are is not kept over restarts: the files are, and are read again as far back as
the reader wants. Reading happens in a worker thread.
"""

import asyncio
import glob
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from shorthaul.telemetry import hubble_choices
from shorthaul.telemetry.batches import Batch, Totals
from shorthaul.telemetry.followed_files import Fingerprint, Followed, open_followed
from shorthaul.telemetry.hubble_anchors import AnchorReader
from shorthaul.telemetry.hubble_blocks import Blocks, Lines
from shorthaul.telemetry.line_cutters import Block
from shorthaul.telemetry.sources import SourceHealth, SourceReading
from shorthaul.traffic.addresses.ranges import Range

READ_BYTES = 8 << 20
CHUNK_BYTES = 1 << 20
FILE_LIMIT = 512
_REMEMBERED_FILES = 8192

_FileId = tuple[int, int]


class HubbleTail:
    """A source; `since_nanoseconds` is how far back it reads what the files hold at first.

    None: nothing of that; otherwise it begins a little before that time. `places` are the named
    ones outside, asked for at each reading, since they may change.
    """

    def __init__(
        self,
        patterns: Sequence[str],
        *,
        since_nanoseconds: int | None = None,
        read_bytes: int = READ_BYTES,
        places: Callable[[], Sequence[Range]] = tuple,
        reader: Lines | None = None,
    ) -> None:
        self._patterns = tuple(patterns)
        self._read_bytes = read_bytes
        self._since = since_nanoseconds
        self._skipping = True
        self._reader: Lines = reader or AnchorReader()
        self._blocks: Blocks = hubble_choices.blocks(self._reader)
        self._named = places
        self._totals = Totals()
        self._followed: dict[_FileId, Followed] = {}
        self._places: OrderedDict[Fingerprint, int] = OrderedDict()
        self._troubles: dict[str, str] = {}
        self._truncations = 0
        self._busy = asyncio.Lock()

    async def read(self) -> SourceReading:
        """What the files gained, at most `read_bytes` of it."""
        async with self._busy:
            return await asyncio.to_thread(self._read)

    def close(self) -> None:
        """Closes the files."""
        for followed in self._followed.values():
            followed.close()
        self._followed.clear()

    def _read(self) -> SourceReading:
        self._blocks.know(self._named())
        self._troubles = {}
        here = self._scan()
        batch = Batch(self._totals)
        budget = self._read_bytes
        for followed in list(self._followed.values()):
            budget -= self._read_on(followed, budget, batch)
            self._remember(followed)
        self._let_go(here, batch)
        return self._reading(batch)

    def _read_on(self, followed: Followed, budget_bytes: int, batch: Batch) -> int:
        left = budget_bytes
        while left > 0 and followed.unread_bytes():
            size, blocks = followed.read(min(left, CHUNK_BYTES))
            self._add(blocks, followed.path, batch)
            left -= size
            if not size:
                break
        return budget_bytes - left

    def _add(self, blocks: Iterable[Block], path: str, batch: Batch) -> None:
        for block in blocks:
            for told in self._blocks.read(block):
                batch.take_block(told, path)

    def _scan(self) -> set[_FileId]:
        """Finds new files; tells which followed ones still have a name."""
        here: set[_FileId] = set()
        for path, status in _found(self._patterns):
            key = (status.st_dev, status.st_ino)
            here.add(key)
            if key in self._followed:
                self._followed[key].path = path
            elif len(self._followed) >= FILE_LIMIT:
                self._troubles[path] = f"{path}: not followed, {FILE_LIMIT} files are already"
            else:
                self._follow(path, key)
        self._skipping = False
        if not here:
            self._troubles[""] = f"no file matches {', '.join(self._patterns)}"
        return here

    def _follow(self, path: str, key: _FileId) -> None:
        try:
            followed = open_followed(path)
        except OSError as error:
            self._troubles[path] = f"{path}: cannot be read ({error.strerror or error})"
            return
        if followed is None:
            return
        place = self._places.get(followed.fingerprint)
        if place is not None:
            followed.skip_to(place)
        elif self._skipping:
            self._skip(followed)
        self._followed[key] = followed
        self._remember(followed)

    def _skip(self, followed: Followed) -> None:
        if self._since is None:
            followed.skip_to_end()
        elif self._since:
            followed.skip_before(self._since, lambda line: self._reader.read(line).time_nanoseconds)

    def _remember(self, followed: Followed) -> None:
        self._places[followed.fingerprint] = followed.place
        self._places.move_to_end(followed.fingerprint)
        while len(self._places) > _REMEMBERED_FILES:
            self._places.popitem(last=False)

    def _let_go(self, here: set[_FileId], batch: Batch) -> None:
        """Drops files that have no name any more and were read to their end."""
        for key, followed in list(self._followed.items()):
            if followed.damage:
                self._troubles[followed.path] = followed.damage
            if key not in here and not followed.unread_bytes():
                self._add(followed.close(), followed.path, batch)
                self._truncations += followed.truncations
                del self._followed[key]

    def _reading(self, batch: Batch) -> SourceReading:
        lag = sum(followed.unread_bytes() for followed in self._followed.values())
        return batch.reading(
            self._reader.names.workloads,
            SourceHealth(
                files=len(self._followed),
                lag_bytes=lag,
                truncations=self._truncations
                + sum(followed.truncations for followed in self._followed.values()),
                troubles=tuple(self._troubles[path] for path in sorted(self._troubles)),
            ),
            caught_up=lag == 0,
        )


def _found(patterns: Sequence[str]) -> list[tuple[str, os.stat_result]]:
    """Files that match, the one written longest ago first."""
    paths = {path for pattern in patterns for path in _matching(pattern)}
    found = []
    for path in sorted(paths):
        try:
            found.append((path, os.stat(path)))
        except FileNotFoundError:
            continue  # rotated away since it was listed; its inode is found again or is open
    return sorted(found, key=lambda item: (item[1].st_mtime_ns, item[0]))


def _matching(pattern: str) -> list[str]:
    if os.path.isdir(pattern):
        pattern = os.path.join(glob.escape(pattern), "*")
    return [path for path in glob.glob(pattern, recursive=True) if Path(path).is_file()]
