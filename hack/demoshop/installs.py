"""Installs the chart with the real helm, and starts the operator as the chart's ServiceAccount.

The operator runs as a process on this machine, because kwok's pods run nothing; everything else of
the chart is installed: kinds, rights, admission policies. A missing right shows as it would in a
cluster, since the operator has the ServiceAccount's token and nothing more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from demoshop import calls, stages
from testbed import binaries, clients, ports

NAMESPACE = "shorthaul-system"
RELEASE = "shorthaul"
CHART = stages.REPOSITORY / "charts" / "shorthaul"
EXAMPLES = stages.REPOSITORY / "examples" / "demo"
HELM_TIMEOUT_SECONDS = 240.0
READY_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Pace:
    """The operator's times, in seconds and windows; a demo has minutes for what takes days."""

    window_seconds: float = 4.0
    half_life_windows: float = 3.0
    persistence_windows: int = 2
    verification_windows: int = 3
    landing_seconds: float = 60.0
    hint_margin_seconds: float = 0.0

    def options(self) -> list[str]:
        """Return them as options of the operator."""
        return [
            f"--window-seconds={self.window_seconds:g}",
            f"--half-life-windows={self.half_life_windows:g}",
            f"--persistence-windows={self.persistence_windows}",
            f"--verification-windows={self.verification_windows}",
            f"--landing-seconds={self.landing_seconds:g}",
            f"--hint-margin-seconds={self.hint_margin_seconds:g}",
        ]


def install(stage: stages.Stage, namespaces: Iterable[str]) -> str:
    """Install the chart and return the name of the operator's ServiceAccount."""
    helm = str(binaries.find("helm"))
    settings = {
        "replicas": "0",
        "namespaces": "{" + ",".join(namespaces) + "}",
    }
    command = [helm, "install", RELEASE, str(CHART), "--namespace", NAMESPACE]
    command += ["--create-namespace"]
    command += [f"--set={name}={value}" for name, value in settings.items()]
    environment = os.environ | {
        "KUBECONFIG": str(stage.control_plane.kubeconfig),
        "HELM_CACHE_HOME": str(stage.folder / "helm"),
        "HELM_CONFIG_HOME": str(stage.folder / "helm"),
        "HELM_DATA_HOME": str(stage.folder / "helm"),
    }
    calls.call(command, environment, HELM_TIMEOUT_SECONDS)
    return service_account(stage.control_plane.client)


def service_account(client: clients.Client) -> str:
    """Return the ServiceAccount that the chart made."""
    found = [str(one["metadata"]["name"]) for one in client.list("serviceaccounts", NAMESPACE)]
    ours = sorted(name for name in found if name != "default")
    if len(ours) != 1:
        raise stages.ChildEnded(
            f"the chart made the ServiceAccounts {ours} in {NAMESPACE}, expected one"
        )
    return ours[0]


def start_operator(stage: stages.Stage, account: str, pace: Pace) -> None:
    """Start the operator as its ServiceAccount."""
    kubeconfig = stage.service_account_kubeconfig(NAMESPACE, account)
    health, metrics = ports.pick(2)
    stage.run(
        "operator",
        "shorthaul",
        "operator",
        f"--kubeconfig={kubeconfig}",
        f"--namespace={NAMESPACE}",
        "--address=127.0.0.1",
        f"--health-port={health}",
        f"--metrics-port={metrics}",
        *pace.options(),
        kubeconfig=kubeconfig,
    )


def policies(stage: stages.Stage) -> list[dict[str, Any]]:
    """Return the demo's objects for the operator, with the path of this run's flow files."""
    found = [
        document
        for name in ("topology", "flowsource", "policies")
        for document in yaml.safe_load_all((EXAMPLES / f"{name}.yaml").read_text())
        if document
    ]
    for one in found:
        if one["kind"] == "FlowSource":
            one["spec"]["hubbleExport"]["path"] = f"{stage.exports}/*/events.log"
    return found


def acting_namespaces(objects: Iterable[dict[str, Any]]) -> list[str]:
    """Return the namespaces in which a policy may lead to evictions."""
    return [
        one["metadata"]["namespace"]
        for one in objects
        if one["kind"] == "AffinityPolicy" and one["spec"].get("mode", "Observe") != "Observe"
    ]


def approve(stage: stages.Stage, plan: str, digest: str) -> None:
    """Approve a plan with the real kubectl, as a person would."""
    kubectl = str(binaries.find("kubectl"))
    command = [kubectl, "patch", "placementplan", plan, "--type=merge", "-p", approval(digest)]
    environment = os.environ | {"KUBECONFIG": str(stage.control_plane.kubeconfig)}
    calls.call(command, environment, READY_TIMEOUT_SECONDS)


def approval(digest: str) -> str:
    """Return the patch that approves the plan with this digest."""
    return json.dumps({"spec": {"approval": {"digest": digest}}}, ensure_ascii=False)
