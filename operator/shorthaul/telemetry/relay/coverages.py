"""Which nodes a Relay sees, and what tells that their flows do not arrive though it does.

A Relay lists its nodes with how many flows each has seen in all (GetNodes); an agent knows only
itself. Three things follow: which nodes are connected; which are connected, see flows, and yet
nothing of them arrives, so that the stream has to begin anew; and how many flows were overwritten
while nobody read them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shorthaul.telemetry.sources import Coverage
from shorthaul.units import NodeName

STALLED_POLLS = 3
REMEMBERED_POLLS = 12
UNREADABLE_EVENTS = 1
"""A ring buffer's newest event can be read when the next one is there."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One node at one poll: connected or not, flows seen in all, events in its ring buffer."""

    connected: bool
    seen: int = 0
    held: int = 0


@dataclass(slots=True)
class _Watched:
    """A node over several polls, as of when something of it last came: flows seen and come."""

    standing: Standing
    seen: int
    delivered: int
    stalled_polls: int = 0
    absent_polls: int = 0


@dataclass(slots=True)
class Watch:
    """All nodes as of the last poll; one that is no longer listed is remembered for a while."""

    nodes: dict[str, _Watched] = field(default_factory=dict)

    def poll(
        self, found: Mapping[str, Standing], delivered: Callable[[str], int], *, forget: bool = True
    ) -> None:
        """Takes in an answer, and how many flows of each node have come until then.

        Who is not listed is not forgotten while what was missed is still awaited.
        """
        for name, standing in found.items():
            came = delivered(name)
            known = self.nodes.get(name) or _Watched(standing, standing.seen, came)
            self.nodes[name] = _polled(known, standing, came)
        for name in self.nodes.keys() - found.keys():
            known = self.nodes[name]
            known.standing = replace(known.standing, connected=False)
            known.absent_polls += forget
            if known.absent_polls > REMEMBERED_POLLS:
                del self.nodes[name]

    def settle(self, delivered: Callable[[str], int]) -> None:
        """Takes what has come since the last poll for seen, before a stream is begun again."""
        for name, known in self.nodes.items():
            came = delivered(name)
            known.seen, known.delivered = known.seen + came - known.delivered, came

    def lose(self, names: Sequence[str]) -> None:
        """Takes nodes for unconnected until the next poll says otherwise."""
        for name in names:
            if name in self.nodes:
                known = self.nodes[name]
                known.standing = replace(known.standing, connected=False)

    @property
    def coverage(self) -> Coverage:
        """The nodes that are known, and those whose flows arrive."""
        connected, silent = self.connected, set(self.stalled)
        return Coverage(
            known=frozenset(NodeName(name) for name in self.nodes),
            connected=frozenset(NodeName(name) for name in connected - silent),
        )

    @property
    def connected(self) -> set[str]:
        """The nodes that are connected, whether or not their flows arrive."""
        return {name for name, node in self.nodes.items() if node.standing.connected}

    @property
    def stalled(self) -> tuple[str, ...]:
        """Nodes that see flows of which none arrives."""
        return tuple(
            sorted(name for name, node in self.nodes.items() if node.stalled_polls >= STALLED_POLLS)
        )

    def overwritten(self, name: str, found: Standing, delivered: int) -> int:
        """How many flows a node has seen that neither came nor are in its buffer.

        An estimate: flows that were under way at a poll count as read, so it is at least one, but
        for a node that had not spoken before. An agent that has started anew counts from 0, so what
        it had seen before its end is not known.
        """
        known = self.nodes.get(name)
        if known is None:
            return 1
        idle = known.delivered == 0 and delivered == 0 and found.seen >= known.seen
        estimate = found.seen - found.held - known.seen - (delivered - known.delivered)
        return max(0 if idle else 1, estimate)


def _polled(known: _Watched, standing: Standing, delivered: int) -> _Watched:
    if not standing.connected:
        return replace(known, standing=standing, stalled_polls=0, absent_polls=0)
    if delivered != known.delivered or standing.seen < known.seen:
        return _Watched(standing, standing.seen, delivered)
    silent = standing.seen - known.seen > UNREADABLE_EVENTS
    polls = known.stalled_polls + 1 if silent else 0
    return replace(known, standing=standing, stalled_polls=polls, absent_polls=0)
