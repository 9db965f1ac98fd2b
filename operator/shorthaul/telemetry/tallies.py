"""Adds up what the lines of export files say, in memory that grows with pod pairs, not with lines.

Every line goes into exactly one count: a flow, lost events, ignored (never meant to weigh) or a
leftover (shown, with the file and line of the first). Sums are integers, so neither the order of
lines nor their split into files matters.
"""

from collections import Counter

from shorthaul.errors import BadInput
from shorthaul.telemetry.hubble_events import Outcome, Skipped
from shorthaul.telemetry.repeats import Repeats
from shorthaul.telemetry.skips import REASON_LIMIT, Place, Skips
from shorthaul.traffic.flows import NANOSECONDS, AnchorFlow, Flow, Lost
from shorthaul.traffic.graphs import Leftover, Vertex
from shorthaul.traffic.observations import AnchorSum, ObserverSum
from shorthaul.traffic.pair_sums import PairSum, PairSums, pair_sums
from shorthaul.units import NodeName, PodRef

PAIR_LIMIT = 4_000_000
_DAY_SECONDS = 86_400
_Key = tuple[PodRef, PodRef, bool, NodeName]


class Tally:
    """Counts of one reading over all of its files."""

    def __init__(self) -> None:
        self.lines = 0
        self.counted_lines = 0
        self.anchored_lines = 0
        self.lost_lines = 0
        self.lost_events: Counter[NodeName] = Counter()
        self.clusters: dict[str, Place] = {}
        self.days: Counter[int] = Counter()
        self.earliest_nanoseconds: int | None = None
        self.latest_nanoseconds: int | None = None
        self.repeats = Repeats()
        self._skips = Skips()
        self._pairs: dict[_Key, int] = {}
        self._anchored: dict[tuple[Vertex, Vertex], list[int]] = {}
        self._observers: Counter[NodeName] = Counter()

    @property
    def ignored(self) -> Counter[str]:
        """What was never meant to weigh, by reason."""
        return self._skips.ignored

    def add(self, outcome: Outcome | AnchorFlow, path: str, number: int) -> None:
        """Counts one line."""
        self.lines += 1
        if isinstance(outcome, Skipped):
            self._add_skipped(outcome, path, number)
        elif isinstance(outcome, Flow):
            self._add_flow(outcome, path, number)
        elif isinstance(outcome, AnchorFlow):
            self._add_anchored(outcome, path, number)
        else:
            self._add_lost(outcome)

    def pairs(self) -> PairSums:
        """The sums per client and server pod, sorted."""
        grouped: dict[tuple[PodRef, PodRef], dict[bool, dict[NodeName, int]]] = {}
        for (client, server, reply, observer), events in self._pairs.items():
            both = grouped.setdefault((client, server), {False: {}, True: {}})
            both[reply][observer] = events
        return pair_sums(
            PairSum(
                client,
                server,
                sum(both[False].values()),
                sum(both[True].values()),
                frozenset(both[False]),
                frozenset(both[True]),
            )
            for (client, server), both in grouped.items()
        )

    def anchored(self) -> tuple[AnchorSum, ...]:
        """The sums per pod and named place outside, sorted."""
        ends = sorted(self._anchored, key=repr)
        return tuple(_anchored(each, self._anchored[each]) for each in ends)

    def observers(self) -> dict[NodeName, ObserverSum]:
        """Flow lines and lost events per observer, sorted."""
        names = sorted({*self._observers, *self.lost_events})
        return {name: ObserverSum(self._observers[name], self.lost_events[name]) for name in names}

    def leftovers(self) -> tuple[Leftover, ...]:
        """What carries no weight though it might have, by reason, with the first example."""
        return self._skips.leftovers()

    def _add_flow(self, flow: Flow, path: str, number: int) -> None:
        if not self._counts(flow):
            return
        if flow.cluster not in self.clusters and len(self.clusters) < REASON_LIMIT:
            self.clusters[flow.cluster] = Place(path, number)
        key = (flow.client, flow.server, flow.reply, flow.observer)
        self._pairs[key] = self._pairs.get(key, 0) + flow.events
        if len(self._pairs) > PAIR_LIMIT:
            raise BadInput(f"{path}:{number}: more than {PAIR_LIMIT} pairs of pods; read less")

    def _add_anchored(self, flow: AnchorFlow, path: str, number: int) -> None:
        if not self._counts(flow):
            return
        self.anchored_lines += 1
        self._anchored.setdefault(flow.ends, [0, 0])[flow.reply] += flow.events
        if len(self._anchored) > PAIR_LIMIT:
            raise BadInput(
                f"{path}:{number}: more than {PAIR_LIMIT} pairs of a pod and a place; read less"
            )

    def _counts(self, flow: Flow | AnchorFlow) -> bool:
        """Whether a flow was not read before; it is counted either way."""
        self._see(flow.time_nanoseconds, flow.observer)
        if flow.key and self.repeats.seen((flow.key, flow.observer, flow.time_nanoseconds)):
            self.ignored["read twice (same uuid, node and time)"] += 1
            return False
        self.counted_lines += 1
        return True

    def _add_skipped(self, skipped: Skipped, path: str, number: int) -> None:
        if skipped.time_nanoseconds:
            self._see(skipped.time_nanoseconds, skipped.observer)
        self._skips.add(skipped, path, number)

    def _add_lost(self, lost: Lost) -> None:
        self.lost_lines += 1
        self.lost_events[lost.observer] += lost.events

    def _see(self, time: int, observer: NodeName) -> None:
        self._observers[observer] += 1
        self.days[time // (NANOSECONDS * _DAY_SECONDS)] += 1
        if self.earliest_nanoseconds is None or time < self.earliest_nanoseconds:
            self.earliest_nanoseconds = time
        if self.latest_nanoseconds is None or time > self.latest_nanoseconds:
            self.latest_nanoseconds = time


def _anchored(ends: tuple[Vertex, Vertex], events: list[int]) -> AnchorSum:
    forward, backward = events
    return AnchorSum(*ends, forward, backward)
