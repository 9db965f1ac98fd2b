"""Records the shop for offline use: what `kubectl get … -o json` prints, and Hubble export files.

The pods stand still and time is made up, so a minute of traffic takes seconds and the same seed
over the same placement gives the same files. `shorthaul plan` reads what comes out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from demoshop import clusters, exports, observers, player, players, stages, talks, truths
from testbed import clients, nodes

KINDS = {
    "nodes": ("v1", "Node"),
    "namespaces": ("v1", "Namespace"),
    "pods": ("v1", "Pod"),
    "services": ("v1", "Service"),
    "endpointslices.discovery.k8s.io": ("discovery.k8s.io/v1", "EndpointSlice"),
    "deployments.apps": ("apps/v1", "Deployment"),
    "replicasets.apps": ("apps/v1", "ReplicaSet"),
    "statefulsets.apps": ("apps/v1", "StatefulSet"),
    "daemonsets.apps": ("apps/v1", "DaemonSet"),
    "jobs.batch": ("batch/v1", "Job"),
    "poddisruptionbudgets.policy": ("policy/v1", "PodDisruptionBudget"),
}
STEP_SECONDS = 0.25
CLUSTER_FILE = "cluster.json.gz"
TRUTH_FILE = "truth.jsonl"
AGE_SECONDS = 3600.0


def record(client: clients.Client, folder: Path, *, seconds: float, seed: int) -> truths.Entry:
    """Write the cluster and this much of its traffic to a folder; return what was really sent."""
    folder.mkdir(parents=True, exist_ok=True)
    found = dump(client)
    _write_compressed(folder / CLUSTER_FILE, json.dumps(found))
    stage = player.Stage(client.endpoint)
    stage.start()
    entry = play(stage, folder, (youngest(found) + AGE_SECONDS, seconds), seed=seed)
    with (folder / TRUTH_FILE).open("w") as file:
        truths.write(file, entry)
    return entry


def dump(client: clients.Client) -> dict[str, Any]:
    """Return everything that planning looks at, as one List."""
    items = [
        {"apiVersion": version, "kind": kind, **_without_bookkeeping(one)}
        for resource, (version, kind) in KINDS.items()
        for one in client.list(resource)
    ]
    return {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}


def youngest(found: dict[str, Any]) -> float:
    """Return when the last object of a dump was made."""
    stamps = (one["metadata"]["creationTimestamp"] for one in found["items"])
    return max(datetime.fromisoformat(stamp).timestamp() for stamp in stamps)


def play(
    stage: player.Stage, folder: Path, span: tuple[float, float], *, seed: int
) -> truths.Entry:
    """Play over the pods as they stand, write one compressed file a node, return the account.

    The span is the first moment and the seconds; time is made up, but later than the pods.
    """
    start, seconds = span
    source = random.Random(seed)
    one = players.Player(talks.read(), source, observers.Observers(source))
    files = exports.Exports(folder / "hubble", max_bytes=2**62)
    for number in range(int(seconds / STEP_SECONDS)):
        moment = start + number * STEP_SECONDS
        one.play(moment, STEP_SECONDS, stage.now())
        files.write(moment, dict(one.observers.take()))
    files.close()
    for path in sorted((folder / "hubble").glob("*/events.log")):
        _write_compressed(folder / "hubble" / f"{path.parent.name}.json.gz", path.read_text())
        shutil.rmtree(path.parent)
    return one.account(start, seconds)


def _without_bookkeeping(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object without what kubectl leaves out as well."""
    metadata = {name: one for name, one in found["metadata"].items() if name != "managedFields"}
    return {**found, "metadata": metadata}


def _write_compressed(path: Path, text: str) -> None:
    """Write a file whose bytes depend on its content only, not on when it was made."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text.encode())


def main() -> None:
    """Bring a cluster with the shop up, record it, and take it down."""
    parser = argparse.ArgumentParser(prog="recordings", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="where the recording goes")
    parser.add_argument("--seconds", type=float, default=60.0, help="how much traffic")
    parser.add_argument("--seed", type=int, default=1, help="seed of all randomness")
    arguments = parser.parse_args()
    stage = stages.make(keep=False)
    try:
        client = stage.start()
        nodes.add(client, list(clusters.shop_nodes()))
        clusters.deploy(client, clusters.shop_objects())
        entry = record(client, arguments.folder, seconds=arguments.seconds, seed=arguments.seed)
    finally:
        stage.end(keep_logs=False)
    print(f"recorded {sum(entry.packets.values())} flows in {arguments.folder}")


if __name__ == "__main__":
    main()
