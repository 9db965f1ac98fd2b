"""Hubble export files as entries of the ledger: each line once, whatever file or order it is in.

A line is known by its uuid, observer and time; where a field mask dropped the uuid, by all of its
text. So the files of a day may be given twice, cut in pieces or shuffled, and nothing needs to be
known of how far they were read. Lines that are no flow between two pods, or a pod and a named place
outside, are counted by reason.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

from shorthaul.errors import BadInput
from shorthaul.telemetry import hubble_anchors
from shorthaul.telemetry.hubble_events import Skipped
from shorthaul.telemetry.hubble_lines import LONGEST_LINE_BYTES
from shorthaul.telemetry.line_files import LineFile, Progress, find_files
from shorthaul.telemetry.skips import bounded
from shorthaul.traffic.addresses.ranges import Range
from shorthaul.traffic.entries import Batch, Entry, Key
from shorthaul.traffic.flows import AnchorFlow, Flow

STREAM = "hubble export files"
ENTRIES_PER_BATCH = 20_000

ToEntry = Callable[[Flow | AnchorFlow, Key], Entry]


class LedgerFiles:
    """Reads files into batches; `passed` and `warnings` tell of what gave no entry."""

    def __init__(self, to_entry: ToEntry, progress: Progress, places: Sequence[Range] = ()) -> None:
        self.lines = 0
        self.passed: Counter[str] = Counter()
        self.warnings: list[str] = []
        self._to_entry = to_entry
        self._progress = progress
        self._places = places

    def batches(self, paths: Sequence[str]) -> Iterator[Batch]:
        """All entries, in batches of bounded size; raises BadInput for a file of something else."""
        entries: list[Entry] = []
        for path, file in find_files(paths).opened(LONGEST_LINE_BYTES, self._progress):
            for entry in self._entries(path, file):
                entries.append(entry)
                if len(entries) >= ENTRIES_PER_BATCH:
                    yield Batch(STREAM, tuple(entries))
                    entries.clear()
        if entries:
            yield Batch(STREAM, tuple(entries))

    def _entries(self, path: Path, file: LineFile) -> Iterator[Entry]:
        reader, usable, first_bad = hubble_anchors.reader(self._places), False, ""
        for number, line in file.lines():
            self.lines += 1
            outcome = reader.read(line)
            if isinstance(outcome, Flow | AnchorFlow):
                usable = True
                yield self._to_entry(outcome, key_of(outcome, line))
                continue
            bad = isinstance(outcome, Skipped) and outcome.bad
            reason = outcome.reason if isinstance(outcome, Skipped) else "report of lost events"
            if bad and not first_bad:
                first_bad = f"{path}:{number}: {reason}"
            usable |= not bad
            self.passed[bounded(reason, self.passed)] += 1
        if first_bad and not usable:
            raise BadInput(f"{first_bad}; no line here is a Hubble export line")
        if file.damage:
            if not (first_bad or usable):
                damage = f"the compressed data is damaged or ends early ({file.damage})"
                raise BadInput(f"{path}: {damage}; give an intact file")
            self.warnings.append(
                f"{path}: damaged or cut off ({file.damage}); what came before counts"
            )


def key_of(flow: Flow | AnchorFlow, line: bytes) -> Key:
    """What tells a line's flow from all others."""
    text = f"{flow.key} {flow.observer} {flow.time_nanoseconds}".encode() if flow.key else line
    return blake2b(text.strip(), digest_size=16).digest()
