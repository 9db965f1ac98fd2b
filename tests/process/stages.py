"""The stage of the whole operator: a small cluster, shops with steady traffic, an operator process.

Every shop is one namespace that the chart knows by name, with workloads in the wrong zones and a
table of who talks to whom. What the operator did is read from objects and from the audit log; what
a placement is worth is computed here from the player's own table, never asked of the operator.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from faults import fault_worlds, operator_worlds
from faults.children import Child
from faults.fault_worlds import (
    ACCOUNT,
    ENDS,
    LANDING_SECONDS,
    PATIENCE_SECONDS,
    REPOSITORY,
    SYSTEM,
    Object,
    World,
)
from testbed import binaries, controlplanes, ports

NODES = tuple(f"node-{index}" for index in range(6))
ZONES = (NODES[:3], NODES[3:])
WINDOW_SECONDS = 1.0
GOVERNED = (
    *("watched", "asked", "stale", "expiring", "guarded", "acting", "switched", "paused"),
    *("doubled", "unhinted", "metered", "left", "right", "absent", "vanishing", "next", "spoken"),
    *("capped", "uncovered", "weighed", "mapped", "exported", "hauled", "shipped", "hurried"),
    "contradicted",
)
RIGHTLESS = "rightless"
PAIR = {"web": 0, "store": 1}
TALKS = (
    *(operator_worlds.talk(f"{name}/web", f"{name}/store") for name in (*GOVERNED, RIGHTLESS)),
    operator_worlds.talk("acting/web", "acting/cart", 15),
    operator_worlds.talk("acting/cart", "acting/store", 10),
    operator_worlds.talk("left/asker", "right/answerer"),
    *(
        operator_worlds.talk(f"{name}/web", f"{name}/cart", 3)
        for name in ("weighed", "exported", "hauled", "shipped")
    ),
)
POLICIES, PLANS = "affinitypolicies.shorthaul.dev", "placementplans.shorthaul.dev"
MOVES, HINTS = "podmoves.shorthaul.dev", "placementhints.shorthaul.dev"
OPEN = (None, "Proposed", "Approved", "Executing")


def prepare(plane: controlplanes.ControlPlane, folder: Path) -> None:
    """Make the namespaces and install the chart, which may evict in all but one of them."""
    for name in (*GOVERNED, RIGHTLESS):
        plane.client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    command = [str(binaries.find("helm")), "install", "shorthaul"]
    command += [str(REPOSITORY / "charts" / "shorthaul"), "--namespace", SYSTEM]
    command += ["--create-namespace", "--set=replicas=0"]
    command += [f"--set=namespaces={{{','.join(GOVERNED)}}}"]
    homes = {f"HELM_{name}_HOME": str(folder) for name in ("CACHE", "CONFIG", "DATA")}
    environment = os.environ | {"KUBECONFIG": str(plane.kubeconfig)} | homes
    subprocess.run(command, env=environment, check=True, timeout=120, capture_output=True)


def eager(mode: str, **more: Any) -> Object:
    """The spec of a policy that acts as soon as it may."""
    pace = {"concurrent": 3, "movesPerHour": 100, "coolDownSeconds": 0, "minimumPodAgeSeconds": 0}
    return {
        "mode": mode,
        "objective": "flows",
        "workloads": {},
        "disruption": pace,
        "worth": {"leastGainPercent": 10},
        "damping": {"persistenceWindows": 1},
        **more,
    }


@dataclass
class Shop(World):
    """A namespace with workloads that talk, and its policy."""

    policies: list[str] = field(default_factory=list)

    def set_policy(self, mode: str, name: str = "near", **more: Any) -> None:
        """Create the policy, or change it."""
        body = {
            "apiVersion": "shorthaul.dev/v1alpha1",
            "kind": "AffinityPolicy",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": eager(mode, **more),
        }
        self.client.apply(body)
        self.policies.append(name)

    def policy(self, name: str = "near") -> Object:
        return self.client.get(POLICIES, name, self.namespace)

    def status(self, name: str = "near") -> Object:
        """The status of the policy if it speaks of its present spec, else an empty one."""
        policy = self.policy(name)
        status: Object = policy.get("status", {})
        current = status.get("observedGeneration") == policy["metadata"]["generation"]
        return status if current else {}

    def condition(self, kind: str, name: str = "near") -> tuple[str, str]:
        """Status and reason of a condition of the policy; empty texts without it."""
        for each in self.status(name).get("conditions", ()):
            if each["type"] == kind:
                return each["status"], each["reason"]
        return "", ""

    def wait_for_condition(self, kind: str, status: str, reason: str, name: str = "near") -> None:
        self.wait(
            lambda: self.condition(kind, name) == (status, reason),
            f"{kind} to be {status} for {reason}",
            lambda: self.status(name),
        )

    def plans(self) -> list[Object]:
        """All plans about this shop, oldest first."""
        found = [
            plan
            for plan in self.client.list(PLANS)
            if any(named["namespace"] == self.namespace for named in plan["spec"]["policies"])
        ]
        return sorted(found, key=lambda plan: str(plan["metadata"]["creationTimestamp"]))

    def wait_for_plan(self, *phases: str, name: str = "") -> Object:
        """Wait for a plan in one of these phases, that plan if it is named."""

        def found() -> Object | None:
            return next(
                (
                    plan
                    for plan in reversed(self.plans())
                    if plan.get("status", {}).get("phase") in phases
                    and name in ("", plan["metadata"]["name"])
                ),
                None,
            )

        return self.wait(found, f"a plan that is {' or '.join(phases)}", self.state)

    def moves(self) -> list[Object]:
        return self.client.list(MOVES, self.namespace)

    def is_still(self) -> bool:
        """Whether no plan of this shop is open and no move of it under way."""
        phases = [plan.get("status", {}).get("phase") for plan in self.plans()]
        moves = [move.get("status", {}).get("phase") for move in self.moves()]
        return not set(phases) & set(OPEN) and set(moves) <= set(ENDS)

    def hinted(self) -> dict[str, Any]:
        """The hints of this namespace by workload."""
        found = self.client.list(HINTS, self.namespace)
        return {key: hint for one in found for key, hint in one["spec"]["workloads"].items()}

    def nodes_of(self, app: str) -> list[str]:
        return sorted(str(pod["spec"]["nodeName"]) for pod in self.ready_pods(app))

    def names_of(self, app: str) -> list[str]:
        return sorted(str(pod["metadata"]["name"]) for pod in self.ready_pods(app))

    def place(self, zones: Mapping[str, int], replicas: int = 2) -> None:
        """Create workloads with a Service each, in these zones, and wait until they are ready."""
        for zone in sorted(set(zones.values())):
            closed = [name for index, names in enumerate(ZONES) if index != zone for name in names]
            operator_worlds.cordon(self, tuple(closed), True)
            apps = [app for app, its in zones.items() if its == zone]
            for app in apps:
                self.client.create(fault_worlds.deployment(app, replicas), self.namespace)
                self.client.create(operator_worlds.service(app), self.namespace)
            for app in apps:
                self.wait_until_ready(app, replicas)
            operator_worlds.cordon(self, tuple(closed), False)

    def events(self, reason: str) -> list[str]:
        """The texts of the events of this namespace for one reason."""
        return [
            str(event["note"])
            for event in self.client.list("events.events.k8s.io", self.namespace)
            if event["reason"] == reason
        ]

    def wait(
        self,
        condition: Callable[[], Any],
        what: str,
        otherwise: Callable[[], object] = lambda: "",
    ) -> Any:
        """Wait for something, and tell what there was instead."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := condition()):
            assert time.monotonic() < deadline, f"no {what}: {otherwise()}"
            time.sleep(0.2)
        return found

    def state(self) -> object:
        """What plans and policies say, for messages."""
        plans = [(plan["metadata"]["name"], plan.get("status", {})) for plan in self.plans()]
        return plans, self.client.list(POLICIES, self.namespace)


