"""Writes events as Cilium's Hubble exporter does since 1.19: one JSON object a line.

The shapes are those of a recording of a real cluster. An observer knows the endpoint number and the
workload of its own node's pods only; of a pod elsewhere it knows name, namespace and labels. Flows
carry no byte counts. What never changes about a pod or a node is rendered once.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from demoshop import scenes

SERVER_PORT = 8080
POLICY_DENIED = 133
LOWEST_IDENTITY = 256
IDENTITIES = 65_000
ENDPOINTS = 4_000
CLUSTER = "default"
HOST = '{"identity":1,"labels":["reserved:host"]}'


@dataclass(frozen=True, slots=True)
class Packet:
    """What is the same for every observer of one packet between two pods, or of a probe."""

    source: scenes.Pod | scenes.Node
    destination: scenes.Pod | scenes.Node
    source_port: int
    destination_port: int
    flags: tuple[str, ...]
    reason: str
    is_reply: bool
    through: str = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where in the data path a packet was seen; the numbers are Cilium's."""

    point: str
    sub_type: int
    direction: str


TO_ENDPOINT = Sighting("TO_ENDPOINT", 0, "EGRESS")
TO_STACK = Sighting("TO_STACK", 3, "EGRESS")
TO_STACK_REPLY = Sighting("TO_STACK", 3, "INGRESS")
FROM_ENDPOINT = Sighting("FROM_ENDPOINT", 5, "EGRESS")
TO_NETWORK = Sighting("TO_NETWORK", 11, "EGRESS")


@dataclass(slots=True)
class Writer:
    """Renders lines; keeps the rendered parts of pods and nodes that it has met."""

    parts: dict[tuple[str, bool], str] = field(default_factory=dict)
    node_parts: dict[str, str] = field(default_factory=dict)

    def flow(self, node: scenes.Node, time: float, uuid: str, seen: tuple[Packet, Sighting]) -> str:
        """Return the line of a packet that was forwarded."""
        packet, sighting = seen
        reply = '"reply":true,' if packet.is_reply else ""
        sub_type = f',"sub_type":{sighting.sub_type}' if sighting.sub_type else ""
        body = (
            f"{self._opening(node, time, uuid, packet, 'FORWARDED')}{reply}"
            f'"event_type":{{"type":4{sub_type}}},"traffic_direction":"{sighting.direction}",'
            f'"trace_observation_point":"{sighting.point}","trace_reason":"{packet.reason}",'
            f'"is_reply":{"true" if packet.is_reply else "false"},'
            f'"Summary":"TCP Flags: {", ".join(sorted(packet.flags))}"'
        )
        return _closed(f'"flow":{{{body}}}', node, time)

    def drop(self, node: scenes.Node, time: float, uuid: str, packet: Packet) -> str:
        """Return the line of a packet that a network policy denied."""
        body = (
            f"{self._opening(node, time, uuid, packet, 'DROPPED')}"
            f'"event_type":{{"type":1,"sub_type":{POLICY_DENIED}}},"traffic_direction":"INGRESS",'
            f'"drop_reason_desc":"POLICY_DENIED",'
            f'"Summary":"TCP Flags: {", ".join(sorted(packet.flags))}"'
        )
        return _closed(f'"flow":{{{body}}}', node, time)

    def request(self, node: scenes.Node, time: float, uuid: str, packet: Packet) -> str:
        """Return the layer 7 line of an HTTP request, which reports the same traffic once more."""
        host = packet.destination.name.partition("-")[0]
        body = (
            f"{self._opening(node, time, uuid, packet, 'FORWARDED', 'L7')}"
            f'"l7":{{"type":"REQUEST","http":{{"method":"GET","url":"http://{host}/",'
            f'"protocol":"HTTP/1.1"}}}},"event_type":{{"type":129}},'
            f'"traffic_direction":"INGRESS","is_reply":false,'
            f'"Summary":"HTTP/1.1 GET http://{host}/"'
        )
        return _closed(f'"flow":{{{body}}}', node, time)

    def _opening(
        self,
        node: scenes.Node,
        time: float,
        uuid: str,
        packet: Packet,
        verdict: str,
        kind: str = "L3_L4",
    ) -> str:
        dropped = f'"drop_reason":{POLICY_DENIED},' if verdict == "DROPPED" else ""
        flags = ",".join(f'"{flag}":true' for flag in packet.flags)
        translated = f'"source_xlated":"{packet.through}",' if packet.through else ""
        return (
            f'"time":"{stamp(time)}","uuid":"{uuid}","emitter":{{"name":"Hubble"}},'
            f'"verdict":"{verdict}",{dropped}'
            f'"IP":{{"source":"{packet.source.address}",{translated}'
            f'"destination":"{packet.destination.address}","ipVersion":"IPv4"}},'
            f'"l4":{{"TCP":{{"source_port":{packet.source_port},'
            f'"destination_port":{packet.destination_port},"flags":{{{flags}}}}}}},'
            f'"source":{self._party(packet.source, node)},'
            f'"destination":{self._party(packet.destination, node)},'
            f'"Type":"{kind}","node_name":"{node.name}",{self._node_labels(node)}'
        )

    def _party(self, party: scenes.Pod | scenes.Node, node: scenes.Node) -> str:
        if isinstance(party, scenes.Node):
            return HOST
        key = party.uid, party.node == node.name
        if key not in self.parts:
            self.parts[key] = json.dumps(endpoint(party, local=key[1]), separators=(",", ":"))
        return self.parts[key]

    def _node_labels(self, node: scenes.Node) -> str:
        if node.name not in self.node_parts:
            labels = [f"{name}={value}" for name, value in node.labels]
            rendered = json.dumps(labels, separators=(",", ":"))
            self.node_parts[node.name] = f'"node_labels":{rendered},'
        return self.node_parts[node.name]


