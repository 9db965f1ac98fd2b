"""Runs a prober: round after round of probes to some peers, and two pages that tell what was seen.

One thread does all of it. A round that cannot be finished in its time drops its remaining probes,
and counts them; at most the probes of one round are ever open.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator
from random import Random

from shorthaul.errors import BadInput
from shorthaul.telemetry.probes import reports
from shorthaul.telemetry.probes.connects import connect
from shorthaul.telemetry.probes.expositions import CONTENT_TYPE, Exposition
from shorthaul.telemetry.probes.outcomes import Outcomes, Probe
from shorthaul.telemetry.probes.pages import MOST_HEAD_BYTES, Pages
from shorthaul.telemetry.probes.peers import Addresses
from shorthaul.telemetry.probes.responders import Responder
from shorthaul.telemetry.probes.rounds import Deck, Turn, turns
from shorthaul.telemetry.probes.settings import ProberSettings

_LOG = logging.getLogger(__name__)
_ANYWHERE = ("", "0.0.0.0", "::")


class Prober:
    """One node's prober."""

    def __init__(self, settings: ProberSettings, random: Random) -> None:
        """Stores what to do; nothing is opened before `run`."""
        self.settings = settings
        self.exposition = Exposition()
        self.port = self.report_port = 0
        self._random = random
        self._deck: Deck[tuple[str, int]] = Deck(random)
        self._addresses = Addresses(settings.peers, settings.port)
        self._outcomes = Outcomes(settings.kept_seconds)
        self._responder = Responder(settings.address, settings.port)
        self._own: set[str] = set()
        self._pages = Pages({reports.PATH: self._report, "/metrics": self._metrics})
        self._told: set[str] = set()

    async def run(self) -> None:
        """Probes until SIGTERM or SIGINT."""
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        async with self._listening():
            probing = asyncio.create_task(self._probe_for_ever())
            waiting = asyncio.create_task(stopped.wait())
            try:
                await asyncio.wait((probing, waiting), return_when=asyncio.FIRST_COMPLETED)
                if probing.done():
                    probing.result()
            finally:
                for task in (probing, waiting):
                    task.cancel()
                await asyncio.gather(probing, waiting, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        address, port = self.settings.address, self.settings.report_port
        self.port = self._responder.open()
        try:
            try:
                server = await asyncio.start_server(
                    self._pages.serve, address, port, limit=MOST_HEAD_BYTES
                )
            except OSError as error:
                raise BadInput(
                    f"cannot listen on {address} port {port}: {error.strerror}; give another "
                    "--address or --report-port"
                ) from None
            self.report_port = int(server.sockets[0].getsockname()[1])
            _LOG.info(
                "answering probes on %s port %s, reports on port %s",
                *(address, self.port, self.report_port),
            )
            async with server:
                yield
        finally:
            self._responder.close()

    async def _probe_for_ever(self) -> None:
        while True:
            begun = time.monotonic()
            await self._round()
            left = self.settings.round_seconds - (time.monotonic() - begun)
            await asyncio.sleep(max(0.0, left))

    async def _round(self) -> None:
        """Looks up who there is, and probes some of them within the time of a round."""
        settings = self.settings
        self._outcomes.expire(time.monotonic())
        found = await self._addresses.look_up()
        self._tell(self._addresses.failures)
        peers = [each for each in found if each[0] not in self._own]
        self.exposition.peers.set(len(peers))
        dealt = self._deck.deal(peers, settings.peers_per_round)
        time_to_begin = settings.round_seconds - settings.timeout_seconds
        planned = turns(dealt, settings.probes_per_peer, time_to_begin, self._random)
        begun = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for turn in planned:
                late = time.monotonic() - begun - turn.offset_seconds
                if late > settings.timeout_seconds:
                    self.exposition.skipped.inc()
                    continue
                await asyncio.sleep(max(0.0, -late))
                tasks.create_task(self._probe(turn))

    async def _probe(self, turn: Turn[tuple[str, int]]) -> None:
        address, port = turn.peer
        if address in self._own:
            return
        own = self.settings.address
        source = "" if own in _ANYWHERE else own
        found = await connect(address, port, self.settings.timeout_seconds, source)
        if found.own:
            self._own.add(address)
            return
        self.exposition.note(found.outcome, found.milliseconds)
        self._outcomes.add(address, Probe(time.monotonic(), found.outcome, found.milliseconds))

    def _report(self) -> tuple[str, bytes]:
        now = time.monotonic()
        self._outcomes.expire(now)
        summaries = self._outcomes.summaries(now, reports.MOST_PEERS)
        return "application/json", reports.encode(self.settings.node, summaries)

    def _metrics(self) -> tuple[str, bytes]:
        """The metrics, with what others count brought up to date."""
        exposition = self.exposition
        answered, self._responder.answered = self._responder.answered, 0
        exposition.answered.inc(answered)
        for reason, number in self._pages.refused.items():
            exposition.refused.labels(reason).inc(number)
        self._pages.refused.clear()
        return CONTENT_TYPE, exposition.text()

    def _tell(self, failures: list[str]) -> None:
        """Warns of each failed lookup once, until it works again."""
        for failure in failures:
            self.exposition.lookups.inc()
            if failure not in self._told:
                _LOG.warning("%s; trying again", failure)
        self._told = set(failures)
