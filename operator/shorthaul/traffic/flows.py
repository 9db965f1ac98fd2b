"""One observed flow event between two pods: what every traffic source is turned into.

A named tuple, not a dataclass as elsewhere, because one is made per line of telemetry and a
frozen dataclass costs three times as much to make. It says who was the client, so that request
and reply add up on one edge; it does not say which workload a pod belongs to (`attribution` does).
"""

from typing import NamedTuple

from shorthaul.units import NodeName, PodRef, WorkloadRef

NANOSECONDS = 1_000_000_000
EARLIEST_SECONDS = 946_684_800  # 2000-01-01; `timestamps` of telemetry tells why
LATEST_SECONDS = 4_102_444_800  # 2100-01-01


class Flow(NamedTuple):
    """Events between one client pod and one server pod, as one node's observer reported them.

    `reply` tells the direction server → client. `observer` is "" when the source left it out.
    `key` identifies the report, so that the same one read twice counts once; "" when unknown.
    """

    client: PodRef
    server: PodRef
    reply: bool
    events: int
    time_nanoseconds: int
    observer: NodeName
    cluster: str = ""
    key: str = ""


class AnchorFlow(NamedTuple):
    """Events that arrived at a pod from a named place outside, or the other way round.

    `outgoing` tells that the pod sent them; `reply` that who sent them is the server.
    """

    pod: PodRef
    place: WorkloadRef
    outgoing: bool
    reply: bool
    events: int
    time_nanoseconds: int
    observer: NodeName
    key: str = ""

    @property
    def ends(self) -> tuple[PodRef | WorkloadRef, PodRef | WorkloadRef]:
        """Client and server."""
        asked = self.outgoing is not self.reply
        return (self.pod, self.place) if asked else (self.place, self.pod)


class Lost(NamedTuple):
    """Events that an observer says it could not report; the time is 0 when it does not say when."""

    observer: NodeName
    events: int
    time_nanoseconds: int = 0


class Unread(NamedTuple):
    """A stretch of time of which not all that an observer saw was read, however much that is."""

    observer: NodeName
    begin_nanoseconds: int
    end_nanoseconds: int


class Heard(NamedTuple):
    """Flow lines that carry no weight, but show that an observer was alive in that second."""

    observer: NodeName
    seconds: int
    lines: int
