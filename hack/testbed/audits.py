"""What the API server writes down about requests, and how tests read it back.

The audit log is the witness that does not depend on what the operator says about itself: which
evictions it asked for, in which order, as whom, and what was answered. Reads are recorded for
ServiceAccounts only, where they show missing rights; the bodies of Secrets never are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

WRITES = ["create", "update", "patch", "delete", "deletecollection"]
POD_RESOURCES = ["pods", "pods/eviction", "pods/binding"]
POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {
            "level": "RequestResponse",
            "verbs": WRITES,
            "resources": [{"group": "", "resources": ["pods/eviction"]}],
        },
        {
            "level": "RequestResponse",
            "verbs": WRITES,
            "resources": [{"group": "shorthaul.dev"}],
        },
        {
            "level": "Request",
            "verbs": ["create", "delete", "deletecollection"],
            "resources": [{"group": "", "resources": POD_RESOURCES}],
        },
        {"level": "None", "resources": [{"group": "coordination.k8s.io"}], "users": ["kwok"]},
        {"level": "Metadata", "verbs": WRITES},
        {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
        {"level": "None"},
    ],
}


def write_policy(path: Path) -> None:
    """Write the audit policy for the API server to read."""
    path.write_text(yaml.safe_dump(POLICY, sort_keys=False))


def read(log: Path) -> Iterator[dict[str, Any]]:
    """Yield the recorded events, oldest first; a line that is still being written is left out."""
    if not log.exists():
        return
    with log.open() as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)


def evictions(log: Path) -> list[dict[str, Any]]:
    """Return the requests to evict a pod, real and dry-run, oldest first."""
    return [
        event
        for event in read(log)
        if event.get("objectRef", {}).get("resource") == "pods"
        and event["objectRef"].get("subresource") == "eviction"
    ]
