"""Whether a source that was cut off has read again what came meanwhile.

Windows must not close on half of it. A node is caught up when its flows have reached the present,
or when it is connected and has had nothing more to say for a while. Nobody waits for longer than a
limit, since a node may be gone for good: once from the cut on, and anew from when somebody answers.
Who was not caught up with by then was not read, and is not for as long as it is read slowly; only
after much longer it may be its clock that is behind.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass, field

from shorthaul.traffic.flows import NANOSECONDS

QUIET_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
SLOWEST_SECONDS = 600.0


@dataclass(slots=True)
class CatchUp:
    """One cut and what follows it; `awaited` are the nodes that were connected before."""

    down_since: float
    opened: float = 0.0
    awaited: set[str] = field(default_factory=set)
    _connected: dict[str, float] = field(default_factory=dict)
    _heard: dict[str, float] = field(default_factory=dict)

    def hear(self, node: str, now: float) -> None:
        """Takes note of a flow."""
        if node in self.awaited:
            self._heard[node] = now

    def see(self, connected: Set[str], now: float) -> None:
        """Takes note of the nodes that are connected now."""
        self._connected = {node: self._connected.get(node, now) for node in connected}

    def is_over(self, now: float, newest: Callable[[str], int]) -> bool:
        """Whether nothing is left to wait for; `newest` is the time of a node's newest flow."""
        if self.opened and self._connected:
            self.awaited = {node for node in self.awaited if not self._reached(node, now, newest)}
            if not self.awaited:
                return True
        return now - self.down_since > PATIENCE_SECONDS

    def is_given_up(self, now: float) -> bool:
        """Whether those that are connected and behind will hardly come nearer any more."""
        return now - self.down_since > SLOWEST_SECONDS

    def _reached(self, node: str, now: float, newest: Callable[[str], int]) -> bool:
        if newest(node) >= max(self.opened, now - QUIET_SECONDS) * NANOSECONDS:
            return True
        last = max(self._connected.get(node, now), self._heard.get(node, 0.0))
        return now - last >= QUIET_SECONDS
