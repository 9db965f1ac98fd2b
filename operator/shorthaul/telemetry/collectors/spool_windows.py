"""What a window of the spool is, all of it said in its file's name.

The name is written by one rename, so a window is there with everything that is known of it or not
at all, and a full disk cannot keep the one without the other.
"""

import re
from dataclasses import dataclass

_NAME = re.compile(r"(\d{1,16})-(\d{1,16})-(\d+)-(\d+)-(\d+)-(whole|cut)\.jsonl\.gz")
OPEN = re.compile(r"(\d{1,16})\.open")


@dataclass(frozen=True, slots=True)
class SpoolWindow:
    """Records by when they were received: from a moment up to but without another.

    `lost` are what numbers of exporters and the kernel say never arrived or was dropped,
    `undecodable` what arrived and could not be read. One that is not `complete` ended with its
    process, which tells neither, or time did not pass evenly in it: records may be missing. Or an
    exporter's numbers conflict in it: records may be forged.
    """

    start_milliseconds: int
    end_milliseconds: int
    records: int
    lost: int = 0
    undecodable: int = 0
    complete: bool = True

    @property
    def name(self) -> str:
        """The name of its file."""
        state = "whole" if self.complete else "cut"
        counts = f"{self.records}-{self.lost}-{self.undecodable}"
        return f"{self.start_milliseconds}-{self.end_milliseconds}-{counts}-{state}.jsonl.gz"


def window_of(name: str) -> SpoolWindow | None:
    """The window of a file's name; None for another file."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    start, end, records, lost, undecodable = map(int, found.groups()[:5])
    return SpoolWindow(start, end, records, lost, undecodable, found[6] == "whole")


def next_start(now_milliseconds: int, newest_end: int) -> int:
    """Where the next window begins: now, and never before another one's end."""
    return max(now_milliseconds, newest_end)


def grid_end(start_milliseconds: int, window_milliseconds: int) -> int:
    """Where the window of the grid ends that a moment is in."""
    return (start_milliseconds // window_milliseconds + 1) * window_milliseconds
