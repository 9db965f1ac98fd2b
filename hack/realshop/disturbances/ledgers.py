"""The operator's ledger beside the collectors' own windows, read where they are kept.

A known pair of pods that say nothing to each other is told of by an exporter of our own on the
receiver's node, so that what was told, what a collector accepted and what the ledger counted are
three numbers of the same thing, each read in another way.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from realnodes import clusters, namespaces
from realshop import deployments, followings, installs, own_commands, shops, spools
from testbed import connections

VOLUME, MOUNT, FILE = "ledger", "/ledger", "counts.ledger"
TRUE_DOMAIN, FORGED_DOMAIN = 8_888, 7_777
"""Observation domains, by which the records that a test tells are known among all others."""
TEMPLATE = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, 8), (2, 8), (152, 8), (153, 8))
TEMPLATE_ID = 256
PORTS, TCP = (40_000, 8_080), 6
PERIOD_SECONDS = 1.0
RECORD_BYTES = 10_007
TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Told:
    """One record of an exporter: who sent to whom, and how much."""

    source: str
    destination: str
    bytes: int


def message(found: Iterable[Told], sequence: int, now: float, domain: int) -> bytes:
    """Return an IPFIX message with its template and some records of the last second."""
    rows = b"".join(_row(one, int(now * 1000)) for one in found)
    fields = b"".join(struct.pack(">HH", *field) for field in TEMPLATE)
    template = _set(2, struct.pack(">HH", TEMPLATE_ID, len(TEMPLATE)) + fields)
    content = template + _set(TEMPLATE_ID, rows)
    return struct.pack(">HHIII", 10, 16 + len(content), int(now), sequence, domain) + content


class Exporter(followings.Following):
    """Tells of bytes between two services once a second, from the receiver's node.

    Addresses are looked up each time, since pods move; while a service has no ready pod, nothing
    is told of. `sent` is what was told so far, whoever heard it.
    """

    period_seconds = PERIOD_SECONDS

    def __init__(self, cluster: clusters.Cluster, pair: tuple[str, str]) -> None:
        """Take the two services; nothing is sent yet."""
        super().__init__(cluster)
        self._pair = pair
        self._sequence: dict[str, int] = {}
        self._sockets: dict[str, socket.socket] = {}
        self.sent = 0

    def __exit__(self, *found: object) -> None:
        """End."""
        super().__exit__(*found)
        for each in self._sockets.values():
            each.close()

    def _look(self) -> None:
        """Tell of one second; where nobody listens or answers, the next second tells again."""
        with contextlib.suppress(connections.ApiError, connections.Unreachable, OSError):
            self._tell()

    def _tell(self) -> None:
        client, server = (self._pod(name) for name in self._pair)
        collectors = {pod["spec"]["nodeName"]: pod for pod in spools.collectors(self._cluster)}
        if client is None or server is None:
            return
        node = server["spec"]["nodeName"]
        if node not in collectors:
            return
        told = Told(client["status"]["podIP"], server["status"]["podIP"], RECORD_BYTES)
        number = self._sequence.get(node, 0)
        self._sequence[node] = number + 1
        address = collectors[node]["status"]["podIP"]
        datagram = message([told], number, time.time(), TRUE_DOMAIN)
        self._socket(node).sendto(datagram, (address, installs.IPFIX_PORT))
        self.sent += RECORD_BYTES

    def _socket(self, node: str) -> socket.socket:
        """Return the one that all of a node is told from: another one were another process."""
        if node not in self._sockets:
            layout = self._cluster.layout
            with namespaces.inside(layout.namespace(layout.node(node))):
                self._sockets[node] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        return self._sockets[node]

    def _pod(self, name: str) -> Mapping[str, Any] | None:
        found = [
            pod
            for pod in deployments.ready(self._cluster)
            if pod["metadata"]["labels"]["app"] == name
        ]
        return min(found, key=lambda pod: str(pod["metadata"]["name"]), default=None)


def send(address: str, datagram: bytes) -> None:
    """Send one datagram to a collector from a socket of its own, where the thread is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(datagram, (address, installs.IPFIX_PORT))


def accepted(cluster: clusters.Cluster, domain: int) -> int:
    """Return the bytes of a domain's records in all windows that collectors have closed."""
    return sum(_bytes_in(cluster, pod, domain) for pod in spools.collectors(cluster))


def counted(cluster: clusters.Cluster, pair: tuple[str, str]) -> int:
    """Return the bytes that the ledger holds from one service to another."""
    names = [f"{shops.NAMESPACE}/{name}" for name in pair]
    return sum(row["bytes"] for row in balances(cluster, *names))


def balances(cluster: clusters.Cluster, source: str, destination: str) -> list[dict[str, Any]]:
    """Return what the ledger holds from some senders to some receivers; patterns as in reports."""
    ends = [f"--source={source}", f"--destination={destination}"]
    told = json.loads(_ledger(cluster, "report", *ends, "-o", "json"))
    return list(told["balances"])


def is_sound(cluster: clusters.Cluster) -> bool:
    """Tell whether the ledger's counters hold exactly the records that were taken."""
    return _ledger(cluster, "check").startswith("sound")


def operator_pod(cluster: clusters.Cluster) -> dict[str, Any]:
    """Return the operator's pod that is not ending."""
    found = [
        pod
        for pod in cluster.client.list("pods", installs.NAMESPACE)
        if pod["spec"]["containers"][0]["name"] == "operator"
        and "deletionTimestamp" not in pod["metadata"]
    ]
    return found[0]


def _ledger(cluster: clusters.Cluster, command: str, *arguments: str) -> str:
    """Run a command of the ledger on the volume of the operator's pod, as it lies on its node."""
    pod = operator_pod(cluster)
    node = cluster.layout.node(pod["spec"]["nodeName"])
    pods = cluster.layout.folder(node) / "var/lib/kubelet/pods"
    path = pods / pod["metadata"]["uid"] / "volumes/kubernetes.io~empty-dir" / VOLUME / FILE
    try:
        return own_commands.run(
            "ledger", command, "--ledger", str(path), *arguments, seconds=TIMEOUT_SECONDS
        )
    except own_commands.CommandFailed as failed:
        raise OSError(str(failed)) from failed


def _bytes_in(cluster: clusters.Cluster, collector: spools.Pod, domain: int) -> int:
    return sum(
        told["bytes"]
        for window in spools.windows(cluster, collector)
        if window["records"]
        for told in map(json.loads, spools.lines(cluster, collector, window))
        if told.get("domain") == domain
    )


def _row(told: Told, now: int) -> bytes:
    ends = socket.inet_aton(told.source) + socket.inet_aton(told.destination)
    return ends + struct.pack(">HHBQQQQ", *PORTS, TCP, told.bytes, 10, now - 1000, now)


def _set(number: int, content: bytes) -> bytes:
    return struct.pack(">HH", number, 4 + len(content)) + content
