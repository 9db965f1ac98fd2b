"""How far each node's flows have been read, so that a stream can begin again without gap or double.

A stream that begins again is asked for what came since the node that is furthest behind, less an
overlap, because reports come a little out of order. What comes twice is told by its key within the
overlap, and by its time before it: each node's own flows are in order but for less than that. So
only the keys of some seconds are kept, and a Relay that reads one node's buffer anew by itself,
as it does when it has lost that node, doubles nothing either. Nodes beyond a limit, which no real
cluster reaches, are not followed.
"""

from dataclasses import dataclass, field

from shorthaul.telemetry.relay.responses import Report
from shorthaul.traffic.flows import NANOSECONDS

OVERLAP_NANOSECONDS = 10 * NANOSECONDS
MOST_NODES = 20_000


@dataclass(slots=True)
class _Node:
    """One node's flows: all before `settled` are read, and those since whose keys are kept."""

    settled: int
    newest: int
    delivered: int = 0
    keys: dict[int, set[int]] = field(default_factory=dict)


class Progress:
    """Progress per node, from a moment on."""

    def __init__(self, start_nanoseconds: int) -> None:
        self._start = start_nanoseconds
        self._nodes: dict[str, _Node] = {}

    def is_new(self, report: Report, latest_nanoseconds: int) -> bool:
        """Whether a report comes for the first time; what is later than `latest` proves nothing."""
        time = report.time_nanoseconds
        node = self._nodes.get(report.node)
        if node is None and len(self._nodes) >= MOST_NODES:
            return True
        if node is None:
            node = self._nodes[report.node] = _Node(self._start, self._start)
        if time > latest_nanoseconds:
            return True
        if time < node.settled:
            return False
        keys = node.keys.setdefault(time // OVERLAP_NANOSECONDS, set())
        mark = hash((time, report.key))
        if mark in keys:
            return False
        keys.add(mark)
        node.delivered += 1
        if time > node.newest:
            _advance(node, time)
        return True

    def newest(self, node: str) -> int:
        """The time of the newest flow of a node; the start when there is none yet."""
        found = self._nodes.get(node)
        return found.newest if found else self._start

    def delivered(self, node: str) -> int:
        """How many flows of a node have come."""
        found = self._nodes.get(node)
        return found.delivered if found else 0

    def since(self) -> int:
        """From when on flows have to be read again, so that none is missed."""
        times = [node.newest for node in self._nodes.values()]
        return max(self._start, min(times, default=self._start) - OVERLAP_NANOSECONDS)

    def forget(self, before_nanoseconds: int) -> None:
        """Lets go of all that nobody wants to know any more, and of nodes silent since."""
        self._start = max(self._start, before_nanoseconds)
        for name in [name for name, node in self._nodes.items() if node.newest < self._start]:
            del self._nodes[name]


def _advance(node: _Node, time: int) -> None:
    """Settles what is older than the overlap."""
    node.newest = time
    first = time // OVERLAP_NANOSECONDS - 1
    if first * OVERLAP_NANOSECONDS > node.settled:
        node.settled = first * OVERLAP_NANOSECONDS
        for bucket in [bucket for bucket in node.keys if bucket < first]:
            del node.keys[bucket]
