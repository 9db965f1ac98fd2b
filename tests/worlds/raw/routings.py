"""What each server workload's Services do with its clients' traffic, from the dump and the flows.

DESIGN §5: the field alone is not believed. `trafficDistribution` counts when every ready endpoint
of the EndpointSlices carries the hint, and the flows do not contradict; in doubt, uniform. A
headless StatefulSet's pods are addressed one by one. DESIGN gives no figures for "in doubt"; those
here are the tree's: 20 events at least to judge by, 0.9 of the traffic that could stay near does,
and clients of a headless Service are taken to choose their pods when more than 0.25 of the traffic
is off an even spread, with 20 events a server pod. Zones are judged where clients that share a node
with a server have too few events.
"""

from collections.abc import Callable

from worlds.raw.dumps import ZONE, Dump, active, has, ready
from worlds.raw.lines import End, Traffic

LEAST_EVENTS, LEAST_NEAR, MOST_UNEVEN = 20, 0.9, 0.25
SINGLY = "singly"
Pairs = dict[tuple[End, End], float]


def routing_of(server: End, dump: Dump, traffic: Traffic, pairs: Pairs) -> str:
    """`uniform`, `zone` or `node`; `singly` where single pods are addressed."""
    services = selecting(server, dump)
    headless = [one for one in services if one["spec"].get("clusterIP") == "None"]
    plain = [one for one in services if one not in headless]
    stateful = server[1] == "StatefulSet"
    if stateful and headless and not plain:
        return SINGLY
    choosing = (headless and not plain) or (stateful and (headless or not plain))
    if choosing and _uneven(_ready_pods(server, dump), traffic, pairs):
        return SINGLY
    found = {_by_service(one, server, dump, traffic, pairs) for one in plain}
    return found.pop() if len(found) == 1 else "uniform"


def selecting(workload: End, dump: Dump) -> list[dict]:
    """The Services that select a workload's pods."""
    labels = [
        dump.pods[pod]["metadata"].get("labels", {})
        for pod, owner in dump.owners.items()
        if owner == workload and active(dump.pods[pod])
    ]
    return [
        one
        for one in dump.of("Service")
        if one["metadata"]["namespace"] == workload[0]
        and one["spec"].get("selector")
        and any(has(one["spec"]["selector"], each) for each in labels)
    ]


def _ready_pods(workload: End, dump: Dump) -> list[End]:
    return [
        pod
        for pod, owner in dump.owners.items()
        if owner == workload
        and active(dump.pods[pod])
        and ready(dump.pods[pod])
        and dump.pods[pod]["spec"].get("nodeName")
    ]


def _uneven(servers: list[End], traffic: Traffic, pairs: Pairs) -> bool:
    total = sum(pairs.values())
    if not servers or total * traffic.events / len(servers) < LEAST_EVENTS:
        return False
    excess = 0.0
    for client in {pair[0] for pair in pairs}:
        sent = [rate for pair, rate in pairs.items() if pair[0] == client]
        even = sum(sent) / len(servers)
        excess += sum(max(0.0, rate - even) for rate in sent)
    return excess / total > MOST_UNEVEN


def _by_service(service: dict, server: End, dump: Dump, traffic: Traffic, pairs: Pairs) -> str:
    local = service["spec"].get("internalTrafficPolicy") == "Local"
    wish = "node" if local else _hinted(service, dump)
    if wish == "uniform":
        return wish
    servers = _ready_pods(server, dump)

    def zone(pod: End) -> str | None:
        return _zone(dump, _node(pod))

    def _node(pod: End) -> str | None:
        return dump.pods[pod]["spec"].get("nodeName")

    judged = _stays(_node if wish == "node" else zone, servers, pairs)
    if wish == "node" and not local and judged[1] * traffic.events < LEAST_EVENTS:
        judged = _stays(zone, servers, pairs)
    near, able = judged
    if able <= 0 or able * traffic.events < LEAST_EVENTS or near / able < LEAST_NEAR:
        return "uniform"
    return wish


def _stays(
    group: Callable[[End], str | None], servers: list[End], pairs: Pairs
) -> tuple[float, float]:
    """Of the traffic of clients that have a server in their group: what stays there, and all."""
    groups = {group(pod) for pod in servers} - {None}
    able = {pair: rate for pair, rate in pairs.items() if group(pair[0]) in groups}
    near = sum(rate for pair, rate in able.items() if group(pair[0]) == group(pair[1]))
    return near, sum(able.values())


def _hinted(service: dict, dump: Dump) -> str:
    """What the field asks for, where the hints of all ready endpoints carry it out."""
    endpoints = [
        endpoint
        for piece in dump.of("EndpointSlice")
        if piece["metadata"]["namespace"] == service["metadata"]["namespace"]
        and piece["metadata"].get("labels", {}).get("kubernetes.io/service-name")
        == service["metadata"]["name"]
        for endpoint in piece.get("endpoints") or []
        if endpoint.get("conditions", {}).get("ready") is not False
    ]
    asked = service["spec"].get("trafficDistribution", "")
    if not endpoints:
        return "uniform"
    if asked == "PreferSameNode" and all(
        _hints(one, "forNodes") == [one.get("nodeName")] for one in endpoints
    ):
        return "node"
    if asked in ("", "PreferClose", "PreferSameZone") and all(
        _hints(one, "forZones") == [_zone(dump, one.get("nodeName"))] for one in endpoints
    ):
        return "zone"
    return "uniform"


def _hints(endpoint: dict, name: str) -> list[str | None]:
    return [hint["name"] for hint in (endpoint.get("hints") or {}).get(name) or []]


def _zone(dump: Dump, node: str | None) -> str | None:
    return dump.nodes[node]["metadata"].get("labels", {}).get(ZONE) if node in dump.nodes else None
