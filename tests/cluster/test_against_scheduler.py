"""Our constraints against the real scheduler, pod by pod.

Pods with random wishes are made one after the other. Where the scheduler puts one, our checks must
say that it may be; where it leaves one Pending, they must refuse every node.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from shorthaul.cluster import checkers
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.cluster.snapshots import Pod, Snapshot
from shorthaul.cluster.worlds import World
from shorthaul.kube import conversions
from shorthaul.units import Namespace, PodRef
from testbed import clients, controlplanes, nodes

pytestmark = pytest.mark.controlplane

HOST = nodes.HOSTNAME_LABEL
ZONE = nodes.ZONE_LABEL
APPS = ("cart", "web", "db")
PODS_EACH = 30
RULES = Rules(WorkloadRules(least_hosts=1))


@pytest.fixture
def rooms(control_plane: controlplanes.ControlPlane) -> Iterator[clients.Client]:
    """Eight small nodes: three zones, one node without a zone, one tainted, two kinds of disk.

    Their names are new, as the scheduler may still know pods of the last test on the last nodes.
    """
    client = control_plane.client
    prefix = f"rooms-{uuid.uuid4().hex[:8]}"
    made = [
        nodes.node(
            f"{prefix}-{i}",
            zone=f"z{i % 3}" if i != 7 else None,
            cpu="1",
            pods=8,
            labels={"disk": "ssd" if i % 2 else "hdd"},
            taints=[{"key": "team", "value": "blue", "effect": "NoSchedule"}] if i == 5 else [],
        )
        for i in range(8)
    ]
    nodes.add(client, made)
    yield client
    for one in made:
        client.delete("nodes", one["metadata"]["name"])


def snapshot_of(client: clients.Client) -> Snapshot:
    def read(reader: conversions.Reader[Any, Any], resource: str) -> list[Any]:
        return [reader.decode(json.dumps(raw).encode()) for raw in client.list(resource)]

    return conversions.snapshot_of(
        conversions.Parts(
            nodes=read(conversions.NODES, "nodes"),
            pods=read(conversions.PODS, "pods"),
            namespaces=read(conversions.NAMESPACES, "namespaces"),
        )
    )


def app_selector(app: str) -> dict[str, Any]:
    return {"matchLabels": {"app": app}}


def affinity_term(chance: random.Random) -> dict[str, Any]:
    term: dict[str, Any] = {
        "topologyKey": chance.choice([HOST, ZONE]),
        "labelSelector": app_selector(chance.choice(APPS)),
    }
    if chance.random() < 0.2:
        term["namespaceSelector"] = {}
    if chance.random() < 0.1:
        term["labelSelector"] = {}
    return term


def wishes(chance: random.Random, app: str) -> dict[str, Any]:
    """One kind of wish that the scheduler must honour, sometimes two."""
    asked: dict[str, Any] = {}
    for _ in range(chance.choice([0, 1, 1, 2])):
        match chance.randrange(7):
            case 0:
                term = affinity_term(chance)
                required = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
                asked.setdefault("affinity", {})["podAntiAffinity"] = required
            case 1:
                term = affinity_term(chance)
                required = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
                asked.setdefault("affinity", {})["podAffinity"] = required
            case 2 | 3:
                asked["topologySpreadConstraints"] = spread(chance, app)
            case 4:
                asked["nodeSelector"] = {"disk": "ssd"}
            case 5:
                place = {"key": ZONE, "operator": "NotIn", "values": ["z0"]}
                terms = {"nodeSelectorTerms": [{"matchExpressions": [place]}]}
                required = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
                asked.setdefault("affinity", {})["nodeAffinity"] = required
            case _:
                asked["tolerations"] = [{"key": "team", "operator": "Exists"}]
    return asked


def spread(chance: random.Random, app: str) -> list[dict[str, Any]]:
    keys = chance.choice([[HOST], [ZONE], [HOST, ZONE]])
    return [
        {
            "topologyKey": key,
            "maxSkew": chance.choice([1, 1, 2]),
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": app_selector(app),
            "matchLabelKeys": chance.choice([[], ["round"]]),
            "nodeTaintsPolicy": chance.choice(["Honor", "Ignore"]),
            "nodeAffinityPolicy": chance.choice(["Honor", "Ignore"]),
            **({"minDomains": chance.choice([2, 4])} if chance.random() < 0.3 else {}),
        }
        for key in keys
    ]


def containers(chance: random.Random) -> dict[str, Any]:
    def one(name: str, **more: Any) -> dict[str, Any]:
        cpu = chance.choice(["50m", "100m", "250m"])
        return {"name": name, "image": "x", "resources": {"requests": {"cpu": cpu}}, **more}

    main = one("main")
    if chance.random() < 0.15:
        main["ports"] = [{"containerPort": 80, "hostPort": chance.choice([80, 81])}]
    starting = []
    if chance.random() < 0.3:
        starting.append(one("mesh", restartPolicy="Always"))
    if chance.random() < 0.3:
        starting.append(one("migrate"))
    return {"containers": [main], "initContainers": starting}


def random_pod(chance: random.Random, name: str) -> dict[str, Any]:
    app = chance.choice(APPS)
    labels = {"app": app, "round": chance.choice(["1", "2"])}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {**containers(chance), **wishes(chance, app), "terminationGracePeriodSeconds": 0},
    }


def verdict_of(client: clients.Client, name: str, namespace: str) -> str | None:
    """The node that the scheduler chose, "" for none, None while it has not decided."""
    found = client.get("pods", name, namespace)
    if found["spec"].get("nodeName"):
        return str(found["spec"]["nodeName"])
    told = [
        part for part in found["status"].get("conditions", ()) if part["type"] == "PodScheduled"
    ]
    return "" if told and told[0].get("reason") == "Unschedulable" else None


def feasible(snapshot: Snapshot, ours: Pod) -> dict[str, tuple[str, ...]]:
    """Why each node is refused to a pod that is nowhere yet; empty for a node where it may be."""
    world = World(snapshot, RULES)
    return {
        name: tuple(
            reason.code for reason in checkers.check_target(ours, world.nodes[name], world, RULES)
        )
        for name in world.nodes
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_scheduler_and_our_checks_agree(rooms: clients.Client, namespace: str, seed: int):
    chance = random.Random(seed)
    bound = 0

    for number in range(PODS_EACH):
        name = f"pod-{number}"
        raw = random_pod(chance, name)
        rooms.create(raw, namespace)
        rooms.wait_for(
            lambda name=name: verdict_of(rooms, name, namespace) is not None,
            what=f"a verdict of the scheduler on {name}",
        )
        chosen = verdict_of(rooms, name, namespace)
        snapshot = snapshot_of(rooms)
        answers = feasible(snapshot, snapshot.pods[PodRef(Namespace(namespace), name)])
        if chosen:
            bound += 1
            assert answers[chosen] == (), (raw["spec"], chosen)
        else:
            assert () not in answers.values(), (raw["spec"], answers)
            rooms.delete("pods", name, namespace, grace_seconds=0)

    assert bound > 0
