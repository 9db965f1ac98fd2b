"""The cluster's own check: does real traffic cross real links, and is a move felt by the pods?

A server and two clients of it, one in the same rack and one in another, over uplinks that are
narrower than what the far client asks for. Looked at are the clients' own counts and the uplinks'
interface counters, which know nothing of each other. Then the far client is evicted while its rack
is cordoned, and the same is looked at again.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from realnodes import clusters, hubblesmokes, ownimages
from testbed import progress

MANIFEST = Path(__file__).parent / "manifests" / "echo.yaml"
NAMESPACE = "smoke"
BANDWIDTH = "10mbit"
BANDWIDTH_BYTES = 10e6 / 8
REQUEST_BYTES = 200_000
WINDOW_SECONDS = 10.0
REPORTS_IN_WINDOW = 4
READY_SECONDS = 90.0
# Headers, handshakes and names come on top of what a client counts, and windows do not coincide.
LEAST_SHARE, MOST_SHARE = 0.9, 1.25
BURST_SHARE = 1.1
LEFT_SHARE = 0.05
REPORT = re.compile(
    r"requests=(\d+) failures=(\d+) bytes=(\d+) seconds=([\d.]+) median_ms=([\d.]+)"
)


class Failed(Exception):
    """A check did not hold; the message has the numbers."""


@dataclass(frozen=True, slots=True)
class Felt:
    """What a client told of its last seconds."""

    bytes_per_second: float
    median_milliseconds: float
    failures: int


@dataclass(frozen=True, slots=True)
class Window:
    """What clients and links told of the same seconds."""

    near: Felt
    far: Felt
    crossed_bytes_per_second: float


def run(cluster: clusters.Cluster) -> None:
    """Check a cluster of at least two racks that nothing else runs on."""
    _deploy(cluster)
    cluster.shape(BANDWIDTH)
    apart = _window(cluster)
    _tell("apart", apart)
    check_apart(apart)
    _move(cluster)
    together = _window(cluster)
    _tell("together", together)
    check_together(apart, together)
    if cluster.layout.cni == "cilium":
        hubblesmokes.run(cluster)


def check_apart(found: Window) -> None:
    """Check that the link is felt, by the far client only, and that its counter agrees."""
    physical = REQUEST_BYTES / BANDWIDTH_BYTES * 1e3
    _demand(found.near.failures + found.far.failures == 0, f"requests failed: {found}")
    _demand(
        found.far.median_milliseconds > physical / 2,
        f"a far request took {found.far.median_milliseconds} ms, the link alone takes {physical}",
    )
    _demand(
        found.near.median_milliseconds < found.far.median_milliseconds / 3,
        f"the near client is not nearer: {found}",
    )
    share = found.crossed_bytes_per_second / found.far.bytes_per_second
    _demand(
        LEAST_SHARE < share < MOST_SHARE,
        f"the uplink carried {share:.2f} of what the far client received: {found}",
    )
    _demand(
        found.crossed_bytes_per_second < BANDWIDTH_BYTES * BURST_SHARE,
        f"the uplink carried more than its {BANDWIDTH_BYTES:.0f} bytes/s: {found}",
    )


def check_together(before: Window, after: Window) -> None:
    """Check that the move took the traffic off the link, and that the client feels it."""
    _demand(after.far.failures == 0, f"requests failed after the move: {after}")
    _demand(
        after.crossed_bytes_per_second < before.crossed_bytes_per_second * LEFT_SHARE,
        f"traffic between racks did not fall: {before.crossed_bytes_per_second:.0f} to "
        f"{after.crossed_bytes_per_second:.0f} bytes/s",
    )
    _demand(
        after.far.median_milliseconds < before.far.median_milliseconds / 3,
        f"the moved client's requests take {after.far.median_milliseconds} ms, "
        f"before {before.far.median_milliseconds} ms",
    )


def _deploy(cluster: clusters.Cluster) -> None:
    cluster.import_image(ownimages.find(ownimages.ECHO))
    cluster.client.apply(MANIFEST.read_text())
    started = time.monotonic()
    cluster.client.wait_for(
        lambda: _ready(cluster) == 3, timeout_seconds=READY_SECONDS, what="three ready pods"
    )
    progress.say(f"pods ready in {time.monotonic() - started:.1f} s")


def _ready(cluster: clusters.Cluster) -> int:
    found = cluster.client.list("deployments.apps", NAMESPACE)
    return sum(one.get("status", {}).get("readyReplicas", 0) for one in found)


def _move(cluster: clusters.Cluster) -> None:
    client = cluster.client
    for node in cluster.layout.nodes:
        if node.rack != "a":
            client.patch("nodes", node.name, {"spec": {"unschedulable": True}})
    old = client.list("pods", NAMESPACE, labels="app=far")[0]["metadata"]
    started = time.monotonic()
    client.evict(old["name"], NAMESPACE, uid=old["uid"])

    def moved() -> bool:
        pods = client.list("pods", NAMESPACE, labels="app=far")
        return [_is_ready(pod) and pod["metadata"]["uid"] != old["uid"] for pod in pods] == [True]

    client.wait_for(moved, timeout_seconds=READY_SECONDS, what="the evicted client's successor")
    progress.say(f"moved in {time.monotonic() - started:.1f} s")


def _is_ready(pod: dict[str, object]) -> bool:
    status = pod["status"]
    assert isinstance(status, dict)
    return any(
        one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions", ())
    )


def _window(cluster: clusters.Cluster) -> Window:
    """Let what was before the change pass, then count for the length of a window."""
    time.sleep(WINDOW_SECONDS / 2)
    rate = _crossed(cluster)
    return Window(_felt(cluster, "near"), _felt(cluster, "far"), rate())


def _crossed(cluster: clusters.Cluster) -> Callable[[], float]:
    before, started = cluster.interface_bytes(), time.monotonic()
    time.sleep(WINDOW_SECONDS)

    def rate() -> float:
        seconds = time.monotonic() - started
        after = cluster.interface_bytes()
        sent = sum(after[rack].out_of_rack - one.out_of_rack for rack, one in before.items())
        return sent / seconds

    return rate


def _felt(cluster: clusters.Cluster, client: str) -> Felt:
    text = cluster.kubectl("-n", NAMESPACE, "logs", f"deployment/{client}", "--tail=40")
    reports = [match.groups() for match in REPORT.finditer(text)][-REPORTS_IN_WINDOW:]
    if len(reports) < REPORTS_IN_WINDOW:
        raise Failed(f"client {client} told nothing for a whole window: {text[-300:]!r}")
    return Felt(
        bytes_per_second=sum(int(one[2]) for one in reports)
        / sum(float(one[3]) for one in reports),
        median_milliseconds=statistics.median(float(one[4]) for one in reports),
        failures=sum(int(one[1]) for one in reports),
    )


def _tell(when: str, found: Window) -> None:
    progress.say(
        f"{when}: {found.crossed_bytes_per_second / 1e3:.0f} kB/s between racks, "
        f"far {found.far.median_milliseconds:.1f} ms, near {found.near.median_milliseconds:.1f} ms"
    )


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)
