"""What has to be compiled to get each program, as data.

Everything comes from published Go modules by name and version, so that the only thing a machine
needs is Go and its module proxy. Kubernetes says in its go.mod that its staging modules are found
in its own tree; outside that tree each of them is replaced by its published twin, v0.36.3 for
v1.36.3. etcd is built with Kubernetes because they share most of their dependencies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from testbed import versions

ETCD_MODULE = "go.etcd.io/etcd/server/v3"
KUBERNETES_MODULE = "k8s.io/kubernetes"
KWOK_MODULE = "sigs.k8s.io/kwok"
HELM_MODULE = "helm.sh/helm/v3"
CILIUM_MODULE = "github.com/cilium/cilium"
GOFLOW2_MODULE = "github.com/netsampler/goflow2/v2"
NETOBSERV_AGENT_MODULE = "github.com/netobserv/netobserv-ebpf-agent"
DESCHEDULER_MODULE = "sigs.k8s.io/descheduler"
CONTAINERD_MODULE = "github.com/containerd/containerd/v2"
CNI_PLUGINS_MODULE = "github.com/containernetworking/plugins"
COREDNS_MODULE = "github.com/coredns/coredns"
COREDNS_MAIN = Path(__file__).resolve().parents[1] / "realnodes" / "coredns"
ECHO_MAIN = Path(__file__).resolve().parents[1] / "realnodes" / "echo"
CILIUM_MODULE_FILE = Path(__file__).resolve().parents[1] / "realnodes" / "cilium"
HUBBLE_AGENT = Path(__file__).resolve().parents[1] / "hubbleagent"
GOFLOW2_BENCH = Path(__file__).resolve().parents[1] / "benchmarks" / "goflow2"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One build: modules with versions, and the packages that become programs.

    `sources` is a module of our own that the build happens in, copied; `replaces` are versions that
    a module's own go.mod replaces others by. `copied_trees` are kept whole, of `copied_folders` the
    YAML files.
    """

    key: str
    requires: Mapping[str, str]
    programs: Mapping[str, str]
    link_values: Mapping[str, str] = field(default_factory=dict)
    staging_of: str | None = None
    copied_folders: Mapping[str, str] = field(default_factory=dict)
    copied_trees: Mapping[str, str] = field(default_factory=dict)
    copied_from: str | None = None
    sources: Path | None = None
    replaces: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()


def kubernetes(version: str) -> Recipe:
    """Return how to build etcd and the programs of one version of Kubernetes."""
    programs = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
    return Recipe(
        key=f"kubernetes-{version}_etcd-{versions.ETCD}",
        requires={KUBERNETES_MODULE: f"v{version}", ETCD_MODULE: f"v{versions.ETCD}"},
        programs={"etcd": ETCD_MODULE} | _commands_of_kubernetes(programs),
        link_values=_kubernetes_version(version),
        staging_of=KUBERNETES_MODULE,
    )


def node_programs(version: str) -> Recipe:
    """Return how to build what one version of Kubernetes runs on each node."""
    return Recipe(
        key=f"kubernetes-{version}_nodes",
        requires={KUBERNETES_MODULE: f"v{version}"},
        programs=_commands_of_kubernetes(("kubelet", "kube-proxy")),
        link_values=_kubernetes_version(version),
        staging_of=KUBERNETES_MODULE,
    )


def containerd() -> Recipe:
    """Return how to build containerd, its shim and its command line, without rare snapshotters."""
    programs = ("containerd", "containerd-shim-runc-v2", "ctr")
    return Recipe(
        key=f"containerd-{versions.CONTAINERD}",
        requires={CONTAINERD_MODULE: f"v{versions.CONTAINERD}"},
        programs={program: f"{CONTAINERD_MODULE}/cmd/{program}" for program in programs},
        link_values={f"{CONTAINERD_MODULE}/version.Version": f"v{versions.CONTAINERD}"},
        tags=("no_btrfs", "no_devmapper", "no_zfs", "no_tracing"),
    )


def cni_plugins() -> Recipe:
    """Return how to build the plugins that give pods their interfaces and addresses."""
    plugins = {"ptp": "main", "loopback": "main", "host-local": "ipam"}
    return Recipe(
        key=f"cni-plugins-{versions.CNI_PLUGINS}",
        requires={CNI_PLUGINS_MODULE: f"v{versions.CNI_PLUGINS}"},
        programs={
            name: f"{CNI_PLUGINS_MODULE}/plugins/{folder}/{name}"
            for name, folder in plugins.items()
        },
    )


def coredns() -> Recipe:
    """Return how to build CoreDNS with the few plugins that a cluster's names need."""
    return Recipe(
        key=f"coredns-{versions.COREDNS}_{_digest(COREDNS_MAIN)}",
        requires={COREDNS_MODULE: f"v{versions.COREDNS}"},
        programs={"coredns": "."},
        sources=COREDNS_MAIN,
    )


