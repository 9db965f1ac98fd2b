"""Which endpoint a new connection gets, as kube-proxy chooses.

Of the ready endpoints (those that serve while they end, if none is ready): with
`internalTrafficPolicy: Local` only the client's node; else, if every one of them carries node hints
and one is meant for the client's node, those; else the same with zones; else all. Among what is
left every endpoint is as likely as another. A headless Service is resolved by name, so neither
policy nor hints play a part. Session affinity is not modelled.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from demoshop import scenes


def choose(
    service: scenes.Service,
    endpoints: Sequence[scenes.Endpoint],
    client: scenes.Node,
    random_source: random.Random,
) -> scenes.Endpoint | None:
    """Return the endpoint for a new connection from a node, or None if there is none."""
    eligible = candidates(service, endpoints, client)
    return random_source.choice(eligible) if eligible else None


def candidates(
    service: scenes.Service, endpoints: Sequence[scenes.Endpoint], client: scenes.Node
) -> list[scenes.Endpoint]:
    """Return the endpoints among which a connection from a node is spread evenly."""
    if not service.address:
        return [one for one in endpoints if one.ready]
    if service.local_only:
        return _usable([one for one in endpoints if one.node == client.name])
    usable = _usable(endpoints)
    for_node = [one for one in usable if client.name in one.node_hints]
    if for_node and all(one.node_hints for one in usable):
        return for_node
    for_zone = [one for one in usable if client.zone in one.zone_hints]
    if for_zone and all(one.zone_hints for one in usable):
        return for_zone
    return usable


def _usable(endpoints: Sequence[scenes.Endpoint]) -> list[scenes.Endpoint]:
    ready = [one for one in endpoints if one.ready]
    return ready or [one for one in endpoints if one.serving]
