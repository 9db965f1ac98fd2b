"""Installs Shorthaul with real helm from its chart, as its users do, and gives it its objects.

The collector and the agent of bytes are the chart's DaemonSets. Times are short, because a run has
minutes for what takes hours elsewhere; everything else is as the chart has it.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from realnodes import clusters
from realshop import images, packages, shops
from testbed import binaries

RELEASE = "shorthaul"
NAMESPACE = "shorthaul-system"
CHART = packages.REPOSITORY / "charts" / "shorthaul"
SECONDS = 300
READY_SECONDS = 240.0
COLLECTOR = f"shorthaul-collector.{NAMESPACE}.svc"
IPFIX_PORT = 4739
SPOOL_PORT = 9995
DAEMONS = 2
RELAY = "hubble-relay.kube-system.svc.cluster.local:80"
SMALL = {"requests": {"cpu": "20m", "memory": "64Mi"}}


class InstallFailed(Exception):
    """Helm refused, or a pod does not come to run; the message says what was told."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The operator's times in seconds and windows."""

    window_seconds: int = 10
    half_life_windows: int = 3
    persistence_windows: int = 3
    verification_windows: int = 3
    landing_seconds: int = 90
    settle_seconds: int = 5
    agent_seconds: int = 5


def values(own: images.Image, agent: images.Image, pace: Pace, cni: str) -> dict[str, Any]:
    """Return the values that the chart is installed with."""
    return {
        "namespaces": [shops.NAMESPACE],
        "image": {"repository": own.repository, "tag": own.tag, "pullPolicy": "Never"},
        "settings": {
            "windowSeconds": pace.window_seconds,
            "halfLifeWindows": pace.half_life_windows,
            "persistenceWindows": pace.persistence_windows,
            "verificationWindows": pace.verification_windows,
            "landingSeconds": pace.landing_seconds,
            "settleSeconds": pace.settle_seconds,
        },
        "collector": {
            "enabled": True,
            "kind": "DaemonSet",
            "spool": {"windowSeconds": pace.window_seconds},
            "resources": SMALL,
        },
        "agent": {
            "enabled": True,
            "image": {"repository": agent.repository, "tag": agent.tag, "pullPolicy": "Never"},
            "cacheActiveTimeout": f"{pace.agent_seconds}s",
            # Agents up to 0.3 know the target by these names.
            "env": [
                {"name": "FLOWS_TARGET_HOST", "value": COLLECTOR},
                {"name": "FLOWS_TARGET_PORT", "value": str(IPFIX_PORT)},
            ],
            "resources": SMALL,
        },
        "hubbleRelay": {"enabled": cni == "cilium"},
    }


def install(cluster: clusters.Cluster, given: dict[str, Any]) -> None:
    """Install the chart and return when all of its pods are ready."""
    helm_install(cluster, RELEASE, CHART, NAMESPACE, given)
    cluster.client.wait_for(
        functools.partial(_all_run, cluster),
        timeout_seconds=READY_SECONDS,
        what="the operator, the collectors and the agents to be ready",
    )


def helm_install(
    cluster: clusters.Cluster, release: str, chart: Path, namespace: str, given: dict[str, Any]
) -> None:
    """Install a chart, or change its values; returns before its pods run."""
    path = cluster.layout.state / f"values-{release}.json"
    path.write_text(json.dumps(given))
    kubeconfig = f"--kubeconfig={cluster.kubeconfig}"
    place = ["--namespace", namespace, "--create-namespace", f"--values={path}", kubeconfig]
    _helm(cluster, ["upgrade", "--install", release, str(chart), *place])


def uninstall(cluster: clusters.Cluster) -> None:
    """Take the release away; its kinds stay."""
    place = [f"--namespace={NAMESPACE}", f"--kubeconfig={cluster.kubeconfig}", "--wait"]
    _helm(cluster, ["uninstall", RELEASE, *place])


def objects(pace: Pace, *, mode: str = "Auto") -> list[dict[str, Any]]:
    """Return the source of bytes and the policy for the whole shop, which runs for an hour."""
    source = {
        "type": "Collector",
        "collector": {
            "address": f"{RELEASE}-collectors.{NAMESPACE}.svc.cluster.local:{SPOOL_PORT}",
            "longestFlowSeconds": 2 * pace.agent_seconds,
            "leastCoveragePercent": 90,
        },
    }
    policy = {
        "mode": mode,
        "objective": "bytes",
        "workloads": {},
        "availability": {"leastHosts": 2, "leastZones": 1},
        "disruption": {
            "concurrent": 4,
            "movesPerHour": 200,
            "coolDownSeconds": 30,
            "minimumPodAgeSeconds": 5,
        },
        "damping": {"persistenceWindows": pace.persistence_windows},
        # Windows are short, and calls come at random: rates of seconds differ by several percent.
        "worth": {"leastGainPercent": 10},
        "target": {"maxMoves": 60},
    }
    named = {"name": "near", "namespace": shops.NAMESPACE}
    return [
        _object("FlowSource", {"name": "bytes"}, source),
        _object("AffinityPolicy", named, policy),
    ]


def relay_source() -> dict[str, Any]:
    """Return the source of events on Cilium."""
    spec = {"type": "HubbleRelay", "hubbleRelay": {"address": RELAY}}
    return _object("FlowSource", {"name": "relay"}, spec)


def _object(kind: str, metadata: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    version = "shorthaul.dev/v1alpha1"
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _helm(cluster: clusters.Cluster, arguments: Sequence[str]) -> None:
    folders = {f"HELM_{name}_HOME": str(cluster.layout.state / "helm") for name in HELM_FOLDERS}
    done = subprocess.run(
        cluster.command_inside([str(binaries.find("helm")), *arguments]),
        env=os.environ | folders,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise InstallFailed(f"helm {arguments[0]}: {done.stderr.strip()}")


HELM_FOLDERS = ("CACHE", "CONFIG", "DATA")


def _all_run(cluster: clusters.Cluster) -> bool:
    daemons = [
        one["status"]
        for one in cluster.client.list("daemonsets.apps")
        if one["metadata"]["namespace"].startswith(RELEASE)
    ]
    (operator,) = cluster.client.list("deployments.apps", NAMESPACE)
    return (
        len(daemons) >= DAEMONS
        and all(
            one.get("numberReady", 0) == one.get("desiredNumberScheduled", 0) > 0 for one in daemons
        )
        and operator["status"].get("readyReplicas", 0) == operator["spec"]["replicas"]
    )
