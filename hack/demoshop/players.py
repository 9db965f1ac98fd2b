"""Plays the traffic of one short stretch of time over the cluster as it is right then.

Rates wander: each client pod's rate for each talk is multiplied by a gamma-distributed factor that
is drawn again every few seconds. All randomness comes from one seeded source, but since pods come
and go as the cluster decides, only a run over an unchanging cluster repeats itself.
"""

from __future__ import annotations

import math
import random
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from demoshop import connections, noises, observers, scenes, talks, truths

VARIATION = 0.3
WANDER_SECONDS = 3.0
PROBE_SECONDS = 2.0
PACKETS_PER_EXCHANGE = 2

PoolKey = tuple[str, int]


@dataclass(slots=True)
class Player:
    """Who plays: the table, the open connections, and what was sent since `account` was asked."""

    table: talks.Table
    random_source: random.Random
    observers: observers.Observers
    factor: float = 1.0
    pools: dict[PoolKey, connections.Pool] = field(default_factory=dict)
    factors: dict[PoolKey, tuple[float, float]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    packets: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def play(self, start: float, seconds: float, scene: scenes.Scene) -> None:
        """Let every pod talk for this long."""
        self._meet(start, scene)
        self.observers.lose(start, seconds, scene)
        for number, talk in enumerate(self.table.talks):
            for client in scene.replicas(talk.client):
                self._talk((client.uid, number), client, (start, seconds), scene)
        self._deny(start, seconds, scene)
        self._probe(start, seconds, scene)

    def account(self, start: float, seconds: float) -> truths.Entry:
        """Return what was sent since the last time, and begin anew."""
        entry = truths.Entry(start, seconds, dict(self.packets))
        self.packets.clear()
        return entry

    def _meet(self, time: float, scene: scenes.Scene) -> None:
        for uid in sorted(scene.pods.keys() - self.known):
            self.observers.appear(scene.pods[uid], time, scene)
        for key in [key for key in self.pools if key[0] not in scene.pods]:
            del self.pools[key]
            self.factors.pop(key, None)
        self.known = set(scene.pods)

    def _talk(
        self,
        key: PoolKey,
        client: scenes.Pod,
        span: tuple[float, float],
        scene: scenes.Scene,
    ) -> None:
        talk = self.table.talks[key[1]]
        pool = self.pools.setdefault(key, connections.Pool(client, talk))
        mean = talk.rate * self.factor * self._wander(key, span[0]) * span[1]
        for moment in self._moments(span, mean):
            for exchange in pool.exchange(moment, scene, self.random_source):
                self._send(exchange, talk, scene)

    def _send(self, exchange: connections.Exchange, talk: talks.Talk, scene: scenes.Scene) -> None:
        nodes = scene.nodes
        server = exchange.connection.server
        far = truths.tier(nodes[exchange.client.node], nodes[server.node])
        self.packets["/".join(talk.client), "/".join(talk.server), far] += PACKETS_PER_EXCHANGE
        self.observers.see(exchange, scene)

    def _wander(self, key: PoolKey, time: float) -> float:
        until, value = self.factors.get(key, (0.0, 1.0))
        if time >= until:
            until = time + WANDER_SECONDS * (0.5 + self.random_source.random())
            value = noises.gamma(self.random_source, VARIATION)
            self.factors[key] = until, value
        return value

    def _deny(self, start: float, seconds: float, scene: scenes.Scene) -> None:
        for talk in self.table.dropped:
            servers = scene.replicas(talk.server)
            for client in scene.replicas(talk.client):
                for moment in self._moments((start, seconds), talk.rate * seconds):
                    if servers:
                        server = self.random_source.choice(servers)
                        self.observers.deny(client, server, moment, scene)

    def _probe(self, start: float, seconds: float, scene: scenes.Scene) -> None:
        for uid in sorted(scene.pods):
            phase = PROBE_SECONDS * (zlib.crc32(uid.encode()) % 1000) / 1000
            first = math.ceil((start - phase) / PROBE_SECONDS)
            moment = first * PROBE_SECONDS + phase
            while moment < start + seconds:
                self.observers.probe(scene.pods[uid], moment, scene)
                moment += PROBE_SECONDS

    def _moments(self, span: tuple[float, float], mean: float) -> Iterator[float]:
        start, seconds = span
        count = noises.poisson(self.random_source, mean)
        yield from sorted(start + seconds * self.random_source.random() for _ in range(count))
