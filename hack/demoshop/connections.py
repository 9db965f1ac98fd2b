"""Connections of one client pod to one Service: opened, used, closed, and broken by moves.

A connection stays with the endpoint it was given until its time is over or either pod is gone; a
pod that moves therefore changes traffic at once, and what its clients get next is for the routing
to decide. Time and randomness are arguments.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from demoshop import routes, scenes, talks

LOWEST_PORT = 32_768
HIGHEST_PORT = 60_999


class Step(Enum):
    """What an exchange does to its connection."""

    OPEN = "open"
    TALK = "talk"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Connection:
    """An open connection; `through` is the Service's address that the client dialled, if any."""

    server: scenes.Pod
    client_port: int
    closes_at: float
    through: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One packet to the server that an observer reports, and its reply."""

    time: float
    client: scenes.Pod
    connection: Connection
    step: Step


@dataclass(slots=True)
class Pool:
    """The connections that one client pod keeps to one Service."""

    client: scenes.Pod
    talk: talks.Talk
    slots: list[Connection | None] = field(default_factory=list)

    def exchange(
        self, time: float, scene: scenes.Scene, random_source: random.Random
    ) -> Iterator[Exchange]:
        """Yield what one request makes: a close and an open first, where they are due."""
        if not self.slots:
            self.slots = [None] * self.talk.pool
        index = random_source.randrange(len(self.slots))
        held = self.slots[index]
        if held is not None and held.server.uid not in scene.pods:
            held = None
        if held is not None and held.closes_at <= time:
            yield Exchange(time, self.client, held, Step.CLOSE)
            held = None
        if held is not None:
            yield Exchange(time, self.client, held, Step.TALK)
            return
        self.slots[index] = opened = self._open(time, scene, random_source)
        if opened is not None:
            yield Exchange(time, self.client, opened, Step.OPEN)

    def _open(
        self, time: float, scene: scenes.Scene, random_source: random.Random
    ) -> Connection | None:
        service = scene.services.get(self.talk.server)
        node = scene.nodes.get(self.client.node)
        if service is None or node is None:
            return None
        behind = scene.endpoints.get(self.talk.server, ())
        chosen = routes.choose(service, behind, node, random_source)
        server = scene.pods.get(chosen.pod_uid) if chosen else None
        if server is None:
            return None
        lasts = self.talk.lifetime_seconds
        closes_at = time + (random_source.expovariate(1 / lasts) if lasts < float("inf") else lasts)
        port = random_source.randint(LOWEST_PORT, HIGHEST_PORT)
        return Connection(server, port, closes_at, service.address)
