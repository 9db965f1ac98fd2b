"""Where decoded records go: one method, so that a ledger, a file or a test can stand there."""

import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, Protocol

import msgspec

from shorthaul.errors import BadInput
from shorthaul.telemetry.netflow import records
from shorthaul.telemetry.netflow.exporters import Numbers, Sender
from shorthaul.telemetry.netflow.records import NO_ADDRESS, Batch, Direction, Flag, Record
from shorthaul.traffic.addresses import parties
from shorthaul.traffic.addresses.parties import Address

DIRECTIONS = {int(Direction.INGRESS): "ingress", int(Direction.EGRESS): "egress"}


Told = tuple[Sender, Numbers]
"""Who sent, and which numbers of one domain of theirs came."""


class Names(Protocol):
    """Tells who an exporter's number is."""

    def __call__(self, number: int) -> Sender | None:
        """The sender, or None when it was forgotten long ago."""
        ...


class Sink(Protocol):
    """Takes records as they come, in batches."""

    def take(self, batch: Batch, names: Names, told: Sequence[Told] = ()) -> None:
        """Keeps the records of a batch, which is reused afterwards; raises when it cannot.

        `told` are the numbers that exporters gave to what has come since the batch before.
        """
        ...


class Nowhere:
    """Keeps nothing: the collector counts and forgets."""

    def take(self, batch: Batch, names: Names, told: Sequence[Told] = ()) -> None:
        """Forgets the records."""


class Lines:
    """Writes a line of JSON for each record; "-" is standard output."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._encoder = msgspec.json.Encoder()

    def take(self, batch: Batch, names: Names, told: Sequence[Told] = ()) -> None:
        """Appends the records, and hands them to the operating system before it returns."""
        if not batch:
            return
        lines = self._encoder.encode_lines([line_of(record, names) for record in batch])
        try:
            if self._file is None:
                lines = _line_end(self._path) + lines
                self._file = _opened(self._path)
            self._file.write(lines)
            self._file.flush()
        except OSError as error:
            raise BadInput(
                f"cannot write {len(batch)} records to {self._path}: {error.strerror}; "
                "make room or give another --out"
            ) from error


def _opened(path: str) -> IO[bytes]:
    """Opened once and never closed: the process ends with it."""
    return sys.stdout.buffer if path == "-" else Path(path).open("ab")


def _line_end(path: str) -> bytes:
    """What ends the half of a line that a process before left, killed or without room."""
    if path == "-" or not Path(path).is_file():
        return b""
    with Path(path).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return b"" if file.read() in {b"", b"\n"} else b"\n"


def numbers_line(told: Told, now_milliseconds: int) -> dict[str, object]:
    """Which numbers came, as who adds up several collectors reads it; numbers wrap at 2^32."""
    sender, numbers = told
    found: dict[str, object] = {
        "exporter": sender.address,
        "exporter_port": sender.port,
        "domain": numbers.domain,
        "version": numbers.version,
        "told_ms": now_milliseconds,
        "spans": numbers.spans,
    }
    if numbers.rule:
        found["rule"] = numbers.rule
    if numbers.boot > 0:
        found["boot_ms"] = numbers.boot
    return {"numbers": found}


def line_of(record: Record, names: Names) -> dict[str, object]:
    """A record as people and programs read it; what was not told is left out."""
    sender = names(record.exporter)
    told: dict[str, object] = {
        "exporter": sender.address if sender else None,
        "domain": record.domain,
        "source": _text(record.source, record.family),
        "source_port": record.source_port,
        "destination": _text(record.destination, record.family),
        "destination_port": record.destination_port,
        "protocol": record.protocol,
        "bytes": record.bytes,
        "packets": record.packets,
        "start_ms": record.start,
        "end_ms": record.end,
        "received_ms": record.received,
    }
    if sender:
        told["exporter_port"] = sender.port
    for name, number in (
        ("ingress_interface", record.ingress),
        ("egress_interface", record.egress),
        ("sampling", record.sampling),
    ):
        if number:
            told[name] = number
    if record.direction in DIRECTIONS:
        told["direction"] = DIRECTIONS[record.direction]
    for name, address, port in (
        ("post_source", record.post_source, record.post_source_port),
        ("post_destination", record.post_destination, record.post_destination_port),
    ):
        if address != NO_ADDRESS:
            told[name] = _post_text(Address(address))
        if port:
            told[f"{name}_port"] = port
    if flags := _flag_names(record.flags):
        told["flags"] = flags
    return told


# The same addresses and flags come again and again, and text of one costs more than half a line.
_text = lru_cache(1 << 16)(records.address_text)
_post_text = lru_cache(1 << 16)(parties.address_text)


@lru_cache(256)
def _flag_names(flags: int) -> tuple[str, ...]:
    return tuple(flag.name.lower() for flag in Flag(flags) if flag.name)
