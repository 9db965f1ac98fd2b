"""The live address book as sources share it: one at a time asks, and how fresh it is, is told."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from shorthaul.cluster.holders import Holders
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.traffic.addresses.ranges import Range
from shorthaul.traffic.billed_volumes import TierOf

_Args = ParamSpec("_Args")
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class LiveBook:
    """Who holds addresses, how old the newest news of pods is, and the tiers between nodes.

    `places` are the named ones outside.
    """

    holders: Holders
    age_seconds: Callable[[], float]
    tiers: Callable[[Snapshot], TierOf]
    places: Callable[[], Sequence[Range]] = tuple
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


async def to_the_end(
    work: Callable[_Args, _Found], *args: _Args.args, **kwargs: _Args.kwargs
) -> _Found:
    """Runs work in a thread; whoever is cancelled waits for it, since a thread cannot be ended.

    So a lock that is held around it is not released while the thread goes on.
    """
    task = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        raise
