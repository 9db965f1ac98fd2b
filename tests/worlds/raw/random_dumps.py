"""Random small clusters as `kubectl get … -o json` prints them, from a seed alone.

Three zones, some with racks; nodes that are cordoned, not ready or tainted; Deployments behind
Services with and without `trafficDistribution`, a StatefulSet behind a headless Service, a
DaemonSet and a bare pod. EndpointSlices carry the hints that Kubernetes' controller gives, or none,
as where a data plane's controller does not give them. Pods are where a scheduler that knows nothing
of traffic might have put them.
"""

from dataclasses import dataclass, field
from random import Random

from worlds.raw.dumps import ZONE

_NAMES = ("web", "cart", "catalog", "search", "stock", "mail", "ads", "users")
_WISHES = ("", "", "PreferSameZone", "PreferSameNode", "PreferClose")
_STARTED = "2026-03-02T08:00:00Z"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


@dataclass
class Workload:
    """One workload of a random cluster: its pods and what its Service does."""

    namespace: str
    kind: str
    name: str
    wish: str = ""
    pods: dict[str, str] = field(default_factory=dict)


@dataclass
class Cluster:
    """The objects, and what the traffic is made from."""

    items: list[dict]
    workloads: list[Workload]
    zones: dict[str, str | None]


def random_cluster(random: Random) -> Cluster:
    """A cluster."""
    nodes = _nodes(random)
    zones = {one["metadata"]["name"]: one["metadata"]["labels"].get(ZONE) for one in nodes}
    made = Cluster(list(nodes), [], zones)
    room = {
        one["metadata"]["name"]: int(one["status"]["allocatable"]["cpu"]) * 1000
        for one in nodes
        if one["status"]["conditions"][0]["status"] == "True" and "taints" not in one["spec"]
    }
    made.items += [_object("Namespace", "", name) for name in ("shop", "pay")]
    for name in random.sample(_NAMES, random.randint(4, 8)):
        _add_deployment(made, name, room, random)
    if random.random() < 0.5:
        _add_stateful(made, room, random)
    _add_fixed(made, room, random)
    return made


def _nodes(random: Random) -> list[dict]:
    count, racks = random.randint(6, 12), random.random() < 0.5
    far, bare = random.random() < 0.3, random.random() < 0.4
    made = []
    for i in range(count):
        zone = f"zone-{'abc'[i % 3]}"
        labels = {"kubernetes.io/hostname": f"n{i + 1}", "disk": random.choice(("ssd", "hdd"))}
        if not (bare and i == count - 1):
            labels |= {
                ZONE: zone,
                "topology.kubernetes.io/region": "south" if far and i % 3 == 2 else "north",
            }
            if racks:
                labels["topology.shorthaul.dev/rack"] = f"{zone}-rack-{i // 3 % 2}"
        node = _object("Node", "", f"n{i + 1}", labels=labels)
        memory, pods = f"{random.choice((8, 16))}Gi", random.choice(("12", "110"))
        node["spec"] = {}
        node["status"] = {
            "allocatable": {"cpu": str(random.choice((2, 3, 4))), "memory": memory, "pods": pods},
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": f"10.250.0.{i + 1}"}],
        }
        made.append(node)
    made[0]["spec"]["unschedulable"] = random.random() < 0.5
    if random.random() < 0.5:
        made[1]["status"]["conditions"][0]["status"] = "False"
    if random.random() < 0.5:
        taint = {"key": "team", "value": "blue", "effect": "NoSchedule"}
        made[2]["spec"]["taints"] = [taint]
    return made


