"""The ledger for who runs an event loop: one thread of its own opens, writes and closes it.

It is opened when it is first written to, so that only the process that leads holds its lock.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from shorthaul.store.intakes import Receipt
from shorthaul.store.ledgers import Ledger
from shorthaul.store.spans import Spans
from shorthaul.traffic.entries import Batch, Span

_Result = TypeVar("_Result")


class Keeper:
    """One ledger; `close` lets go of it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._ledger: Ledger | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def take(self, batches: Sequence[Batch]) -> Receipt:
        """Counts batches in one transaction; raises BadInput when none was counted."""
        return await self._do(lambda ledger: ledger.take(batches))

    async def taken(self, stream: str) -> Spans:
        """The positions of a stream that are counted."""
        return await self._do(lambda ledger: ledger.taken(stream))

    async def note(self, stream: str, span: Span) -> bytes | None:
        """What was noted with a span that is counted."""
        return await self._do(lambda ledger: ledger.note(stream, span))

    def close(self) -> None:
        """Closes the ledger and waits until it is."""
        if self._thread is not None:
            self._thread.submit(self._let_go).result()
            self._thread.shutdown()
            self._thread = None

    async def _do(self, act: Callable[[Ledger], _Result]) -> _Result:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "ledger")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: act(self._opened()))

    def _opened(self) -> Ledger:
        if self._ledger is None:
            self._ledger = Ledger(self._path).__enter__()
        return self._ledger

    def _let_go(self) -> None:
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            ledger.__exit__(None, None, None)
