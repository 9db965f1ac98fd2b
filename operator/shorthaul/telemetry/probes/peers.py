"""Which addresses there are to probe: names that are looked up anew, or addresses as they are.

A headless Service's name has an address for each ready pod behind it. A name that cannot be looked
up for now keeps the addresses that it had. Everything is bounded, whatever a name server says.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

from shorthaul.errors import BadInput

MOST_ADDRESSES = 10_000
_FORM = "give HOST, HOST:PORT or [ADDRESS]:PORT"


def split(text: str, port: int) -> tuple[str, int]:
    """Host and port of what a user wrote; raises BadInput."""
    host, told = text, ""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        told = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, told = text.partition(":")
    if not host or (told and not (told.isascii() and told.isdigit() and 0 < int(told) < 65_536)):
        raise BadInput(f"{text!r} is no peer; {_FORM}")
    return host, int(told) if told else port


class Addresses:
    """The addresses of some names, looked up anew each time."""

    def __init__(self, names: Sequence[str], port: int) -> None:
        """Stores the names; raises BadInput for one that has no form of one."""
        self._names = [split(name, port) for name in names]
        self._known: dict[tuple[str, int], list[tuple[str, int]]] = {}
        self.failures: list[str] = []

    async def look_up(self) -> list[tuple[str, int]]:
        """All addresses with their ports, sorted; `failures` says what could not be looked up."""
        self.failures = []
        for name in self._names:
            try:
                self._known[name] = await _addresses(*name)
            except (OSError, UnicodeError) as error:
                reason = getattr(error, "strerror", None) or error
                self.failures.append(f"cannot look up {name[0]}: {reason}")
        found = {each for known in self._known.values() for each in known}
        return sorted(found)[:MOST_ADDRESSES]


async def _addresses(host: str, port: int) -> list[tuple[str, int]]:
    try:
        return [(str(ipaddress.ip_address(host)), port)]
    except ValueError:
        loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return sorted({(str(address[0]), port) for *_, address in found})
