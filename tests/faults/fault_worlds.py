"""A small cluster with the chart in it, and what crash tests do there: moves, children, witnesses.

What the operator did is read from the API server's audit log and from the objects, never from the
operator itself.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testbed import binaries, clients, controlplanes, nodes

REPOSITORY = Path(__file__).resolve().parents[2]
DRIVER = Path(__file__).with_name("driver.py")
SYSTEM = "shorthaul-system"
ACCOUNT = "shorthaul"
NODES = ("node-0", "node-1", "node-2", "node-3")
ENDS = ("Landed", "Elsewhere", "Failed", "Refused")
# Kubernetes gives up waiting for what it has missed after 5 minutes: the ReplicaSet controller for
# pods that it made (client-go's `ExpectationsTimeout`), the scheduler for a pod that fits nowhere.
# After an outage a replacement may come as late as that, and a test waits longer than an executor.
LANDING_SECONDS = 420.0
PATIENCE_SECONDS = 600.0
DIGEST = "sha256:" + "0" * 64

Object = dict[str, Any]


def install_chart(plane: controlplanes.ControlPlane, folder: Path) -> None:
    """Install the chart with the real helm; the operator itself is started by the tests."""
    command = [str(binaries.find("helm")), "install", "shorthaul"]
    command += [str(REPOSITORY / "charts" / "shorthaul"), "--namespace", SYSTEM]
    command += ["--create-namespace", "--set=replicas=0", "--set=evictEverywhere=true"]
    homes = {f"HELM_{name}_HOME": str(folder) for name in ("CACHE", "CONFIG", "DATA")}
    environment = os.environ | {"KUBECONFIG": str(plane.kubeconfig)} | homes
    subprocess.run(command, env=environment, check=True, timeout=120, capture_output=True)


def deployment(name: str, replicas: int = 2) -> Object:
    return _workload("Deployment", name, replicas)


def stateful_set(name: str, replicas: int = 2) -> Object:
    return _workload("StatefulSet", name, replicas)


def budget(name: str, app: str, **bounds: Any) -> Object:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": app}}, **bounds},
    }


def _workload(kind: str, name: str, replicas: int) -> Object:
    container = {"name": "main", "image": "none", "resources": {"requests": {"cpu": "100m"}}}
    spec: Object = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": name}},
        "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
        },
    }
    if kind == "StatefulSet":
        spec["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


@dataclass
class World:
    """One namespace with workloads, and the right to move their pods."""

    plane: controlplanes.ControlPlane
    namespace: str
    moved: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> clients.Client:
        return self.plane.client

    @property
    def operator_client(self) -> clients.Client:
        return self.client.with_token(self.client.token_request(SYSTEM, ACCOUNT))

    def kubeconfig(self, server: str | None = None) -> Path:
        """A kubeconfig of the chart's ServiceAccount, each in a file of its own."""
        path = self.plane.kubeconfig_for_service_account(SYSTEM, ACCOUNT, server)
        return path.rename(path.with_name(f"{uuid.uuid4().hex}.kubeconfig"))

    def pods(self, app: str) -> list[Object]:
        """The pods of a workload that are not ending, by name."""
        found = self.client.list("pods", self.namespace, labels=f"app={app}")
        living = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
        return sorted(living, key=lambda pod: str(pod["metadata"]["name"]))

    def ready_pods(self, app: str) -> list[Object]:
        return [pod for pod in self.pods(app) if _is_ready(pod)]

    def wait_until_ready(self, app: str, replicas: int) -> None:
        """Wait until so many pods are ready, and their controller has counted them.

        One that has made pods but not seen them yet, as after a restart of the API server, makes
        none for 5 minutes (client-go's `ExpectationsTimeout`) if one of them goes before it looks.
        """
        self.client.wait_for(
            lambda: len(self.ready_pods(app)) == replicas == len(self.pods(app)),
            timeout_seconds=PATIENCE_SECONDS,
            what=f"{replicas} ready pods of {app}",
        )
        self.client.wait_for(
            lambda: self._is_counted(app, replicas),
            timeout_seconds=PATIENCE_SECONDS,
            what=f"the controller of {app} to count {replicas} ready pods",
        )

    def _is_counted(self, app: str, replicas: int) -> bool:
        owners = {
            (owner["kind"], owner["name"])
            for pod in self.ready_pods(app)
            for owner in pod["metadata"]["ownerReferences"]
        }
        return bool(owners) and all(
            self.client.get(f"{kind.lower()}s.apps", name, self.namespace)["status"].get(
                "readyReplicas"
            )
            == replicas
            for kind, name in owners
        )

    def order_move(self, kind: str, app: str, index: int = 0) -> str:
        """Make a PodMove of one pod of a workload to some other node; returns its name."""
        pod = self.ready_pods(app)[index]
        source = pod["spec"]["nodeName"]
        taken = {other["spec"]["nodeName"] for other in self.pods(app)}
        target = next(node for node in NODES if node not in taken)
        name = f"{app}-{uuid.uuid4().hex[:8]}"
        about = {"name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
        move = {
            "apiVersion": "shorthaul.dev/v1alpha1",
            "kind": "PodMove",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {
                "plan": "plan-1",
                "digest": DIGEST,
                "policy": "all",
                "pod": about,
                "workload": {"kind": kind, "name": app},
                "from": source,
                "to": target,
                "wave": 0,
                "gain": {"value": 1.0, "unit": "bytes/s"},
            },
        }
        self.operator_client.create(move)
        self.moved[name] = about["uid"]
        return name

    def move(self, name: str) -> Object:
        return self.client.get("podmoves.shorthaul.dev", name, self.namespace)

    def phase(self, name: str) -> str:
        return str(self.move(name).get("status", {}).get("phase", "Pending"))

    def forget_moves(self) -> None:
        for name in self.moved:
            with contextlib.suppress(Exception):
                self.operator_client.delete("podmoves.shorthaul.dev", name, self.namespace)
        self.moved.clear()

    def forget_leader(self) -> None:
        """Delete the Lease, so that whoever is next leads at once."""
        self.client.delete("leases.coordination.k8s.io", "shorthaul", SYSTEM)

    def evictions(self) -> Counter[str]:
        """How often each pod was really evicted, by uid, as the API server recorded it."""
        return Counter(
            str(event["requestObject"]["deleteOptions"]["preconditions"]["uid"])
            for event in self.plane.evictions()
            if event["objectRef"]["namespace"] == self.namespace
            and event["responseStatus"]["code"] in (200, 201)
            and "dryRun" not in event["requestURI"]
        )


def driver(world: World, server: str, *options: str) -> list[str]:
    """The command of a driver that sends its requests to `server`."""
    return [
        sys.executable,
        str(DRIVER),
        f"--kubeconfig={world.kubeconfig(server)}",
        f"--moves-namespace={world.namespace}",
        f"--landing-seconds={LANDING_SECONDS:g}",
        *options,
    ]


@contextlib.contextmanager
def fresh_world(
    plane: controlplanes.ControlPlane, *workloads: Object, replicas: int = 2
) -> Iterator[World]:
    """A namespace with ready workloads, deleted afterwards."""
    namespace = f"faults-{uuid.uuid4().hex[:8]}"
    client = plane.client
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    client.wait_for(
        lambda: client.exists("serviceaccounts", "default", namespace),
        timeout_seconds=PATIENCE_SECONDS,
        what="default ServiceAccount",
    )
    world = World(plane, namespace)
    for workload in workloads:
        client.create(workload, namespace)
    for workload in workloads:
        if "replicas" in workload["spec"]:
            world.wait_until_ready(workload["metadata"]["name"], workload["spec"]["replicas"])
    try:
        yield world
    finally:
        client.delete("namespaces", namespace)


def add_nodes(plane: controlplanes.ControlPlane) -> None:
    nodes.add(plane.client, _grid())


def add_node(plane: controlplanes.ControlPlane, name: str) -> None:
    """Bring a node back that a test has deleted."""
    nodes.add(plane.client, [one for one in _grid() if one["metadata"]["name"] == name])


def wait_for_budget(world: World, name: str, *, allowed: int) -> None:
    """Wait until the controller has counted a budget's pods."""

    def is_counted() -> bool:
        status = world.client.get("poddisruptionbudgets.policy", name, world.namespace)["status"]
        return bool(
            status.get("currentHealthy", 0) >= 1 and status.get("disruptionsAllowed") == allowed
        )

    world.client.wait_for(
        is_counted, timeout_seconds=PATIENCE_SECONDS, what=f"budget {name} to allow {allowed}"
    )


def _grid() -> list[Object]:
    return nodes.grid(len(NODES), racks=2, zones=2)


def _is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
