"""What has to be compiled to get each program, as data.

Everything comes from published Go modules by name and version, so that the only thing a machine
needs is Go and its module proxy. Kubernetes says in its go.mod that its staging modules are found
in its own tree; outside that tree each of them is replaced by its published twin, v0.36.3 for
v1.36.3. etcd is built with Kubernetes because they share most of their dependencies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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
HUBBLE_AGENT = Path(__file__).resolve().parents[1] / "hubbleagent"
GOFLOW2_BENCH = Path(__file__).resolve().parents[1] / "benchmarks" / "goflow2"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One build: modules with versions, and the packages that become programs.

    `sources` is a module of our own that the build happens in, copied; `replaces` are versions that
    a module's own go.mod replaces others by.
    """

    key: str
    requires: Mapping[str, str]
    programs: Mapping[str, str]
    link_values: Mapping[str, str] = field(default_factory=dict)
    staging_of: str | None = None
    copied_folders: Mapping[str, str] = field(default_factory=dict)
    copied_from: str | None = None
    sources: Path | None = None
    replaces: Mapping[str, str] = field(default_factory=dict)


def kubernetes(version: str) -> Recipe:
    """Return how to build etcd and the programs of one version of Kubernetes."""
    programs = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
    link_values = {
        f"{package}.{name}": value
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for name, value in (
            ("gitVersion", f"v{version}"),
            ("gitMajor", "1"),
            ("gitMinor", str(versions.minor(version))),
        )
    }
    return Recipe(
        key=f"kubernetes-{version}_etcd-{versions.ETCD}",
        requires={KUBERNETES_MODULE: f"v{version}", ETCD_MODULE: f"v{versions.ETCD}"},
        programs={"etcd": ETCD_MODULE}
        | {program: f"{KUBERNETES_MODULE}/cmd/{program}" for program in programs},
        link_values=link_values,
        staging_of=KUBERNETES_MODULE,
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
    """Return how to build the descheduler of the Kubernetes SIGs, a peer that evicts pods too."""
    return Recipe(
        key=f"descheduler-{versions.DESCHEDULER}",
        requires={DESCHEDULER_MODULE: f"v{versions.DESCHEDULER}"},
        programs={"descheduler": f"{DESCHEDULER_MODULE}/cmd/descheduler"},
        replaces={"k8s.io/kube-openapi": "v0.0.0-20260127142750-a19766b6e2d4"},
    )


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:8]
