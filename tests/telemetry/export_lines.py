"""Hubble export lines for tests, as Cilium writes them, with only what a test wants different."""

import json
from datetime import UTC, datetime
from typing import Any

START_SECONDS = 1_760_000_000


def stamp(seconds: float) -> str:
    """An RFC 3339 time so many seconds after the start of all tests."""
    moment = datetime.fromtimestamp(START_SECONDS + seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"


def end(name: str, workload: str = "", kind: str = "Deployment", **more: Any) -> dict[str, Any]:
    """An end of a flow: "shop/web-1" is a pod, "host" and its like a reserved identity."""
    if "/" not in name:
        numbers = {"host": 1, "world": 2, "remote-node": 6, "kube-apiserver": 7}
        return {"identity": numbers[name], "labels": [f"reserved:{name}"], **more}
    namespace, pod = name.split("/")
    workloads = {"workloads": [{"name": workload, "kind": kind}]} if workload else {}
    return {
        "identity": 4711,
        "namespace": namespace,
        "pod_name": pod,
        "labels": [f"k8s:app={pod}"],
        **workloads,
        **more,
    }


def event(
    client: str, server: str, at: float = 0, *, node: str = "n1", reply: bool = False, **more: Any
) -> dict[str, Any]:
    """A counting event; keyword arguments replace fields of the flow, None drops them."""
    source, destination = (server, client) if reply else (client, server)
    flow: dict[str, Any] = {
        "time": stamp(at),
        "verdict": "FORWARDED",
        "IP": {"source": "10.0.0.1", "destination": "10.0.0.2", "ipVersion": "IPv4"},
        "l4": {"TCP": {"source_port": 8080 if reply else 40000, "destination_port": 8080}},
        "source": end(source),
        "destination": end(destination),
        "Type": "L3_L4",
        "node_name": node,
        "trace_observation_point": "TO_ENDPOINT",
        "is_reply": reply,
        **more,
    }
    flow = {name: value for name, value in flow.items() if value is not None}
    return {"flow": flow, "node_name": node, "time": stamp(at)}


def line(client: str, server: str, at: float = 0, **more: Any) -> bytes:
    """A counting event as its line, without the line end."""
    return encode(event(client, server, at, **more))


def both(client: str, server: str, at: float, nodes: tuple[str, str]) -> list[bytes]:
    """A request seen at the server's node and its reply seen at the client's node."""
    return [
        line(client, server, at, node=nodes[1]),
        line(client, server, at, node=nodes[0], reply=True),
    ]


def lost(events: int, at: float = 0, node: str = "n1") -> bytes:
    """A report of lost events; 64-bit numbers are strings in protobuf's JSON."""
    return encode(
        {
            "lost_events": {"source": "HUBBLE_RING_BUFFER", "num_events_lost": str(events)},
            "node_name": node,
            "time": stamp(at),
        }
    )


def encode(value: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def joined(lines: list[bytes]) -> bytes:
    """Lines with their ends."""
    return b"".join(each + b"\n" for each in lines)
