"""Points that go on as others: an exporter that was started again speaks from another socket.

What tells two processes on one host apart is the socket that they speak from, and nothing else may:
many leave domain and interface at 0. So of the points of one exporter that differ in their socket
alone, one whose records all begin after the other's have ended is that one, started again. Where
any two of them tell of the same time, or do not tell their time, all are processes side by side,
and none goes on as another.
"""

from collections.abc import Mapping
from itertools import pairwise

from shorthaul.traffic.passages import Place

Times = tuple[int, int]
"""When the first record of a point began, and when the last one ended."""


def successions(times: Mapping[Place, Times]) -> dict[Place, Place]:
    """What each point goes on as in the end, where it does."""
    families: dict[Place, list[Place]] = {}
    for place in times:
        rest = place[1].partition(" ")[2]
        if rest:
            families.setdefault((place[0], rest), []).append(place)
    found: dict[Place, Place] = {}
    for members in families.values():
        members.sort(key=lambda place: (times[place], place))
        if all(times[one][1] < times[other][0] for one, other in pairwise(members)):
            found |= dict.fromkeys(members[:-1], members[-1])
    return found