def echo() -> Recipe:
    """Return how to build our own little server and client, which is also the pause program."""
    return Recipe(
        key=f"echo-{_digest(ECHO_MAIN)}", requires={}, programs={"echo": "."}, sources=ECHO_MAIN
    )


def cilium() -> Recipe:
    """Return how to build Cilium's agent and plugin and Hubble's command line.

    The agent compiles its BPF programs on the node, from sources that are kept beside it; its CRDs
    are kept because no operator is there to make them.
    """
    crds = "pkg/k8s/apis/cilium.io/client/crds"
    return Recipe(
        key=f"cilium-{versions.CILIUM}_agent",
        requires={CILIUM_MODULE: f"v{versions.CILIUM}"},
        programs={
            "cilium-agent": f"{CILIUM_MODULE}/daemon",
            "cilium-cni": f"{CILIUM_MODULE}/plugins/cilium-cni",
            "hubble": f"{CILIUM_MODULE}/hubble",
        },
        link_values={f"{CILIUM_MODULE}/pkg/version.ciliumVersion": versions.CILIUM},
        copied_from=CILIUM_MODULE,
        copied_folders={f"{crds}/v2": "crds/v2", f"{crds}/v2alpha1": "crds/v2alpha1"},
        copied_trees={"bpf": "lib/bpf"},
        sources=CILIUM_MODULE_FILE,
    )


def kwok() -> Recipe:
    """Return how to build kwok, with the stages that make its pods ready at once."""
    return Recipe(
        key=f"kwok-{versions.KWOK}",
        requires={KWOK_MODULE: f"v{versions.KWOK}"},
        programs={"kwok": f"{KWOK_MODULE}/cmd/kwok"},
        copied_from=KWOK_MODULE,
        copied_folders={
            "kustomize/stage/node/fast": "stages/node",
            "kustomize/stage/pod/fast": "stages/pod",
        },
    )


def helm() -> Recipe:
    """Return how to build helm, which the control plane itself does not need."""
    return Recipe(
        key=f"helm-{versions.HELM}",
        requires={HELM_MODULE: f"v{versions.HELM}"},
        programs={"helm": f"{HELM_MODULE}/cmd/helm"},
        link_values={f"{HELM_MODULE}/internal/version.version": f"v{versions.HELM}"},
    )


def hubble() -> Recipe:
    """Return how to build Hubble Relay, and our own program that plays the agents behind it."""
    return Recipe(
        key=f"cilium-{versions.CILIUM}_hubbleagent-{_digest(HUBBLE_AGENT)}",
        requires={CILIUM_MODULE: f"v{versions.CILIUM}"},
        programs={"hubble-relay": f"{CILIUM_MODULE}/hubble-relay", "hubbleagent": "."},
        link_values={f"{CILIUM_MODULE}/pkg/version.ciliumVersion": versions.CILIUM},
        sources=HUBBLE_AGENT,
    )


def goflow2() -> Recipe:
    """Return how to build the program that times goflow2, for the bench of decoding."""
    return Recipe(
        key=f"goflow2-{versions.GOFLOW2}_bench-{_digest(GOFLOW2_BENCH)}",
        requires={GOFLOW2_MODULE: f"v{versions.GOFLOW2}"},
        programs={"goflow2bench": "."},
        sources=GOFLOW2_BENCH,
    )


def netobserv_agent() -> Recipe:
    """Return how to build the NetObserv eBPF agent, whose module carries its compiled BPF objects.

    v0.3.3 also loads a program of type tracing, which not every kernel lets root load.
    """
    return Recipe(
        key=f"netobserv-ebpf-agent-{versions.NETOBSERV_AGENT}",
        requires={NETOBSERV_AGENT_MODULE: f"v{versions.NETOBSERV_AGENT}"},
        programs={"netobserv-ebpf-agent": f"{NETOBSERV_AGENT_MODULE}/cmd"},
    )


def descheduler() -> Recipe:
    """Return how to build the descheduler of the Kubernetes SIGs, a peer that evicts pods too.

    Its chart is kept beside it, because that holds its usual profile.
    """
    return Recipe(
        key=f"descheduler-{versions.DESCHEDULER}_chart",
        requires={DESCHEDULER_MODULE: f"v{versions.DESCHEDULER}"},
        programs={"descheduler": f"{DESCHEDULER_MODULE}/cmd/descheduler"},
        replaces={"k8s.io/kube-openapi": "v0.0.0-20260127142750-a19766b6e2d4"},
        copied_from=DESCHEDULER_MODULE,
        copied_trees={"charts/descheduler": "chart"},
    )


def _commands_of_kubernetes(programs: Sequence[str]) -> dict[str, str]:
    return {program: f"{KUBERNETES_MODULE}/cmd/{program}" for program in programs}


def _kubernetes_version(version: str) -> dict[str, str]:
    return {
        f"{package}.{name}": value
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for name, value in (
            ("gitVersion", f"v{version}"),
            ("gitMajor", "1"),
            ("gitMinor", str(versions.minor(version))),
        )
    }


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:8]
