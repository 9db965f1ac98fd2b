"""Records a cluster for use without it: its objects, and the flows that its collectors spooled.

What comes out is what `shorthaul plan` and `shorthaul record --netflow` read: a List of objects as
`kubectl get … -o json` prints them, the collectors' windows as they serve them, and, on Cilium, the
events of each node's Hubble as it exports them.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from realnodes import clusters
from realshop import deployments, installs, spools

CLUSTER_FILE = "cluster.json.gz"
FLOWS_FILE = "flows.jsonl.gz"
EVENTS_FOLDER = "hubble"
IDENTITIES = frozenset({"machineID", "systemUUID", "bootID"})


def record(cluster: clusters.Cluster, folder: Path, seconds: float) -> Iterator[Path]:
    """Wait for so much traffic, write the files and yield where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    since = time.time() * 1000
    time.sleep(seconds + installs.Pace().window_seconds)
    lines = [
        line
        for collector in spools.collectors(cluster)
        for window in spools.windows(cluster, collector)
        if window["start_ms"] >= since
        for line in spools.lines(cluster, collector, window)
    ]
    if lines:
        _write(folder / FLOWS_FILE, b"\n".join(lines) + b"\n")
        yield folder / FLOWS_FILE
    if cluster.layout.cni == "cilium":
        for node, path in cluster.hubble_exports.items():
            target = folder / EVENTS_FOLDER / f"{node}.json.gz"
            target.parent.mkdir(exist_ok=True)
            _write(target, b"".join(events(path.read_bytes(), since / 1000)))
            yield target
    found = [without_bookkeeping(one) for one in deployments.dump(cluster)]
    listed = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": found}
    _write(folder / CLUSTER_FILE, json.dumps(listed).encode())
    yield folder / CLUSTER_FILE


def events(exported: bytes, since: float) -> Iterator[bytes]:
    """Yield the whole lines of an export that tell of flows from a moment on."""
    for line in exported.splitlines(keepends=True):
        if line.endswith(b"\n") and _seconds(json.loads(line)) >= since:
            yield line


def _seconds(told: dict[str, Any]) -> float:
    """Return when a line is of; its fraction has nine digits, more than Python reads."""
    whole, _, rest = str(told["time"]).partition(".")
    fraction = rest.rstrip("Z")[:6] or "0"
    moment = datetime.fromisoformat(f"{whole.rstrip('Z')}+00:00")
    return moment.timestamp() + float(f"0.{fraction}")


def without_bookkeeping(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object without what nobody reads, and without what names one machine."""
    metadata = {name: one for name, one in found["metadata"].items() if name != "managedFields"}
    kept = {**found, "metadata": metadata}
    about = found.get("status", {}).get("nodeInfo")
    if about:
        named = {name: "" if name in IDENTITIES else one for name, one in about.items()}
        kept["status"] = {**found["status"], "nodeInfo": named}
    return kept


def _write(path: Path, content: bytes) -> None:
    """Write a file whose bytes depend on its content only, not on when it was made."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(content)
