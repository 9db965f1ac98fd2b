"""The collectors that share exporters: who they are, and what is handed on between them.

Each exporter has one collector, which all of them work out alike (`shards`) from who answers now. A
datagram that another one should have goes there, once: who is handed one takes it, whatever it
thinks. While two differ on whose an exporter is, both have pieces of what it sent, and its numbers
say what none has (`collected.accounts`); so nobody has to agree with anybody before data is taken.
Who would be next is taught how to read an exporter's messages, and goes on at once when it has to.

Nobody has rights in any API: members are the addresses of a name, and those that answer. Only they
are listened to, and with certificates only who shows one. Streams (IPFIX over TCP) stay where they
are: who accepted has all that was said.
"""

import asyncio
import contextlib
import logging
import secrets
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from shorthaul.errors import BadInput
from shorthaul.telemetry.collectors import peer_certificates
from shorthaul.telemetry.collectors.frames import (
    Broken,
    Cutter,
    Frame,
    Kind,
    datagram_frame,
    frame,
    read_datagram,
)
from shorthaul.telemetry.collectors.guests import Guests
from shorthaul.telemetry.collectors.links import (
    CONNECT_SECONDS,
    PIECE_BYTES,
    SILENCE_SECONDS,
    Link,
    Place,
)
from shorthaul.telemetry.collectors.renewed_folders import RenewedFolder
from shorthaul.telemetry.collectors.settings import PeerSettings
from shorthaul.telemetry.collectors.shards import first_two, shard_of
from shorthaul.telemetry.netflow.arrivals import Arrivals
from shorthaul.telemetry.netflow.exporters import Exporter, Sender
from shorthaul.telemetry.netflow.lessons import Lesson, lesson_of, read_lesson
from shorthaul.telemetry.netflow.networks import Networks

_LOG = logging.getLogger(__name__)
RESOLVE_SECONDS = 2.0
TEACH_AGAIN_SECONDS = 60.0
RENEW_AGAIN_SECONDS = 1.0
MOST_MEMBERS = 64
REMEMBERED = 65_536
TOO_SLOW, GONE = "datagram: its collector takes too little", "datagram: its collector is gone"
STRANGER, NONSENSE = "peer: not a member", "peer: what it says is nothing"
UNTRUSTED = "peer: no TLS with a certificate that is known"

TakeDatagrams = Callable[[list[tuple[bytes, Sender]]], None]
TakeLesson = Callable[[Lesson], None]