def _add_deployment(made: Cluster, name: str, room: dict[str, int], random: Random) -> None:
    namespace = random.choice(("shop", "shop", "pay"))
    work = Workload(namespace, "Deployment", name, random.choice(_WISHES))
    hashed = "".join(random.choice("456789bcdf") for _ in range(9))
    owned = _object("ReplicaSet", namespace, f"{name}-{hashed}", owner=("Deployment", name))
    ask = _wishes(name, random)
    for _ in range(random.choice((1, 2, 2, 3, 3, 4))):
        suffix = "".join(random.choice(_LETTERS) for _ in range(5))
        _place(made, work, f"{name}-{hashed}-{suffix}", ask, room, random)
    replicas = len(work.pods)
    status = {f"{word}Replicas": replicas for word in ("ready", "updated", "available")}
    deployment = _object("Deployment", namespace, name)
    deployment["spec"] = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}}
    deployment["status"] = {"replicas": replicas, "observedGeneration": 1, **status}
    owned["spec"] = deployment["spec"]
    owned["status"] = {"replicas": replicas, "readyReplicas": replicas}
    made.items += [deployment, owned]
    made.workloads.append(work)
    _own(made, work, ("ReplicaSet", f"{name}-{hashed}"), {"pod-template-hash": hashed})
    _add_service(made, work, random)
    if random.random() < 0.2:
        budget = _object("PodDisruptionBudget", namespace, name)
        budget["spec"] = {"minAvailable": replicas, "selector": deployment["spec"]["selector"]}
        budget["status"] = {"disruptionsAllowed": 0, "observedGeneration": 1}
        budget["status"] |= {"currentHealthy": replicas, "desiredHealthy": replicas}
        made.items.append(budget)


def _wishes(name: str, random: Random) -> dict:
    """What all pods of a workload ask for beside room."""
    asks = (
        {},
        {},
        {},
        {"nodeSelector": {"disk": "ssd"}},
        {"tolerations": [{"key": "team", "operator": "Exists", "effect": "NoSchedule"}]},
        {"volumes": [{"name": "scratch", "emptyDir": {}}]},
        {"affinity": {"podAntiAffinity": {_REQUIRED: [_apart(name)]}}},
    )
    return {**random.choice(asks), "cpu": random.choice((250, 500, 750, 1000))}


_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def _apart(name: str) -> dict:
    return {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": {"app": name}},
    }


def _add_stateful(made: Cluster, room: dict[str, int], random: Random) -> None:
    work = Workload("shop", "StatefulSet", "db", "headless")
    for i in range(random.randint(1, 3)):
        _place(made, work, f"db-{i}", {"cpu": 500}, room, random)
    replicas = len(work.pods)
    stateful = _object("StatefulSet", "shop", "db")
    stateful["spec"] = {
        "replicas": replicas,
        "serviceName": "db",
        "selector": {"matchLabels": {"app": "db"}},
    }
    words = ("readyReplicas", "updatedReplicas", "availableReplicas", "replicas")
    stateful["status"] = {**dict.fromkeys(words, replicas), "observedGeneration": 1}
    stateful["status"] |= {"currentRevision": "r1", "updateRevision": "r1"}
    made.items.append(stateful)
    made.workloads.append(work)
    _own(made, work, ("StatefulSet", "db"), {})
    _add_service(made, work, random)


def _add_fixed(made: Cluster, room: dict[str, int], random: Random) -> None:
    """A DaemonSet's pods, and one that nobody owns."""
    agents = Workload("shop", "DaemonSet", "agent")
    for node in sorted(room):
        suffix = "".join(random.choice(_LETTERS) for _ in range(5))
        _place(made, agents, f"agent-{suffix}", {"cpu": 0}, {node: 10**6}, random)
    daemon = _object("DaemonSet", "shop", "agent")
    daemon["spec"] = {"selector": {"matchLabels": {"app": "agent"}}}
    words = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady")
    daemon["status"] = {**dict.fromkeys(words, len(agents.pods)), "observedGeneration": 1}
    _own(made, agents, ("DaemonSet", "agent"), {})
    bare = Workload("shop", "Pod", "shell")
    _place(made, bare, "shell", {"cpu": 100}, room, random)
    made.items.append(daemon)
    made.workloads += [agents, bare]


