"""Measures decoding NetFlow and IPFIX to counted records, beside goflow2 on the same messages.

Both have all messages in memory, use one core, and count flows and bytes of what they decoded, so
equal counts show that they did the same work. Rounds alternate between the two, so that whatever
else the machine does falls on both; told is the median round.
"""

import json
import statistics
import struct
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import machines, netflow_messages
from shorthaul.errors import BadInput
from shorthaul.telemetry.netflow import choices
from shorthaul.telemetry.netflow.arrivals import gathered
from shorthaul.telemetry.netflow.choices import Reading
from shorthaul.telemetry.netflow.decoders import ROOM, Decoder
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.kernels import library
from shorthaul.telemetry.netflow.records import Batch, Record
from testbed import gobuilds, recipes, versions

NOW = netflow_messages.SECONDS * 1_000
AT_ONCE = 64
"""Messages that are handed over together, as a collector that is busy does."""
DTYPE = np.dtype(
    [
        *((name, "V16") for name in Record._fields[:4]),
        *((name, "=u8") for name in Record._fields[4:9]),
        *((name, "=u4") for name in Record._fields[9:14]),
        *((name, "=u2") for name in Record._fields[14:18]),
        *((name, "u1") for name in Record._fields[18:]),
    ]
)
"""A batch's buffer as numpy sees it."""


class Measured(NamedTuple):
    """What one decoder made of the messages, and seconds of each round."""

    flows: int
    bytes: int
    seconds: list[float]

    @property
    def rate(self) -> float:
        """Flows per second in the median round."""
        return self.flows / statistics.median(self.seconds)


def measure(records: int, rounds: int, seed: int, shapes: Sequence[str]) -> None:
    """Prints a row for each shape: both rates, and whether both counted the same."""
    program = built()
    ours_name = "compiled" if library.available() else "plain"
    peer = f"goflow2 v{versions.GOFLOW2}"
    print(f"{machines.machine()}, commit {machines.revision()}, seed {seed}, {peer}")
    heads = (f"{name + ' /s':>13}" for name in (ours_name, "goflow2", "plain"))
    print(f"{'shape':14}{'records':>9}{''.join(heads)}  same")
    for name in shapes:
        messages = netflow_messages.messages(name, records, seed)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "messages")
            path.write_bytes(b"".join(struct.pack(">I", len(one)) + one for one in messages))
            ours, theirs = _alternate(messages, program, path, rounds)
        plain = _ours(messages, choices.PLAIN)
        same = (ours.flows, ours.bytes) == (theirs.flows, theirs.bytes)
        rates = f"{ours.rate:>13,.0f}{theirs.rate:>13,.0f}{plain.rate:>13,.0f}"
        print(f"{name:14}{ours.flows:>9}{rates}  {'yes' if same else 'NO'}")


def _alternate(
    messages: Sequence[bytes], program: Path, path: Path, rounds: int
) -> tuple[Measured, Measured]:
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_ours(messages, choices.best_reading()))
        theirs.append(_theirs(program, path))
    return _together(ours), _together(theirs)


def _together(rounds: Sequence[Measured]) -> Measured:
    return rounds[0]._replace(seconds=[one.seconds[-1] for one in rounds])


def _ours(messages: Sequence[bytes], reading: Reading) -> Measured:
    """One round in this process: decode everything, and sum the bytes of each batch."""
    sender, batch, total = Sender("192.0.2.1", 2055), Batch(4 * ROOM), 0
    decoder = Decoder(reading=reading)
    turns = [
        gathered([(one, sender) for one in messages[at : at + AT_ONCE]])
        for at in range(0, len(messages), AT_ONCE)
    ]
    begun = time.perf_counter()
    for arrivals in turns:
        after = 0
        while after < arrivals.number:
            if batch.room - batch.length < ROOM:
                total += _bytes(batch)
                batch.clear()
            after = decoder.decode_many(arrivals, after, NOW, batch)
    total += _bytes(batch)
    return Measured(decoder.totals.flows, total, [time.perf_counter() - begun])


def _bytes(batch: Batch) -> int:
    """The sum over a batch, in place and without a copy."""
    return int(np.frombuffer(batch.buffer, dtype=DTYPE, count=batch.length)["bytes"].sum())


def _theirs(program: Path, path: Path) -> Measured:
    """One round in a process of its own, the second of two, when its pools are filled."""
    told = subprocess.run([program, path, "2"], capture_output=True, check=True, timeout=600)
    return Measured(**json.loads(told.stdout))


def built() -> Path:
    """The peer's program, built once into the cache."""
    try:
        return gobuilds.build(recipes.goflow2()) / "bin" / "goflow2bench"
    except gobuilds.BuildFailed as failed:
        raise BadInput(f"goflow2 cannot be built: {failed}") from None