@dataclass
class Stage:
    """The control plane with everything on it."""

    plane: controlplanes.ControlPlane
    folder: Path
    _operator: Child | None = None
    _metrics_port: int = field(default_factory=lambda: ports.pick(1)[0])

    @property
    def operator(self) -> Child:
        if self._operator is None:
            self._operator = Child(self.command(), self.folder / "operator.log")
        return self._operator

    def command(self, *options: str) -> list[str]:
        """The command of the operator; one may run at a time."""
        return [
            *operator_worlds.operator(World(self.plane, SYSTEM), self.plane.server),
            *(f"--window-seconds={WINDOW_SECONDS:g}", f"--landing-seconds={LANDING_SECONDS:g}"),
            *(f"--metrics-port={self._metrics_port}", "--settle-seconds=1"),
            f"--ledger={self.folder / 'bytes.ledger'}",
            *options,
        ]

    def start_operator(self) -> None:
        if not self.operator.is_running:
            self.operator.start()

    def stop_operator(self) -> None:
        """End it as the kubelet would, if it runs."""
        if self.operator.is_running:
            self.operator.signal(signal.SIGTERM)
            self.operator.wait(PATIENCE_SECONDS)

    def read(self, path: str) -> str:
        """What the operator's own port answers, be it that there is nothing."""
        address = f"http://127.0.0.1:{self._metrics_port}{path}"
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE_SECONDS) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as refused:
            return f"{refused.code} {refused.read().decode()}"

    @contextlib.contextmanager
    def shop(self, name: str, zones: Mapping[str, int] = PAIR) -> Iterator[Shop]:
        """Open a shop; it is closed with its policies and its namespace."""
        found = Shop(self.plane, name)
        found.place(zones)
        try:
            yield found
        finally:
            for policy in set(found.policies):
                with contextlib.suppress(Exception):
                    found.client.delete(POLICIES, policy, name)
            with contextlib.suppress(Exception):
                found.client.delete("namespaces", name)

    def kubectl(
        self, *arguments: str, kubeconfig: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"KUBECONFIG": str(kubeconfig or self.plane.kubeconfig)}
        return subprocess.run(
            [str(binaries.find("kubectl")), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def approve(
        self, plan: str, digest: str, kubeconfig: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        patch = json.dumps({"spec": {"approval": {"digest": digest}}})
        return self.kubectl(
            "patch", "placementplan", plan, "--type=merge", "-p", patch, kubeconfig=kubeconfig
        )

    def person(self, namespace: str, name: str, role: str) -> Path:
        """A kubeconfig of somebody who has one ClusterRole."""
        client = self.plane.client
        about = {"name": name, "namespace": namespace}
        client.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": about})
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"{namespace}-{name}"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": role,
            },
            "subjects": [{"kind": "ServiceAccount", **about}],
        }
        client.create(binding)
        return self.plane.kubeconfig_for_service_account(namespace, name)

    def writes(self, since: float) -> set[str]:
        """The resources that the operator wrote since, as resource/subresource."""
        user = f"system:serviceaccount:{SYSTEM}:{ACCOUNT}"
        return {
            "/".join(filter(None, (ref["resource"], ref.get("subresource"))))
            for event in self.plane.audit_events()
            if event["user"]["username"] == user
            and event["verb"] in ("create", "update", "patch", "delete", "deletecollection")
            and _seconds(event["requestReceivedTimestamp"]) >= since
            for ref in [event["objectRef"]]
        }

    def rest(self, windows: float = 4) -> None:
        """Let some windows of traffic pass."""
        time.sleep(windows * WINDOW_SECONDS)


def price(shop: Shop, talks: Sequence[Object] = TALKS) -> float:
    """Rate times distance of a shop's talks when each client spreads over all servers."""
    total = 0.0
    for talk in talks:
        (where, client), (_, server) = (talk[end].split("/") for end in ("client", "server"))
        ends = [shop.nodes_of(client), shop.nodes_of(server)] if where == shop.namespace else []
        if len(ends) == 2 and all(ends):
            pairs = [distance(one, other) for one in ends[0] for other in ends[1]]
            total += talk["rate"] * len(ends[0]) * sum(pairs) / len(pairs)
    return total


def distance(one: str, other: str) -> float:
    """The default distances on these nodes, where racks and zones are the same."""
    if one == other:
        return 0
    return 1 if (one in ZONES[0]) == (other in ZONES[0]) else 10


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