class Peers:
    """One collector's view of all; what is handed on to it goes to `take` and `learn`."""

    def __init__(
        self, settings: PeerSettings, networks: Networks, take: TakeDatagrams, learn: TakeLesson
    ) -> None:
        self.settings = replace(settings, name=settings.name or socket.gethostname())
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._networks, self._take, self._learn = networks, take, learn
        self._session = secrets.token_hex(8)
        self._hello = f"{self.settings.name}\n{self._session}".encode()
        self._certificates: RenewedFolder[peer_certificates.PeerContexts] | None = None
        self._links: dict[Place, Link] = {}
        self._others: dict[str, Link] = {}
        self._owners: dict[bytes, Link | None] = {}
        self._ranks: dict[str, list[str]] = {}
        self._taught: dict[int, tuple[int, str]] = {}
        self._taught_since = 0.0
        self._guests = Guests(settings.renew_seconds)
        self._renewing: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None
        self._resolving: asyncio.Task[None] | None = None
        self._leaving = False

    @property
    def members(self) -> tuple[str, ...]:
        """All that answer, and this one."""
        return tuple(sorted((self.settings.name, *self._others)))

    async def start(self, address: str) -> None:
        """Listens, and looks for the others from now on; raises BadInput."""
        port, folder = self.settings.port, self.settings.tls_folder
        if folder:
            self._certificates = RenewedFolder(folder, peer_certificates.read)
            self._renewing = asyncio.create_task(self._renew_always(self._certificates))
        try:
            self._server = await asyncio.start_server(self._serve, address, port)
        except OSError as error:
            raise BadInput(
                f"cannot listen on {address} port {port}: {error.strerror}; give another "
                "--peer-port"
            ) from None
        self._resolving = asyncio.create_task(self._resolve_always())

    async def leave(self) -> None:
        """Bids all others farewell, and takes what they have handed on until then."""
        self._leaving = True
        self._forget_owners()
        for task in (self._resolving, self._renewing):
            if task is not None:
                task.cancel()
        for writer in self._guests:
            writer.write(frame(Kind.BYE))
        end = time.monotonic() + CONNECT_SECONDS
        while self._guests and time.monotonic() < end:
            await asyncio.sleep(0.02)
        if self._server is not None:
            self._server.close()
        for writer in self._guests:
            writer.close()
        await asyncio.gather(*(link.close() for link in self._links.values()))
        self._links.clear()

    def keep(self, arrivals: Arrivals) -> Arrivals:
        """Hands on what others should have; what is to be taken here."""
        if not self._others or self._leaving:
            return arrivals
        own, handed = list[int](), dict[Link, list[bytes]]()
        for at in range(arrivals.number):
            key = arrivals.key(at)
            link = self._owners[key] if key in self._owners else self._owner(key, arrivals, at)
            if link is None:
                own.append(at)
            else:
                made = datagram_frame(arrivals.message(at), arrivals.sender(at))
                handed.setdefault(link, []).append(made)
        if not handed:
            return arrivals
        for link, frames in handed.items():
            if link.send(b"".join(frames)):
                self.counts["forwarded_datagrams"] += len(frames)
            else:
                self.refused[TOO_SLOW if link.live else GONE] += len(frames)
        return arrivals.only(own)

    def teach(self, exporters: Iterable[Exporter]) -> None:
        """Tells who would be next of an exporter how its messages are read, where that is new."""
        if not self._others or self._leaving:
            return
        now = time.monotonic()
        if now - self._taught_since >= TEACH_AGAIN_SECONDS:
            self._taught_since = now
            self._taught.clear()
        for exporter in exporters:
            if not exporter.proven or exporter.sender.stream:
                continue
            rank = self._rank(shard_of(exporter.sender.address))
            next_one = next(name for name in rank if name != self.settings.name)
            link = self._others[next_one]
            wanted = exporter.lesson_number, link.session
            if self._taught.get(exporter.number) != wanted and link.send(
                frame(Kind.LESSON, lesson_of(exporter))
            ):
                self._taught[exporter.number] = wanted
                self.counts["lessons"] += 1

    def _owner(self, key: bytes, arrivals: Arrivals, at: int) -> Link | None:
        """Who should have what a sender sends; None for this one, and for who may not send."""
        sender = arrivals.sender(at)
        found = None
        if self._networks.allow(sender.address):
            found = self._others.get(self._rank(shard_of(sender.address))[0])
        if len(self._owners) >= REMEMBERED:
            self._owners.clear()
        self._owners[key] = found
        return found

    def _rank(self, shard: str) -> list[str]:
        known = self._ranks.get(shard)
        if known is None:
            if len(self._ranks) >= REMEMBERED:
                self._ranks.clear()
            known = self._ranks[shard] = first_two(self.members, shard)
        return known

    def _forget_owners(self) -> None:
        self._owners.clear()
        self._ranks.clear()

    def _changed(self, link: Link) -> None:
        """Someone answers, or does not any more."""
        before = self.members
        self._others = {}
        for each in self._links.values():
            if not each.live or each.session == self._session:
                continue
            if each.name == self.settings.name:
                _LOG.error("another collector is named %s; give each --peer-name", each.name)
                continue
            self._others[each.name] = each
        self._forget_owners()
        if self.members != before:
            self.counts["member_changes"] += 1
            _LOG.info("exporters are shared by %s", ", ".join(self.members))

    async def _resolve_always(self) -> None:
        trouble = ""
        while True:
            try:
                await self._look(await self._resolve())
                trouble = ""
            except OSError as error:
                if str(error) != trouble:
                    trouble = str(error)
                    _LOG.warning("peers cannot be resolved: %s; those that are known stay", error)
            await asyncio.sleep(RESOLVE_SECONDS)

    async def _resolve(self) -> set[Place]:
        loop, found = asyncio.get_running_loop(), dict[tuple[str, int], str]()
        for place in self.settings.places:
            host, _, port = place.rpartition(":")
            host = host.strip("[]")
            told = await loop.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
            for each in told:
                found.setdefault((str(each[4][0]), int(port)), host)
        return {Place(*at, host) for at, host in sorted(found.items())[:MOST_MEMBERS]}

    async def _look(self, found: set[Place]) -> None:
        """Begins links to who is new, and ends those to who is listed no more and silent."""
        for place in found - self._links.keys():
            self._links[place] = Link(
                place, self._hello, self._changed, self._connecting, self.settings.renew_seconds
            )
        for place in self._links.keys() - found:
            if not self._links[place].live:
                await self._links.pop(place).close()

    def _connecting(self) -> ssl.SSLContext | None:
        return self._certificates.latest().connecting if self._certificates else None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What another collector hands on, from its connection's beginning to its end."""
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        if peer not in {place.address for place in self._links} or self._leaving:
            self.refused[STRANGER] += 1
            writer.close()
            return
        try:
            contexts = self._certificates.latest() if self._certificates else None
            if await self._shake_hands(writer, contexts) and not self._leaving:
                self._guests.add(writer, contexts)
                await self._listen(reader, writer)
        except (OSError, TimeoutError):
            pass
        except Broken:
            self.refused[NONSENSE] += 1
        finally:
            self._guests.discard(writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _renew_always(
        self, certificates: RenewedFolder[peer_certificates.PeerContexts]
    ) -> None:
        while True:
            await asyncio.sleep(RENEW_AGAIN_SECONDS)
            self._guests.renew(certificates.latest(), time.monotonic())

    async def _shake_hands(
        self, writer: asyncio.StreamWriter, contexts: peer_certificates.PeerContexts | None
    ) -> bool:
        """Begins TLS where there are certificates; whether who connected may go on.

        Nothing may be awaited between the connection's beginning and `start_tls`: what had been
        read until then would be lost to the handshake.
        """
        if contexts is None:
            return True
        try:
            await writer.start_tls(contexts.accepting, ssl_handshake_timeout=CONNECT_SECONDS)
        except OSError:
            self.refused[UNTRUSTED] += 1
            return False
        return True

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cutter = Cutter()
        while True:
            async with asyncio.timeout(SILENCE_SECONDS):
                data = await reader.read(PIECE_BYTES)
            if not data:
                return
            self._take_frames(cutter.feed(data), writer)

    def _take_frames(self, frames: list[Frame], writer: asyncio.StreamWriter) -> None:
        datagrams = [read_datagram(each.content) for each in frames if each.kind == Kind.DATAGRAM]
        for each in frames:
            if each.kind == Kind.LESSON:
                lesson = read_lesson(each.content)
                if lesson is None:
                    raise Broken("no lesson")
                self._learn(lesson)
            elif each.kind == Kind.HELLO and not self._leaving:
                writer.write(frame(Kind.HELLO, self._hello))
            elif each.kind == Kind.PING and not self._leaving:
                writer.write(frame(Kind.PONG))
        if datagrams:
            self.counts["peer_datagrams"] += len(datagrams)
            self._take(datagrams)
