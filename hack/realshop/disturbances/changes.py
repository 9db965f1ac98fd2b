"""Shops whose traffic has shifted: another pair becomes hot. Pure.

The pair is one whose two services stand in different racks and say little to anybody else, so that
one of them is better off in the other's rack, and all others where they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from realshop import manifests, shops

HOT_BYTES_PER_SECOND = 800_000.0


def hot(
    shop: shops.Shop, racks: Mapping[str, str], avoid: Collection[str] = ()
) -> tuple[shops.Shop, shops.Call]:
    """Return the shop in which one more pair talks much, and that pair; `racks` by service."""
    said = _said(shop)
    pairs = [
        (said[client] + said[server], client, server)
        for client in sorted(racks)
        for server in sorted(racks)
        if racks[client] != racks[server] and not {client, server} & set(avoid)
    ]
    if not pairs:
        raise ValueError("no two services stand in different racks, so that no pair can be hot")
    _, client, server = min(pairs)
    ask, answer = shops.LARGE
    rate = HOT_BYTES_PER_SECOND / (ask + answer) / shop.replicas(client)
    call = shops.Call(client, server, round(rate, 3), ask, answer)
    others = [one for one in shop.calls if (one.client, one.server) != (client, server)]
    return replace(shop, calls=tuple(sorted([*others, call], key=_order))), call


def strangers(
    shop: shops.Shop, racks: Mapping[str, str], avoid: Collection[str] = ()
) -> tuple[str, str]:
    """Return two services in different racks that say nothing to each other."""
    known = {frozenset((call.client, call.server)) for call in shop.calls}
    for one in sorted(racks):
        for other in sorted(racks):
            apart = racks[one] != racks[other] and not {one, other} & set(avoid)
            if apart and frozenset((one, other)) not in known:
                return one, other
    raise ValueError("all services of different racks talk to each other")


def changed(one: shops.Shop, other: shops.Shop) -> list[str]:
    """Return the services whose calls differ between two shops."""
    names = [service.name for service in other.services]
    return [name for name in names if _calls(one, name) != _calls(other, name)]


def racks(pods: Iterable[Mapping[str, Any]], rack_of: Mapping[str, str]) -> dict[str, str]:
    """Return the rack in which all pods of a service are; services in several are left out."""
    found: dict[str, set[str]] = {}
    for pod in pods:
        rack = rack_of.get(pod["spec"].get("nodeName", ""))
        if rack is not None:
            found.setdefault(pod["metadata"]["labels"][manifests.LABEL], set()).add(rack)
    return {name: min(where) for name, where in found.items() if len(where) == 1}


def back_and_forth(moves: Iterable[Mapping[str, Any]], rack_of: Mapping[str, str]) -> list[str]:
    """Return the workloads that were moved out of a rack and into it as well."""
    ways: dict[str, set[tuple[str, str]]] = {}
    for move in moves:
        spec = move["spec"]
        way = rack_of[spec["from"]], rack_of[spec["to"]]
        if way[0] != way[1]:
            ways.setdefault(spec["workload"]["name"], set()).add(way)
    return sorted(name for name, found in ways.items() if any(way[::-1] in found for way in found))


def moved_again(moves: Collection[Mapping[str, Any]]) -> list[str]:
    """Return the pods that came by one move and went by another."""
    came = {(move.get("status") or {}).get("replacement", {}).get("uid", "") for move in moves} - {
        ""
    }
    gone = {
        move["spec"]["pod"]["uid"]
        for move in moves
        if (move.get("status") or {}).get("phase") in ("Evicted", "Landed", "Elsewhere", "Failed")
    }
    return sorted(came & gone)


def _said(shop: shops.Shop) -> Counter[str]:
    said: Counter[str] = Counter()
    for call in shop.calls:
        for name in (call.client, call.server):
            said[name] += round(shop.bytes_per_second(call))
    return said


def _calls(shop: shops.Shop, client: str) -> list[shops.Call]:
    return [call for call in shop.calls if call.client == client]


def _order(call: shops.Call) -> tuple[str, str]:
    return call.client, call.server
