"""The configuration files of a node's programs, as pure functions of the layout.

Differences from a production node: no swap check, quick periods, no hugepages, no AppArmor, and a
score of the out-of-memory killer that is never lowered, because root in a container may not.
A node offers all cpus of the machine and its share of half the memory.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from realnodes import layouts

PAUSE_IMAGE = "shorthaul.dev/pause:v1"
SOCKET = "/run/containerd/containerd.sock"
CNI_CONFIGURATION = "/etc/cni/net.d"
MEMORY_PARTS = 2
MOST_PODS = 80


@dataclass(frozen=True, slots=True)
class Machine:
    """What the node's files need to know of the machine."""

    memory_bytes: int
    runc: Path
    cni_folders: Sequence[Path]


def write(layout: layouts.Layout, node: layouts.Node, machine: Machine) -> None:
    """Write all files of a node into its folder."""
    folder = layout.folder(node)
    folder.mkdir(exist_ok=True)
    (folder / "containerd.toml").write_text(containerd(machine))
    for name, content in {
        "kubelet.yaml": kubelet(layout, node, machine.memory_bytes),
        "kube-proxy.yaml": proxy(layout, node),
    }.items():
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False))
    if layout.cni == "ptp":
        network = folder / "layers" / CNI_CONFIGURATION.lstrip("/")
        network.mkdir(parents=True)
        (network / "10-ptp.conflist").write_text(json.dumps(ptp(node), indent=1))


def containerd(machine: Machine) -> str:
    """Return containerd's file."""
    folders = json.dumps([str(folder) for folder in machine.cni_folders])
    return f"""\
version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.tracing"]
[grpc]
  address = "{SOCKET}"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "{PAUSE_IMAGE}"
[plugins."io.containerd.cri.v1.runtime"]
  tolerate_missing_hugetlb_controller = true
  disable_hugetlb_controller = true
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = {folders}
    conf_dir = "{CNI_CONFIGURATION}"
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        BinaryName = "{machine.runc}"
        SystemdCgroup = false
"""


def kubelet(layout: layouts.Layout, node: layouts.Node, memory_bytes: int) -> dict[str, Any]:
    """Return kubelet's file."""
    offered = memory_bytes // MEMORY_PARTS // layout.node_count
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "failCgroupV1": False,
        "failSwapOn": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": "/",
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "address": node.address,
        "readOnlyPort": 0,
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "clusterDomain": "cluster.local",
        "clusterDNS": [layouts.DNS_ADDRESS],
        "resolvConf": "",
        "maxPods": MOST_PODS,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
        },
        "imageGCHighThresholdPercent": 100,
        "systemReserved": {"memory": str(memory_bytes - offered)},
        "enforceNodeAllocatable": ["pods"],
        "serializeImagePulls": False,
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "10s",
        "volumeStatsAggPeriod": "5m",
        "shutdownGracePeriod": "0s",
    }


def proxy(layout: layouts.Layout, node: layouts.Node) -> dict[str, Any]:
    """Return kube-proxy's file; connection tracking's limits are the machine's, not a node's."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(layout.kubeconfig_of("system:kube-proxy"))},
        "clusterCIDR": layouts.POD_CIDR,
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
        "hostnameOverride": node.name,
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
    }


def ptp(node: layouts.Node) -> dict[str, Any]:
    """Return the configuration of the plain network: a veth pair per pod, routes between nodes."""
    addresses = {
        "type": "host-local",
        "dataDir": "/run/cni-addresses",
        "ranges": [[{"subnet": node.pod_network}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return {
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [{"type": "ptp", "mtu": 1500, "ipMasq": False, "ipam": addresses}],
    }
