"""The way between two nodes from requests that the proxies at both its ends timed.

A proxy at the client sees all of a request's time, one at the server only the server's. What the
first has more is the way there and back, with the proxies' own work: each is a difference of two
times of one clock, so no clocks are compared. It is an upper bound of the round trip, and the least
of many comes near it. One proxy alone tells no distance: at the client it has the server's time in
it, at the server it has nothing of the way.

A request is known by its id, both pods and both ports at each proxy, since an id is handed on from
one call to the next. Ports differ between the proxies, so of a pair of pods one id has to be there
once at each; else all of it is left out. A pair of nodes counts from `LEAST_REQUESTS` on.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from shorthaul.units import NodeName

LEAST_REQUESTS = 10
MOST_OPEN = 100_000
MOST_KEPT = 200_000
ALONE = "a request that one proxy saw alone"
SEVERAL = "a request whose id one proxy saw more than once between two pods"
NEGATIVE = "a request that took longer at its server than at its client"
FEW = f"a request between two nodes that have fewer than {LEAST_REQUESTS}"
_MILLISECOND = 1_000_000


class Sighting(NamedTuple):
    """A request or its response, as one node's proxy saw it go by."""

    observer: NodeName
    request: str
    client: str
    server: str
    ports: tuple[int, int]
    at_client: bool
    response: bool
    nanoseconds: int


class _Timed(NamedTuple):
    observer: NodeName
    duration: int
    ended: int


_Leg = tuple[NodeName, str, str, str, tuple[int, int], bool]
_Call = tuple[str, str, str]


class Exchanges:
    """The requests of the last window; what waits for a response and what is kept are bounded."""

    def __init__(self, window_seconds: int) -> None:
        self._window = window_seconds * 1_000 * _MILLISECOND
        self._open: OrderedDict[_Leg, int] = OrderedDict()
        self._calls: OrderedDict[_Call, tuple[list[_Timed], list[_Timed]]] = OrderedDict()
        self._newest = 0

    def see(self, seen: Sighting) -> None:
        """Takes one sighting, in whatever order those of several nodes come."""
        self._newest = max(self._newest, seen.nanoseconds)
        leg = (seen.observer, seen.request, seen.client, seen.server, seen.ports, seen.at_client)
        if not seen.response:
            self._open[leg] = seen.nanoseconds
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
            return
        began = self._open.pop(leg, None)
        if began is None or seen.nanoseconds < began:
            return
        timed = _Timed(seen.observer, seen.nanoseconds - began, seen.nanoseconds)
        call = self._calls.setdefault((seen.request, seen.client, seen.server), ([], []))
        call[seen.at_client].append(timed)
        if len(self._calls) > MOST_KEPT:
            self._calls.popitem(last=False)

    def round_trips(self) -> tuple[Mapping[tuple[str, str], float], Mapping[str, int]]:
        """Milliseconds from a client's node to a server's and back; and what did not count."""
        oldest = self._newest - self._window
        found: dict[tuple[str, str], list[int]] = {}
        refused: Counter[str] = Counter()
        for call, (at_server, at_client) in list(self._calls.items()):
            if max(each.ended for each in (*at_server, *at_client)) < oldest:
                del self._calls[call]
                continue
            if len(at_client) > 1 or len(at_server) > 1:
                refused[SEVERAL] += 1
            elif not at_client or not at_server:
                refused[ALONE] += 1
            elif at_client[0].duration < at_server[0].duration:
                refused[NEGATIVE] += 1
            elif at_client[0].observer != at_server[0].observer:
                nodes = at_client[0].observer, at_server[0].observer
                way = at_client[0].duration - at_server[0].duration
                found.setdefault(nodes, []).append(way)
        refused[FEW] = sum(len(ways) for ways in found.values() if len(ways) < LEAST_REQUESTS)
        enough = {nodes: ways for nodes, ways in found.items() if len(ways) >= LEAST_REQUESTS}
        return (
            {nodes: min(ways) / _MILLISECOND for nodes, ways in sorted(enough.items())},
            {reason: number for reason, number in sorted(refused.items()) if number},
        )
