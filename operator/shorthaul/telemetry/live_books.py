"""The live address book as sources share it: one at a time asks, and how fresh it is, is told."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from shorthaul.cluster.holders import Holders
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.traffic.billed_volumes import TierOf


@dataclass(frozen=True, slots=True)
class LiveBook:
    """Who holds addresses, how old the newest news of pods is, and the tiers between nodes."""

    holders: Holders
    age_seconds: Callable[[], float]
    tiers: Callable[[Snapshot], TierOf]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
