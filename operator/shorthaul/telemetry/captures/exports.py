"""Messages of exporters out of files, whichever form these have, in the order they were sent.

A capture's packets tell who sent and when they were seen. A file of nothing but messages (RFC 5655;
v5 and v9 as well) tells neither: its messages are of one unknown sender and of the time in their
headers, and a message of v9, which tells no length, ends with the file. What a message is known by
is its sender and its bytes, so it may be in any number of files. Order in files does not matter:
messages are sorted by time, as far as all of them fit in memory.
"""

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from shorthaul.errors import BadInput
from shorthaul.telemetry.captures import frames
from shorthaul.telemetry.captures.packets import Broken, is_capture, packets
from shorthaul.telemetry.netflow import messages
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.messages import HEADER5, RECORD5_BYTES

MOST_BYTES = 1 << 30
NOBODY = Sender("0.0.0.0", 0)
"""Who sent the messages of a file that does not tell."""
NO_EXPORT = "datagram that is no NetFlow or IPFIX"
_VERSIONS = (5, 9, 10)
_GZIP = b"\x1f\x8b"


class Export(NamedTuple):
    """One message; sorts by when it was seen."""

    milliseconds: int
    mark: bytes
    sender: Sender
    data: bytes


@dataclass(slots=True)
class Found:
    """All messages once, sorted; what was none, by reason; and files that ended early."""

    exports: list[Export] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    damages: list[str] = field(default_factory=list)


def holds_exports(head: bytes) -> bool:
    """Whether a file that begins so has messages; of what is packed, the unpacked begin."""
    return is_capture(head) or int.from_bytes(head[:2], "big") in _VERSIONS


def head_of(path: Path) -> bytes:
    """What a file begins with, unpacked; nothing of one that cannot be opened or goes by once."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            head = file.read(4096)
        if head[:2] != _GZIP:
            return head
        return zlib.decompressobj(wbits=31).decompress(head, 4096)
    except (OSError, zlib.error):
        return b""


def read_exports(paths: Sequence[Path], most_bytes: int = MOST_BYTES) -> Found:
    """The messages of some files; raises BadInput where one is not read, or they are too many."""
    found, seen, room = Found(), set[bytes](), most_bytes
    for path in paths:
        data = _read(path, room, found)
        room -= len(data)
        for moment, sender, message in _messages(path, data, found):
            mark = _mark(sender, message)
            if mark in seen:
                found.repeated += 1
                continue
            seen.add(mark)
            found.exports.append(Export(moment, mark, sender, message))
    found.exports.sort()
    return found


def _mark(sender: Sender, message: bytes) -> bytes:
    whose = f"{sender.address} {sender.port} ".encode()
    return blake2b(whose + message, digest_size=16).digest()


def _messages(path: Path, data: bytes, found: Found) -> Iterator[tuple[int, Sender, bytes]]:
    if not is_capture(data):
        for message in _one_by_one(data):
            yield _exported(message), NOBODY, message
        return
    try:
        for packet in packets(data):
            told = frames.datagram(packet.link, packet.frame, cut=packet.cut)
            if isinstance(told, str):
                found.passed[told] += 1
            elif int.from_bytes(told.data[:2], "big") not in _VERSIONS:
                found.passed[NO_EXPORT] += 1
            else:
                sender = Sender(told.source, told.source_port)
                yield packet.milliseconds, sender, told.data
    except Broken as error:
        found.damages.append(f"{path}: {error}; what came before was used")


def _one_by_one(data: bytes) -> Iterator[bytes]:
    """Messages that lie one behind the other."""
    at = 0
    while at < len(data):
        version, told = (int.from_bytes(data[at + n : at + n + 2], "big") for n in (0, 2))
        lengths = {5: HEADER5.size + told * RECORD5_BYTES, 10: told}
        length = max(lengths.get(version, 0), 4) if version in lengths else len(data) - at
        yield data[at : at + length]
        at += length


def _exported(message: bytes) -> int:
    header = messages.header(message)
    return header.exported if isinstance(header, messages.Message) else 0


def _read(path: Path, room: int, found: Found) -> bytes:
    too_much = f"{path}: more than {MOST_BYTES >> 20} MiB of captures at once; give fewer"
    try:
        with path.open("rb") as file:
            head = file.read(2)
            file.seek(0)
            if head != _GZIP:
                data = file.read(room + 1)
            else:
                data = _unpacked(path, gzip.GzipFile(fileobj=file), room, found)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
    if len(data) > room:
        raise BadInput(too_much)
    return data


def _unpacked(path: Path, source: gzip.GzipFile, room: int, found: Found) -> bytes:
    data = bytearray()
    try:
        while len(data) <= room and (piece := source.read1(1 << 18)):
            data += piece
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        found.damages.append(f"{path}: damaged or cut off ({error}); what came before was used")
    return bytes(data)
