"""Fetches the windows that are due: what can be had, and who failed.

A collector that fails is nobody else's business: its windows wait, the others' go on. One that goes
on answering and does not give a window for as long as patience lasts has lost it.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from shorthaul.store.keepers import Keeper
from shorthaul.telemetry.collected import clients, paces
from shorthaul.telemetry.collected.bills import Part, span_of, stream_of
from shorthaul.telemetry.collected.clients import Listed, NoAnswer, Place, WindowGone
from shorthaul.telemetry.collected.rosters import Due, Roster

MOST_BYTES = 256 << 20
"""Of what is billed together, as it was fetched."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The windows of a due one that could be had, what they hold, and who did not give theirs."""

    due: Due
    parts: tuple[Part, ...]
    failed: frozenset[str]
    troubles: tuple[str, ...]

    @property
    def lacking(self) -> bool:
        """Whether something of these windows is not there and does not come any more."""
        return bool(self.due.left_out) or any(part.gone for part in self.parts)


@dataclass(slots=True)
class Fetches:
    """Asks for windows, with the ledger's note where it has counted them already.

    `failing` is since when each collector has given no window that it was asked for.
    """

    place: Place
    ledger: Keeper | None
    failing: dict[str, float] = field(default_factory=dict)

    def forget(self, answering: Iterable[str]) -> None:
        """Forgets failures of collectors that do not answer at all, or are no more."""
        kept = set(answering)
        self.failing = {name: since for name, since in self.failing.items() if name in kept}

    async def fetch(self, due: Due, roster: Roster) -> Fetched:
        """Fetches windows, one after the other; one that is lost is empty."""
        parts, room, failed, troubles = list[Part](), MOST_BYTES, set[str](), list[str]()
        seconds = paces.seconds_of(due, roster.grid, time.time())
        for name, listed in due.windows:
            if name in failed:
                continue
            part = Part(name, listed, note=await self._note(name, listed))
            if listed.records and room > 0:
                try:
                    pace = seconds.get((name, listed), 0.0)
                    part = replace(part, data=await self._data(roster, part, pace, troubles))
                except NoAnswer as error:
                    troubles.append(str(error))
                    failed.add(name)
                    continue
            room -= len(part.data)
            parts.append(part)
        if room <= 0:
            troubles.append(
                f"windows from {due.windows[0][1].start_ms} on: more than {MOST_BYTES:,} bytes "
                "together, the rest is left out; give the operator shorter windows"
            )
        had = tuple(part for part in parts if part.collector not in failed)
        left_out = tuple(each for each in due.left_out if each[0] not in failed)
        windows = tuple((part.collector, part.listed) for part in had)
        found = Due(due.start_seconds, windows, left_out)
        return Fetched(found, had, frozenset(failed), tuple(troubles))

    async def _note(self, name: str, listed: Listed) -> bytes | None:
        """What the ledger noted when it took a window, if it has it already."""
        if self.ledger is None:
            return None
        return await self.ledger.note(stream_of(name), span_of(listed))

    async def _data(self, roster: Roster, part: Part, seconds: float, troubles: list[str]) -> bytes:
        """A window's data; nothing if it has gone, or its collector has failed for too long."""
        name, listed = part.collector, part.listed
        address = roster.known[name].address
        try:
            data = await asyncio.to_thread(
                clients.window_of, self.place, address, listed.start_ms, seconds
            )
        except WindowGone:
            return b""
        except NoAnswer as error:
            since = self.failing.setdefault(name, time.monotonic())
            if time.monotonic() - since < roster.grid.patience_seconds:
                raise
            troubles.append(f"{error}; its {listed.records:,} records are lost")
            return b""
        self.failing.pop(name, None)
        return data
