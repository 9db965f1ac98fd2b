"""Where decoded records go: one method, so that a ledger, a file or a test can stand there."""

import sys
from pathlib import Path
from typing import IO, Protocol

import msgspec

from shorthaul.errors import BadInput
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.records import (
    NO_ADDRESS,
    Batch,
    Direction,
    Flag,
    Record,
    address_text,
)

DIRECTIONS = {int(Direction.INGRESS): "ingress", int(Direction.EGRESS): "egress"}


class Names(Protocol):
    """Tells who an exporter's number is."""

    def __call__(self, number: int) -> Sender | None:
        """The sender, or None when it was forgotten long ago."""
        ...


class Sink(Protocol):
    """Takes records as they come, in batches."""

    def take(self, batch: Batch, names: Names) -> None:
        """Keeps the records of a batch, which is reused afterwards; raises when it cannot."""
        ...


class Nowhere:
    """Keeps nothing: the collector counts and forgets."""

    def take(self, batch: Batch, names: Names) -> None:
        """Forgets the records."""


class Lines:
    """Writes a line of JSON for each record; "-" is standard output."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._encoder = msgspec.json.Encoder()

    def take(self, batch: Batch, names: Names) -> None:
        """Appends the records, and hands them to the operating system before it returns."""
        lines = self._encoder.encode_lines([line_of(record, names) for record in batch])
        try:
            self._file = self._file or _opened(self._path)
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


def line_of(record: Record, names: Names) -> dict[str, object]:
    """A record as people and programs read it; what was not told is left out."""
    sender = names(record.exporter)
    told: dict[str, object] = {
        "exporter": sender.address if sender else None,
        "domain": record.domain,
        "source": address_text(record.source, record.family),
        "source_port": record.source_port,
        "destination": address_text(record.destination, record.family),
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
            told[name] = address_text(address, _family_of(address))
        if port:
            told[f"{name}_port"] = port
    flags = [flag.name.lower() for flag in Flag(record.flags) if flag.name]
    return {**told, "flags": flags} if flags else told


def _family_of(address: bytes) -> int:
    return 4 if address[:12] == bytes(10) + b"\xff\xff" else 6
