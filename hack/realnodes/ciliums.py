"""Cilium on real nodes: an agent per node, Hubble in each, one Relay as a pod. No operator.

The operator would make the CRDs, which are applied from Cilium's module, and would hand out pod
addresses, which nodes have of their own (`--ipam=kubernetes`). kube-proxy stays, routes between
nodes are plain, nothing is masqueraded. Agents are administrators of the cluster, for brevity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from realnodes import layouts, nodefiles, ownimages

AGENT = "cilium-agent"
RELAY = "hubble-relay"
COMPILER = "clang-19"
HUBBLE_PORT = 4244
RELAY_PORT = 4245
RELAY_HEALTH_PORT = 4222
RELAY_NAMESPACE = "kube-system"
RELAY_LABELS = {"k8s-app": RELAY}
METRICS_PORT = 9965
NETWORK_FILE = f"{nodefiles.CNI_CONFIGURATION}/05-cilium.conflist"


def exported(layout: layouts.Layout, node: layouts.Node) -> Path:
    """Return the file that Hubble of a node exports its flows to, as JSON lines."""
    return layout.state / "hubble" / f"{node.name}.json"


def agent(layout: layouts.Layout, node: layouts.Node, library: Path) -> list[str]:
    """Return the arguments of a node's agent; `library` has the sources of its BPF programs."""
    return [
        f"--k8s-kubeconfig-path={layout.kubeconfig}",
        *("--enable-ipv4=true", "--enable-ipv6=false"),
        *("--ipam=kubernetes", "--k8s-require-ipv4-pod-cidr=true"),
        *("--routing-mode=native", "--auto-direct-node-routes=true"),
        *("--devices=eth0", "--enable-ipv4-masquerade=false"),
        f"--ipv4-native-routing-cidr={layouts.POD_CIDR}",
        # The agent chooses endpoints of cluster addresses itself, and by zone only if told to.
        *("--kube-proxy-replacement=false", "--enable-service-topology=true"),
        "--enable-l7-proxy=false",
        *("--enable-health-checking=false", "--enable-endpoint-health-checking=false"),
        "--identity-allocation-mode=crd",
        *(f"--lib-dir={library}", "--state-dir=/run/cilium"),
        *(f"--write-cni-conf-when-ready={NETWORK_FILE}", "--cni-exclusive=false"),
        *("--enable-hubble=true", f"--hubble-listen-address=:{HUBBLE_PORT}"),
        *("--hubble-disable-tls=true", "--hubble-socket-path=/run/cilium/hubble.sock"),
        f"--hubble-export-file-path={exported(layout, node)}",
        f"--hubble-metrics-server=:{METRICS_PORT}",
        "--hubble-metrics=flow:sourceContext=pod;destinationContext=pod",
        *("--monitor-aggregation=medium", "--monitor-aggregation-interval=5s"),
        "--bpf-map-dynamic-size-ratio=0.0005",
    ]


def relay(layout: layouts.Layout) -> list[dict[str, Any]]:
    """Return Hubble Relay's pod and Service, named and labelled as Cilium's own chart does.

    It learns of all nodes from the first one. What it hears of nodes in other racks goes over the
    racks' uplinks, as everything that pods hear.
    """
    options = [
        *("serve", "--gops=false", "--disable-client-tls", "--disable-server-tls"),
        f"--listen-address=:{RELAY_PORT}",
        f"--peer-service={layout.nodes[0].address}:{HUBBLE_PORT}",
        "--retry-timeout=1s",
    ]
    container = {
        "name": RELAY,
        "image": ownimages.RELAY.reference,
        "imagePullPolicy": "Never",
        "args": options,
        "ports": [{"name": "grpc", "containerPort": RELAY_PORT}],
        "readinessProbe": {"grpc": {"port": RELAY_HEALTH_PORT}, "periodSeconds": 2},
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
    }
    template = {"metadata": {"labels": RELAY_LABELS}, "spec": pod}
    selector = {"matchLabels": RELAY_LABELS}
    port = {"protocol": "TCP", "port": 80, "targetPort": "grpc"}
    metadata = {"name": RELAY, "namespace": RELAY_NAMESPACE, "labels": RELAY_LABELS}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"selector": RELAY_LABELS, "ports": [port]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {"replicas": 1, "selector": selector, "template": template},
        },
    ]


def relay_address(pods: Iterable[Mapping[str, Any]]) -> str | None:
    """Return where Hubble Relay is, by its pods, for who is beside the API server."""
    for pod in pods:
        status = pod.get("status", {})
        if pod["metadata"].get("labels", {}).items() >= RELAY_LABELS.items() and _is_ready(status):
            return f"{status['podIP']}:{RELAY_PORT}"
    return None


def _is_ready(status: Mapping[str, Any]) -> bool:
    conditions = status.get("conditions", ())
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def custom_resources(folder: Path) -> list[Path]:
    """Return the files of Cilium's CRDs in the folder that they were kept in."""
    return sorted(folder.glob("crds/*/*.yaml"))
