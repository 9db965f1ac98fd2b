"""Cilium on real nodes: an agent per node, Hubble in each, one Relay in the fabric. No operator.

The operator would make the CRDs, which are applied from Cilium's module, and would hand out pod
addresses, which nodes have of their own (`--ipam=kubernetes`). kube-proxy stays, routes between
nodes are plain, nothing is masqueraded. Agents are administrators of the cluster, for brevity.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from realnodes import layouts, nodefiles

AGENT = "cilium-agent"
RELAY = "hubble-relay"
COMPILER = "clang-19"
HUBBLE_PORT = 4244
RELAY_PORT = 4245
METRICS_PORT = 9965
NETWORK_FILE = f"{nodefiles.CNI_CONFIGURATION}/05-cilium.conflist"


def exported(layout: layouts.Layout, node: layouts.Node) -> Path:
    """Return the file that Hubble of a node exports its flows to, as JSON lines."""
    return layout.state / "hubble" / f"{node.name}.json"


def relay_address(layout: layouts.Layout) -> str:
    """Return where Hubble Relay is, from the fabric, the nodes and the pods."""
    return f"{layout.api_address}:{RELAY_PORT}"


def agent(layout: layouts.Layout, node: layouts.Node, library: Path) -> list[str]:
    """Return the arguments of a node's agent; `library` has the sources of its BPF programs."""
    return [
        f"--k8s-kubeconfig-path={layout.kubeconfig}",
        *("--enable-ipv4=true", "--enable-ipv6=false"),
        *("--ipam=kubernetes", "--k8s-require-ipv4-pod-cidr=true"),
        *("--routing-mode=native", "--auto-direct-node-routes=true"),
        *("--devices=eth0", "--enable-ipv4-masquerade=false"),
        f"--ipv4-native-routing-cidr={layouts.POD_CIDR}",
        *("--kube-proxy-replacement=false", "--enable-l7-proxy=false"),
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


def relay(layout: layouts.Layout) -> list[str]:
    """Return the arguments of Hubble Relay, which learns of all nodes from the first one."""
    return [
        *("serve", "--gops=false", "--disable-client-tls", "--disable-server-tls"),
        f"--listen-address={relay_address(layout)}",
        f"--peer-service={layout.nodes[0].address}:{HUBBLE_PORT}",
        "--retry-timeout=1s",
    ]


def relay_service(layout: layouts.Layout) -> list[dict[str, Any]]:
    """Return the Service by which pods know Hubble Relay, as an installation by Helm has it."""
    metadata = {"name": RELAY, "namespace": "kube-system"}
    port = {"name": "grpc", "protocol": "TCP", "port": RELAY_PORT}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"ports": [{**port, "port": 80, "targetPort": RELAY_PORT}]},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": metadata | {"labels": {"kubernetes.io/service-name": RELAY}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [layout.api_address], "conditions": {"ready": True}}],
            "ports": [port],
        },
    ]


def custom_resources(folder: Path) -> list[Path]:
    """Return the files of Cilium's CRDs in the folder that they were kept in."""
    return sorted(folder.glob("crds/*/*.yaml"))
