"""What came of the probes to each peer, kept for a while and told as a few numbers.

Losses are counted beside latencies, never as latencies. Which latency or loss is too much is the
reader's business: nothing here compares with a threshold. Pure: the time is passed in.
"""

import math
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MOST_PEERS = 10_000
MOST_PROBES_PER_PEER = 64


class Outcome(StrEnum):
    """What came of a probe."""

    ANSWERED = "answered"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe that has ended; `milliseconds` only where it was answered."""

    at_seconds: float
    outcome: Outcome
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """The probes to one peer that are still kept; latencies are None without an answer.

    Its age is that of the newest answer, as the latencies are; without one, of the newest probe.
    """

    probes: int
    failures: Mapping[Outcome, int]
    age_seconds: float
    least: float | None
    median: float | None
    p99: float | None


@dataclass(slots=True)
class Outcomes:
    """The last probes to each peer."""

    kept_seconds: float
    _probes: dict[str, deque[Probe]] = field(default_factory=dict)

    def add(self, peer: str, probe: Probe) -> None:
        """Takes in a probe; the peer that was probed longest ago makes room for a new one."""
        kept = self._probes.pop(peer, None)
        if kept is None:
            kept = deque(maxlen=MOST_PROBES_PER_PEER)
            if len(self._probes) >= MOST_PEERS:
                del self._probes[next(iter(self._probes))]
        kept.append(probe)
        self._probes[peer] = kept

    def expire(self, now_seconds: float) -> None:
        """Forgets what is older than is kept."""
        for peer, probes in list(self._probes.items()):
            while probes and now_seconds - probes[0].at_seconds > self.kept_seconds:
                probes.popleft()
            if not probes:
                del self._probes[peer]

    def summaries(self, now_seconds: float, most: int) -> dict[str, Summary]:
        """At most so many peers, those that were probed last first."""
        newest = list(reversed(self._probes))[:most]
        return {peer: _summary(self._probes[peer], now_seconds) for peer in newest}


def _summary(probes: deque[Probe], now_seconds: float) -> Summary:
    answered = sorted(each.milliseconds for each in probes if each.outcome is Outcome.ANSWERED)
    failures: Counter[Outcome] = Counter(
        each.outcome for each in probes if each.outcome is not Outcome.ANSWERED
    )
    times = [each.at_seconds for each in probes if each.outcome is Outcome.ANSWERED]
    newest = times[-1] if times else probes[-1].at_seconds
    return Summary(
        probes=len(probes),
        failures=failures,
        age_seconds=max(0.0, now_seconds - newest),
        least=answered[0] if answered else None,
        median=_quantile(answered, 0.5),
        p99=_quantile(answered, 0.99),
    )


def _quantile(ordered: list[float], share: float) -> float | None:
    """The least value that so large a share of all does not exceed."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
