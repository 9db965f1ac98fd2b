"""What the nodes' observers report of the traffic, and what they miss.

A packet is seen where it enters a pod (`TO_ENDPOINT`, which is what counts) and, when it comes from
another node, once more where it leaves (`TO_STACK` or `TO_NETWORK`, which must not count again).
The reply is a packet of its own, seen at the client's node. Some nodes report other sightings too,
a part of the requests in layer 7, kubelet probes from their own host, what policy drops, and the
agent's own doings. Now and then an observer loses a run of events and says how many.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from demoshop import connections, lines, scenes

FLAGS = {
    connections.Step.OPEN: (("SYN",), ("SYN", "ACK")),
    connections.Step.TALK: (("PSH", "ACK"), ("PSH", "ACK")),
    connections.Step.CLOSE: (("FIN", "ACK"), ("FIN", "ACK")),
}
REPLY_SECONDS = 0.002
HTTP_SHARE = 0.02
FROM_ENDPOINT_SHARE = 0.05
LOSSES_PER_SECOND = 0.02
LARGEST_LOSS = 5


@dataclass(slots=True)
class Observers:
    """All nodes' observers; lines wait here until `take` hands them over in the order of time."""

    random_source: random.Random
    writer: lines.Writer = field(default_factory=lines.Writer)
    pending: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    to_lose: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    written: int = 0

    def see(self, exchange: connections.Exchange, scene: scenes.Scene) -> None:
        """Report a request and its reply at both ends."""
        server = exchange.connection.server
        client_node = scene.nodes[exchange.client.node]
        server_node = scene.nodes[server.node]
        request, reply = _packets(exchange)
        later = exchange.time + REPLY_SECONDS * self.random_source.random()
        self._flow(server_node, exchange.time, request, lines.TO_ENDPOINT)
        self._flow(client_node, later, reply, lines.TO_ENDPOINT)
        if client_node.name != server_node.name:
            self._flow(client_node, exchange.time, request, _leaving(client_node, reply=False))
            self._flow(server_node, later, reply, _leaving(server_node, reply=True))
        if self.random_source.random() < FROM_ENDPOINT_SHARE:
            self._flow(client_node, exchange.time, request, lines.FROM_ENDPOINT)
        if self.random_source.random() < HTTP_SHARE:
            line = self.writer.request(server_node, later, self._uuid(), request)
            self._add(server_node, later, line)

    def probe(self, pod: scenes.Pod, time: float, scene: scenes.Scene) -> None:
        """Report a kubelet probe: it comes from the pod's own host and has no weight."""
        node = scene.nodes[pod.node]
        port = self._port()
        there = lines.Packet(node, pod, port, lines.SERVER_PORT, ("SYN",), "NEW", False)
        back = lines.Packet(pod, node, lines.SERVER_PORT, port, ("SYN", "ACK"), "REPLY", True)
        self._flow(node, time, there, lines.TO_ENDPOINT)
        self._flow(node, time + REPLY_SECONDS, back, lines.TO_STACK_REPLY)

    def deny(
        self, client: scenes.Pod, server: scenes.Pod, time: float, scene: scenes.Scene
    ) -> None:
        """Report an attempt that the server's node drops."""
        node = scene.nodes[server.node]
        packet = lines.Packet(client, server, self._port(), lines.SERVER_PORT, ("SYN",), "", False)
        self._add(node, time, self.writer.drop(node, time, self._uuid(), packet))

    def appear(self, pod: scenes.Pod, time: float, scene: scenes.Scene) -> None:
        """Report that the agent made an endpoint for a pod."""
        node = scene.nodes[pod.node]
        event = {
            "type": "ENDPOINT_CREATED",
            "endpoint_update": {
                "id": str(lines.endpoint(pod, local=True)["ID"]),
                "pod_name": pod.name,
                "namespace": pod.namespace,
            },
        }
        self._add(node, time, lines.agent(node, time, event))

    def lose(self, time: float, seconds: float, scene: scenes.Scene) -> None:
        """Let some observers miss their next events, and say so."""
        for node in scene.nodes.values():
            if self.random_source.random() < LOSSES_PER_SECOND * seconds:
                count = self.random_source.randint(1, LARGEST_LOSS)
                self.to_lose[node.name] = self.to_lose.get(node.name, 0) + count
                self.lost += count
                told = lines.lost(node, time, count)
                self.pending.setdefault(node.name, []).append((time, told))

    def take(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the waiting lines of each node, oldest first, and keep none."""
        waiting, self.pending = self.pending, {}
        for node in sorted(waiting):
            ordered = [line for _, line in sorted(waiting[node])]
            self.written += len(ordered)
            yield node, ordered

    def _flow(
        self, node: scenes.Node, time: float, packet: lines.Packet, sighting: lines.Sighting
    ) -> None:
        line = self.writer.flow(node, time, self._uuid(), (packet, sighting))
        self._add(node, time, line)

    def _add(self, node: scenes.Node, time: float, line: str) -> None:
        owed = self.to_lose.get(node.name, 0)
        if owed:
            self.to_lose[node.name] = owed - 1
            return
        self.pending.setdefault(node.name, []).append((time, line))

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self.random_source.getrandbits(128), version=4))

    def _port(self) -> int:
        return self.random_source.randint(connections.LOWEST_PORT, connections.HIGHEST_PORT)


def _packets(exchange: connections.Exchange) -> tuple[lines.Packet, lines.Packet]:
    held = exchange.connection
    sent, answered = FLAGS[exchange.step]
    reason = "NEW" if exchange.step is connections.Step.OPEN else "ESTABLISHED"
    near, far = held.client_port, lines.SERVER_PORT
    return (
        lines.Packet(exchange.client, held.server, near, far, sent, reason, False),
        lines.Packet(
            held.server, exchange.client, far, near, answered, "REPLY", True, held.through
        ),
    )


def _leaving(node: scenes.Node, *, reply: bool) -> lines.Sighting:
    """Return how a node reports what leaves it: half of them route in BPF, half by the stack."""
    if node.name[-1] in "02468":
        return lines.TO_NETWORK
    return lines.TO_STACK_REPLY if reply else lines.TO_STACK
