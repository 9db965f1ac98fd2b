"""A cluster as `kubectl get … -o json` prints it: who owns a pod, where it is, what it asks.

Plain dictionaries, read without the product's code. A pod belongs to its topmost controller that
the dump tells of; a pod without one, or with a Node for one (static), is its own. A pod that is
gone belongs to whom the flow lines named, if the dump knows that workload, else to the one
workload that Kubernetes' naming leaves.
"""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from worlds.raw.lines import End, text_of

ZONE = "topology.kubernetes.io/zone"
TIERS = ("host", "rack", "zone", "region", "beyond")
DISTANCES = dict(zip(TIERS, (0, 1, 3, 10, 30), strict=True))
_LABELS = {
    "rack": "topology.shorthaul.dev/rack",
    "zone": ZONE,
    "region": "topology.kubernetes.io/region",
}
_CONTROLLERS = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
)


@dataclass
class Dump:
    """The objects of a cluster."""

    items: list[dict]

    @cached_property
    def nodes(self) -> dict[str, dict]:
        """Nodes by name."""
        return {one["metadata"]["name"]: one for one in self.of("Node")}

    @cached_property
    def pods(self) -> dict[End, dict]:
        """All pods, finished ones too."""
        return {_end(pod): pod for pod in self.of("Pod")}

    @cached_property
    def owners(self) -> dict[End, End]:
        """The workload of each pod."""
        return {pod: self._owner(raw) for pod, raw in self.pods.items()}

    @cached_property
    def places(self) -> dict[End, str]:
        """The node of each pod that can exchange traffic: on a node, not finished, not going."""
        return {
            pod: raw["spec"]["nodeName"]
            for pod, raw in self.pods.items()
            if active(raw)
            and "deletionTimestamp" not in raw["metadata"]
            and raw["spec"].get("nodeName") in self.nodes
        }

    def of(self, kind: str) -> list[dict]:
        """All objects of a kind."""
        return [item for item in self.items if item["kind"] == kind]

    def workload(self, end: End, named: dict[End, End]) -> End | None:
        """Whose an end of traffic is; None when nothing tells."""
        if end[1] != "Pod":
            return self._known(end)
        if end in self.owners:
            return self.owners[end]
        return (self._known(named[end]) if end in named else None) or self._by_name(end)

    def tier(self, one: str, other: str) -> str:
        """The nearest tier that two nodes share; one without the label shares it with nobody."""
        if one == other:
            return "host"
        for tier in _LABELS:
            if self.group(one, tier) and self.group(one, tier) == self.group(other, tier):
                return tier
        return "beyond"

    def group(self, node: str, tier: str) -> str | None:
        """A node's rack, zone or region."""
        return self.nodes[node]["metadata"].get("labels", {}).get(_LABELS[tier])

    @cached_property
    def _workloads(self) -> set[End]:
        listed = {_end(one): one for kind in _CONTROLLERS for one in self.of(kind)}
        between = ("ReplicaSet", "Job")
        top = {end for end, one in listed.items() if end[1] not in between or not controller(one)}
        return {*top, *self.owners.values()}

    @cached_property
    def _parents(self) -> dict[End, End]:
        """Whose each ReplicaSet and Job is, itself where nobody owns it."""
        found = {}
        for one in (*self.of("ReplicaSet"), *self.of("Job")):
            above = controller(one)
            end = _end(one)
            found[end] = (end[0], above["kind"], above["name"]) if above else end
        return found

    def _owner(self, pod: dict) -> End:
        above = controller(pod)
        if above is None or above["kind"] == "Node":
            return _end(pod)
        direct = (pod["metadata"]["namespace"], above["kind"], above["name"])
        if direct in self._parents:
            return self._parents[direct]
        hashed = pod["metadata"].get("labels", {}).get("pod-template-hash")
        if direct[1] == "ReplicaSet" and hashed and direct[2].endswith(f"-{hashed}"):
            return (direct[0], "Deployment", direct[2].removesuffix(f"-{hashed}"))
        return direct

    def _known(self, end: End) -> End | None:
        return end if end in self._workloads else self._parents.get(end)

    def _by_name(self, pod: End) -> End | None:
        namespace, _, name = pod
        found = set()
        if match := re.fullmatch(r"(.+)-[a-z0-9]{5}", name):
            found |= {self._parents.get((namespace, "ReplicaSet", match[1]))}
            found |= {(namespace, kind, match[1]) for kind in _CONTROLLERS[2:6]}
        if match := re.fullmatch(r"(.+)-[a-z0-9]{1,10}-[a-z0-9]{5}", name):
            found.add((namespace, "Deployment", match[1]))
        if match := re.fullmatch(r"(.+)-[0-9]+", name):
            found.add((namespace, "StatefulSet", match[1]))
        known = found & self._workloads
        return known.pop() if len(known) == 1 else None


def read_dump(path: Path) -> Dump:
    """The objects of a file."""
    return Dump(json.loads(text_of(path))["items"])


def active(pod: dict) -> bool:
    """Whether a pod is not finished."""
    return pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")


def ready(pod: dict) -> bool:
    """Whether a pod takes traffic."""
    conditions = pod.get("status", {}).get("conditions", [])
    states = {one["type"]: one["status"] for one in conditions}
    return states.get("Ready", "True") == "True"


def controller(one: dict) -> dict | None:
    """The owner that manages an object."""
    owners = one["metadata"].get("ownerReferences", [])
    return next((owner for owner in owners if owner.get("controller")), None)


def has(wanted: dict, labels: dict) -> bool:
    """Whether labels have all that a plain selector wants."""
    return all(labels.get(key) == value for key, value in wanted.items())


def selects(selector: dict, labels: dict) -> bool:
    """Whether a label selector takes in these labels."""
    wanted = has(selector.get("matchLabels", {}), labels)
    return wanted and matches(selector.get("matchExpressions", []), labels)


def matches(expressions: list[dict], labels: dict) -> bool:
    """Whether all of some label expressions hold."""
    for one in expressions:
        value, values = labels.get(one["key"]), one.get("values", [])
        holds = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not holds[one["operator"]]:
            return False
    return True


def _end(one: dict) -> End:
    return one["metadata"].get("namespace", ""), one["kind"], one["metadata"]["name"]