def _place(
    made: Cluster, work: Workload, name: str, ask: dict, room: dict[str, int], random: Random
) -> None:
    """Puts a pod on any node that has room and is what it asks for; on none, it is not made."""
    labels = {i["metadata"]["name"]: i["metadata"]["labels"] for i in made.items[: len(made.zones)]}
    taken = set(work.pods.values()) if "affinity" in ask else set()
    wanted = ask.get("nodeSelector", {}).items()
    able = [
        node
        for node in sorted(room)
        if room[node] >= ask["cpu"] and node not in taken and wanted <= labels[node].items()
    ]
    if not able:
        return
    node = random.choice(able)
    room[node] -= ask["cpu"]
    pod = _object("Pod", work.namespace, name, labels={"app": work.name})
    requests = {"cpu": f"{ask['cpu']}m", "memory": "256Mi"}
    container = {
        "name": work.name,
        "image": "example.org/app:1",
        "resources": {"requests": requests},
    }
    asks = {key: value for key, value in ask.items() if key != "cpu"}
    pod["spec"] = {"nodeName": node, "schedulerName": "default-scheduler", **asks}
    pod["spec"]["containers"] = [container]
    address = f"10.1.{len(made.items) // 250}.{len(made.items) % 250 + 1}"
    pod["status"] = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
    pod["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    made.items.append(pod)
    work.pods[name] = node


def _own(made: Cluster, work: Workload, owner: tuple[str, str], labels: dict) -> None:
    for item in made.items:
        about = item["metadata"]
        if item["kind"] == "Pod" and about["name"] in work.pods:
            about["ownerReferences"] = [_reference(*owner, about["namespace"])]
            about["labels"] |= labels


def _add_service(made: Cluster, work: Workload, random: Random) -> None:
    service = _object("Service", work.namespace, work.name)
    service["spec"] = {
        "selector": {"app": work.name},
        "clusterIP": "None" if work.wish == "headless" else f"10.2.0.{len(made.items) % 250 + 1}",
        "ports": [{"port": 8080}],
    }
    if work.wish not in ("", "headless"):
        service["spec"]["trafficDistribution"] = work.wish
    piece = _object("EndpointSlice", work.namespace, f"{work.name}-1")
    piece["metadata"]["labels"] = {"kubernetes.io/service-name": work.name}
    hinted = random.random() < 0.85
    piece |= {"addressType": "IPv4", "ports": [{"port": 8080}], "endpoints": []}
    for item in made.items:
        about = item["metadata"]
        if item["kind"] != "Pod" or about["name"] not in work.pods:
            continue
        node = work.pods[about["name"]]
        endpoint = {"addresses": [item["status"]["podIP"]], "conditions": {"ready": True}}
        target = {"kind": "Pod", "namespace": work.namespace, "name": about["name"]}
        endpoint |= {"nodeName": node, "targetRef": target}
        if made.zones[node]:
            endpoint["zone"] = made.zones[node]
        if hinted and work.wish.startswith("Prefer"):
            endpoint["hints"] = _hints(work.wish, node, made.zones[node])
        piece["endpoints"].append(endpoint)
    made.items += [service, piece]


def _hints(wish: str, node: str, zone: str | None) -> dict:
    hints = {"forZones": [{"name": zone}]} if zone else {}
    return hints | ({"forNodes": [{"name": node}]} if wish == "PreferSameNode" else {})


def _object(
    kind: str,
    namespace: str,
    name: str,
    labels: dict | None = None,
    owner: tuple[str, str] | None = None,
) -> dict:
    meta = {"name": name, "uid": _uid(kind, namespace, name), "creationTimestamp": _STARTED}
    meta |= {"generation": 1}
    if namespace:
        meta["namespace"] = namespace
    if labels:
        meta["labels"] = dict(labels)
    if owner:
        meta["ownerReferences"] = [_reference(*owner, namespace)]
    return {"apiVersion": _VERSIONS.get(kind, "v1"), "kind": kind, "metadata": meta}


_VERSIONS = {
    **dict.fromkeys(("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"), "apps/v1"),
    "EndpointSlice": "discovery.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1",
}


def _reference(kind: str, name: str, namespace: str) -> dict:
    uid = _uid(kind, namespace, name)
    return {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True}


def _uid(kind: str, namespace: str, name: str) -> str:
    return f"uid-{kind}-{namespace}-{name}".lower()
