"""One connection to a Relay or an agent: a stream of flows, and beside it a poll of the nodes.

It decides nothing about flows. When the stream ends or polls stay unanswered, all is closed and
begun anew after a pause that doubles up to a limit; a stream that lived for long resets it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import grpc

from shorthaul.errors import BadInput
from shorthaul.telemetry.hubble_events import node_name
from shorthaul.telemetry.relay import channels
from shorthaul.telemetry.relay.channels import Server
from shorthaul.telemetry.relay.coverages import Standing
from shorthaul.telemetry.relay.failures import explain
from shorthaul.telemetry.relay.messages import GET_FLOWS, GET_NODES, SERVER_STATUS, enum_names
from shorthaul.telemetry.relay.streams import Stream

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
PROVEN_SECONDS = 60.0
POLL_SECONDS = 5.0
FIRST_POLL_SECONDS = 1.0
ANSWER_SECONDS = 5.0
MOST_UNANSWERED = 3


class Link:
    """At most one connection at a time; `opened` is when it was made, 0 while there is none."""

    def __init__(self, server: Server, ask: Callable[[int], bytes]) -> None:
        """Store whom to connect to, and how to ask for what is since some nanosecond."""
        self._server, self._ask = server, ask
        self._channel: grpc.Channel | None = None
        self._stream: Stream | None = None
        self._asked: Any = None
        self._method, self._response = GET_NODES, "observer.GetNodesResponse"
        self._poll_due = 0.0
        self._unanswered = 0
        self._pause = FIRST_PAUSE_SECONDS
        self._next = 0.0
        self.opened = 0.0
        self.trouble = ""

    @property
    def waiting_bytes(self) -> int:
        """How much has come and was not taken."""
        return self._stream.waiting_bytes if self._stream else 0

    def keep(self, now: float, since: Callable[[], int]) -> bool:
        """Connects when it is time to; whether it has, with the flows since some nanosecond."""
        if self._channel is not None or now < self._next:
            return False
        try:
            self._channel = channels.connect(self._server)
        except BadInput as error:
            self._fail(now, str(error))
            return False
        call = channels.stream(self._channel, GET_FLOWS, self._ask(since()))
        self._stream = Stream(call).start()
        self.opened = now
        self._poll_due, self._unanswered = now, 0
        return True

    def take(self, most: int, now: float) -> list[bytes]:
        """The messages that have come; an ended stream is closed when all of it was taken."""
        stream = self._stream
        if stream is None:
            return []
        ended = stream.ended
        taken = stream.take(most)
        if ended and not stream.waiting_bytes:
            told = stream.error and self._explained(stream.error)
            self._fail(now, told or f"{self._server.address}: ended the stream of flows")
        return taken

    def poll(self, now: float, alone: str) -> Mapping[str, Standing] | None:
        """Asks for the nodes when it is time to; the answer when there is one.

        An agent does not list nodes; `alone` is the name by which it is known from its flows.
        """
        if self._channel is None:
            return None
        answer = None
        if self._asked is not None and self._asked.done():
            answer = self._answer(now, alone)
        if self._channel is not None and self._asked is None and now >= self._poll_due:
            self._asked = channels.ask(self._channel, self._method, self._response, ANSWER_SECONDS)
            young = now - self.opened < PROVEN_SECONDS
            self._poll_due = now + (FIRST_POLL_SECONDS if young else POLL_SECONDS)
        return answer

    def renew(self, now: float, why: str) -> None:
        """Ends the connection, to begin anew."""
        self._fail(now, f"{self._server.address}: {why}; the stream is begun anew")

    def begin_again(self) -> None:
        """Ends a connection that nothing is wrong with; the next `keep` makes another."""
        self.close()
        self.opened = 0.0

    def close(self) -> None:
        """Ends the connection."""
        if self._asked is not None:
            self._asked.cancel()
        if self._stream is not None:
            self._stream.close()
        if self._channel is not None:
            self._channel.close()
        self._asked = self._stream = self._channel = None

    def _answer(self, now: float, alone: str) -> Mapping[str, Standing] | None:
        asked, self._asked = self._asked, None
        error = asked.exception()
        if error is None:
            self._unanswered, self.trouble = 0, ""
            return _standings(asked.result(), self._method, alone)
        if error.code() is grpc.StatusCode.UNIMPLEMENTED and self._method == GET_NODES:
            self._method, self._response = SERVER_STATUS, "observer.ServerStatusResponse"
            self._poll_due = now
            return None
        self._unanswered += 1
        self.trouble = self._explained(error)
        if self._unanswered >= MOST_UNANSWERED:
            self._fail(now, self.trouble)
        return None

    def _explained(self, error: grpc.RpcError) -> str:
        return explain(error, self._server.address, self._server.server_name)

    def _fail(self, now: float, trouble: str) -> None:
        self.close()
        self.trouble = trouble
        if self.opened and now - self.opened >= PROVEN_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        self.opened = 0.0
        self._next = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)


def _standings(answer: Any, method: str, alone: str) -> Mapping[str, Standing]:
    if method == SERVER_STATUS:
        return {alone: Standing(True, answer.seen_flows, answer.num_flows)} if alone else {}
    states = enum_names("relay.NodeState")
    named = ((node_name(node.name), node) for node in answer.nodes)
    return {
        name: Standing(states.get(node.state) == "NODE_CONNECTED", node.seen_flows, node.num_flows)
        for name, node in named
        if name
    }
