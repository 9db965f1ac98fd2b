"""Reads what probers tell: some of them at a time, each bounded in time and size.

The name of a headless Service is looked up, and a deck deals which probers are asked this time, so
that a sweep costs the same in a large cluster. Who does not answer, or nonsense, is counted by
reason; nothing is raised past here but what a programmer did wrong.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from shorthaul.errors import BadInput
from shorthaul.telemetry.probes import reports
from shorthaul.telemetry.probes.peers import Addresses
from shorthaul.telemetry.probes.reports import Report
from shorthaul.telemetry.probes.rounds import Deck

MOST_ASKED = 200
AT_ONCE = 16
SECONDS = 3.0
_OK = b"HTTP/1.1 200 "


@dataclass(frozen=True, slots=True)
class Sweep:
    """Reports by the address that gave them, how many probers there are, and who failed to."""

    reports: Mapping[str, Report] = field(default_factory=dict)
    probers: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    example: str = ""


class Reader:
    """Asks the probers behind one name."""

    def __init__(self, address: str, port: int, random: Random) -> None:
        """Stores the name; raises BadInput when it has no form of one."""
        self._addresses = Addresses([address], port)
        self._deck: Deck[tuple[str, int]] = Deck(random)

    def close(self) -> None:
        """Nothing to let go of: each connection ends with its answer."""

    async def sweep(self) -> Sweep:
        """Asks the next probers."""
        found = await self._addresses.look_up()
        failures = Counter({"lookup": len(self._addresses.failures)})
        examples = list(self._addresses.failures)
        turnstile = asyncio.Semaphore(AT_ONCE)
        told: dict[str, Report] = {}

        async def ask(address: str, port: int) -> None:
            async with turnstile:
                try:
                    told[address] = reports.decode(await _get(address, port))
                except BadInput as error:
                    failures["unreadable"] += 1
                    examples.append(f"{address}: {error}")
                except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
                    failures["unanswered"] += 1
                    examples.append(f"{address}: {error or 'no answer in time'}")

        await asyncio.gather(*(ask(*each) for each in self._deck.deal(found, MOST_ASKED)))
        return Sweep(told, len(found), +failures, min(examples, default=""))


async def _get(address: str, port: int) -> bytes:
    """The body of a prober's report; raises OSError, TimeoutError or BadInput."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(address, port)
        try:
            host = f"[{address}]" if ":" in address else address
            writer.write(f"GET {reports.PATH} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            return _body(await _read(reader))
        finally:
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the connection is closed, up to a limit."""
    parts: list[bytes] = []
    size = 0
    while part := await reader.read(1 << 16):
        parts.append(part)
        size += len(part)
        if size > reports.MOST_BYTES:
            raise BadInput(f"the answer has more than {reports.MOST_BYTES:,} bytes")
    return b"".join(parts)


def _body(answer: bytes) -> bytes:
    head, blank, body = answer.partition(b"\r\n\r\n")
    if not blank or not head.startswith(_OK):
        line = head.partition(b"\r\n")[0][:80].decode("latin-1")
        raise BadInput(f"the answer begins with {line!r}, not with HTTP/1.1 200")
    return body
