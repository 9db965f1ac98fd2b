"""The command line of each program of the control plane, as pure functions of where things are.

Differences from a production cluster are for speed on two cores and for being alone on a machine:
loopback only, no fsync, no leader election, quick periods. Admission,
authorisation, scheduling and disruption budgets are as Kubernetes ships them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from testbed import versions

START_ORDER = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
)
CLIENTS = START_ORDER[2:]
POD_CIDR = "10.64.0.1/10"
SERVICE_CIDR = "10.32.0.0/16"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one control plane keeps its files, and on which loopback ports it listens."""

    state: Path
    kubernetes: str
    programs: Mapping[str, Path]
    kwok_stages: Sequence[Path]
    etcd_port: int
    peer_port: int
    server_port: int
    scheduler_port: int
    kwok_port: int

    @property
    def server(self) -> str:
        """Return the address of the API server."""
        return f"https://127.0.0.1:{self.server_port}"

    @property
    def authority(self) -> Path:
        """Return the certificate that the API server signs for itself at its first start."""
        return self.state / "certificates" / "apiserver.crt"

    @property
    def audit_log(self) -> Path:
        """Return where the API server writes its audit log."""
        return self.state / "log" / "audit.log"

    def log(self, name: str) -> Path:
        """Return where the output of a component goes."""
        return self.state / "log" / f"{name}.log"

    def kubeconfig(self, user: str) -> Path:
        """Return the kubeconfig of the administrator or of a component."""
        return kubeconfig(self.state, user)


def kubeconfig(state: Path, user: str) -> Path:
    """Return the kubeconfig of a user in a state folder."""
    return state / f"{user}.kubeconfig"


def command(name: str, layout: Layout) -> list[str]:
    """Return the command that starts a component."""
    arguments = {
        "etcd": _etcd,
        "kube-apiserver": _apiserver,
        "kube-controller-manager": _controller_manager,
        "kube-scheduler": _scheduler,
        "kwok": _kwok,
    }[name](layout)
    return [str(layout.programs[name]), *arguments]


def health_addresses(layout: Layout) -> list[str]:
    """Return where the scheduler and kwok tell whether they are ready."""
    return [
        f"https://127.0.0.1:{layout.scheduler_port}/readyz",
        f"http://127.0.0.1:{layout.kwok_port}/healthz",
    ]


def write_scheduler_configuration(layout: Layout) -> None:
    """Write what the scheduler takes from a file only: its connection and quick retries."""
    content = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "clientConnection": {
            "kubeconfig": str(layout.kubeconfig("kube-scheduler")),
            "qps": 500,
            "burst": 1000,
        },
        "leaderElection": {"leaderElect": False},
        "podMaxBackoffSeconds": 2,
    }
    _scheduler_configuration(layout).write_text(yaml.safe_dump(content, sort_keys=False))


def _etcd(layout: Layout) -> list[str]:
    client = f"http://127.0.0.1:{layout.etcd_port}"
    peer = f"http://127.0.0.1:{layout.peer_port}"
    return [
        f"--data-dir={layout.state / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _apiserver(layout: Layout) -> list[str]:
    key = layout.state / "service-accounts.key"
    return [
        f"--etcd-servers=http://127.0.0.1:{layout.etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        f"--secure-port={layout.server_port}",
        f"--cert-dir={layout.state / 'certificates'}",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        f"--token-auth-file={layout.state / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        f"--audit-policy-file={layout.state / 'audit-policy.yaml'}",
        f"--audit-log-path={layout.audit_log}",
        "--audit-log-maxsize=0",
        *_mutating_admission_policies(layout.kubernetes),
    ]


def _mutating_admission_policies(kubernetes_version: str) -> list[str]:
    """Switch the policies on where they are beta and off by default; they are GA in 1.36."""
    if versions.minor(kubernetes_version) not in (34, 35):
        return []
    return [
        "--feature-gates=MutatingAdmissionPolicy=true",
        "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
    ]


def _controller_manager(layout: Layout) -> list[str]:
    return [
        f"--kubeconfig={layout.kubeconfig('kube-controller-manager')}",
        "--secure-port=0",
        "--leader-elect=false",
        f"--service-account-private-key-file={layout.state / 'service-accounts.key'}",
        f"--root-ca-file={layout.authority}",
        "--controllers=*,-node-ipam-controller,-node-route-controller,-service-lb-controller",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--node-monitor-period=1s",
        "--node-monitor-grace-period=20s",
        "--resource-quota-sync-period=10s",
        "--horizontal-pod-autoscaler-sync-period=5s",
    ]


def _scheduler(layout: Layout) -> list[str]:
    return [
        f"--config={_scheduler_configuration(layout)}",
        "--bind-address=127.0.0.1",
        f"--secure-port={layout.scheduler_port}",
    ]


def _kwok(layout: Layout) -> list[str]:
    return [
        f"--kubeconfig={layout.kubeconfig('kwok')}",
        "--manage-all-nodes=true",
        f"--cidr={POD_CIDR}",
        "--node-ip=127.0.0.1",
        "--node-lease-duration-seconds=16",
        f"--server-address=127.0.0.1:{layout.kwok_port}",
        *(f"--config={stage}" for stage in layout.kwok_stages),
    ]


def _scheduler_configuration(layout: Layout) -> Path:
    return layout.state / "scheduler.yaml"