def endpoint(pod: scenes.Pod, *, local: bool) -> dict[str, Any]:
    """Return how an observer describes a pod, on its own node or elsewhere."""
    labels = [
        *(f"k8s:{name}={value}" for name, value in pod.labels if name not in SKIPPED_LABELS),
        f"k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name={pod.namespace}",
        f"k8s:io.cilium.k8s.policy.cluster={CLUSTER}",
        "k8s:io.cilium.k8s.policy.serviceaccount=default",
        f"k8s:io.kubernetes.pod.namespace={pod.namespace}",
    ]
    described: dict[str, Any] = {
        "identity": LOWEST_IDENTITY + zlib.crc32("".join(labels).encode()) % IDENTITIES,
        "cluster_name": CLUSTER,
        "namespace": pod.namespace,
        "labels": labels,
        "pod_name": pod.name,
    }
    if not local:
        return described
    workload = {"name": pod.workload_name, "kind": pod.workload_kind}
    number = 1 + zlib.crc32(pod.uid.encode()) % ENDPOINTS
    return {"ID": number, **described, "workloads": [workload]}


SKIPPED_LABELS = frozenset(
    {"pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name"}
)


def lost(node: scenes.Node, time: float, count: int) -> str:
    """Return the line that tells how many events a node's observer could not keep."""
    told = {"source": "PERF_EVENT_RING_BUFFER", "num_events_lost": str(count), "cpu": 1}
    return _closed(_rendered("lost_events", told), node, time)


def agent(node: scenes.Node, time: float, event: Mapping[str, Any]) -> str:
    """Return the line of something that the agent did itself."""
    return _closed(_rendered("agent_event", event), node, time)


def stamp(time: float) -> str:
    """Return a time in UTC with nine digits of a second."""
    whole = int(time)
    moment = datetime.fromtimestamp(whole, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{int((time - whole) * 1e9):09d}Z"


def _rendered(name: str, content: Mapping[str, Any]) -> str:
    return f'"{name}":{json.dumps(content, separators=(",", ":"))}'


def _closed(body: str, node: scenes.Node, time: float) -> str:
    return f'{{{body},"node_name":"{node.name}","time":"{stamp(time)}"}}\n'
