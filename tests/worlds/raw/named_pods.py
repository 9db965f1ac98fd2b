"""An invented cluster for real flow lines that came without one: their pods, on four nodes.

Only the lines are real. Each pod that they name, and that its name says a ReplicaSet made, becomes
a replica of a Deployment without a Service; the pods go round the nodes of two zones, by name.
"""

import re
from pathlib import Path

from worlds.raw.dumps import ZONE
from worlds.raw.lines import events_of

NODES = {"n1": "zone-a", "n2": "zone-a", "n3": "zone-b", "n4": "zone-b"}


def cluster_of(flows: Path) -> dict:
    """The list of objects, as kubectl prints it."""
    named = set()
    for event in events_of([flows]):
        for side in ("source", "destination"):
            end = event.get("flow", {}).get(side, {})
            if end.get("pod_name") and end.get("namespace"):
                named.add((end["namespace"], end["pod_name"]))
    items = [node(name, zone) for name, zone in NODES.items()]
    replicas = [
        pod for pod in sorted(named) if re.fullmatch(r".+-[a-z0-9]{6,10}-[a-z0-9]{5}", pod[1])
    ]
    for i, (namespace, pod) in enumerate(replicas):
        items += replica(namespace, pod, sorted(NODES)[i % len(NODES)])
    known = {
        (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]): one
        for one in items
    }
    return {"apiVersion": "v1", "kind": "List", "items": list(known.values())}


def node(name: str, zone: str) -> dict:
    """A node with room enough."""
    labels = {"kubernetes.io/hostname": name, ZONE: zone, "topology.kubernetes.io/region": "lab"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "uid": name, "labels": labels},
        "spec": {},
        "status": {
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def replica(namespace: str, pod: str, at: str) -> list[dict]:
    """A pod, its ReplicaSet and its Deployment; the later ones are the same for all replicas."""
    owned = pod.rpartition("-")[0]
    name, _, hashed = owned.rpartition("-")
    labels = {"app": name, "pod-template-hash": hashed}
    made = []
    for kind, called, owner in (
        ("Pod", pod, ("ReplicaSet", owned)),
        ("ReplicaSet", owned, ("Deployment", name)),
        ("Deployment", name, None),
    ):
        meta = {"name": called, "namespace": namespace, "uid": f"{kind}-{called}", "labels": labels}
        if owner:
            above = {"kind": owner[0], "name": owner[1], "uid": "-".join(owner), "controller": True}
            meta["ownerReferences"] = [{"apiVersion": "apps/v1", **above}]
        made.append({"apiVersion": "apps/v1", "kind": kind, "metadata": meta})
    made[0] |= {"apiVersion": "v1", "status": {"phase": "Running"}}
    requests = {"cpu": "500m", "memory": "256Mi"}
    container = {"name": name, "image": "example.org/app:1", "resources": {"requests": requests}}
    made[0]["spec"] = {"nodeName": at, "containers": [container]}
    return made
