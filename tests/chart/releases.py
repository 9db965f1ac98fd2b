"""The chart, installed with the real helm on a real API server, and clients of those who use it.

The operator does not run here: what is tested is what the API server does without it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from testbed import binaries, clients, connections, controlplanes

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "shorthaul"
RELEASE = "shorthaul"
NAMESPACE = "shorthaul-system"
PROBES = "shorthaul-probe"
OPENED = "opened"
CLOSED = "closed"
KUBERNETES = "1.36.3"


@dataclass(frozen=True)
class Helm:
    """The real helm, with its files in a folder of ours; without a kubeconfig it is offline."""

    folder: Path
    kubeconfig: Path | None = None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command and return what came of it."""
        environment = os.environ | {
            "HELM_CACHE_HOME": str(self.folder),
            "HELM_CONFIG_HOME": str(self.folder),
            "HELM_DATA_HOME": str(self.folder),
            "KUBECONFIG": str(self.kubeconfig or self.folder / "none"),
        }
        command = [str(binaries.find("helm")), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def done(self, *arguments: str) -> str:
        """Run a command that has to succeed and return its output."""
        answer = self.run(*arguments)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def template(self, *arguments: str, kubernetes: str = KUBERNETES) -> str:
        """Return the manifests of the chart."""
        where = ("--namespace", NAMESPACE, "--kube-version", kubernetes)
        return self.done("template", RELEASE, str(CHART), *where, *arguments)

    def install(self, *arguments: str) -> str:
        """Install the chart without pods of the operator."""
        where = ("--namespace", NAMESPACE, "--create-namespace", "--set", "replicas=0")
        return self.done("install", RELEASE, str(CHART), *where, *arguments)


@dataclass(frozen=True)
class Release:
    """An installed chart and the control plane that it is installed on."""

    plane: controlplanes.ControlPlane
    helm: Helm

    @property
    def administrator(self) -> clients.Client:
        """Return a client that may do everything."""
        return self.plane.client

    @property
    def operator(self) -> clients.Client:
        """Return a client with the rights of the operator."""
        return self.as_account(NAMESPACE, RELEASE)

    def as_account(self, namespace: str, name: str) -> clients.Client:
        """Return a client with the token of a ServiceAccount."""
        return self.administrator.with_token(self.administrator.token_request(namespace, name))

    def make_account(self, namespace: str, name: str) -> clients.Client:
        """Make a ServiceAccount without rights and return its client."""
        metadata = {"name": name, "namespace": namespace}
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
        self.administrator.apply(account)
        return self.as_account(namespace, name)

    def bind(self, namespace: str, account: str, role: str, *, within: str | None = None) -> None:
        """Give a ServiceAccount a ClusterRole, in one namespace or everywhere."""
        subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
        metadata = {"name": f"{account}-{role}"} | ({"namespace": within} if within else {})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
        self.administrator.apply(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding" if within else "ClusterRoleBinding",
                "metadata": metadata,
                "roleRef": reference,
                "subjects": [subject],
            }
        )


def make_namespace(client: clients.Client, name: str) -> None:
    """Make a namespace in which pods can be made."""
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    client.wait_for(
        lambda: client.exists("serviceaccounts", "default", name),
        what=f"the default ServiceAccount of {name}",
    )


def start(folder: Path) -> Iterator[Release]:
    """Bring up a control plane with two namespaces and helm, and end it."""
    with controlplanes.ControlPlane() as plane:
        for name in (OPENED, CLOSED):
            make_namespace(plane.client, name)
        yield Release(plane, Helm(folder, plane.kubeconfig))


def install(release: Release) -> None:
    """Install the chart with the right to evict in one namespace, and wait until it acts."""
    release.helm.install("--set", f"namespaces={{{OPENED}}}")
    release.administrator.wait_for(
        lambda: _is_guarded(release), what="the admission policies to act"
    )


def _is_guarded(release: Release) -> bool:
    """Whether the validating policies act: their informers lag behind their objects."""
    probe = {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "PlacementHint",
        "metadata": {"name": "active", "namespace": CLOSED},
        "spec": {},
    }
    try:
        release.administrator.create(probe, dry_run=True)
    except connections.ApiError as error:
        return "written by the operator alone" in error.message
    return False
