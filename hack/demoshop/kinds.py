"""The demo's control plane on kind, for those who have Docker, with kwok nodes in it.

kind brings the API server, scheduler and controllers in a container; the kwok of the test bed joins
it from outside and plays only the nodes that carry its annotation. kind's own node is tainted, so
that the shop stays on the thirty. Written without a Docker at hand: see docs/demo.md.
"""

from __future__ import annotations

import base64
import functools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from demoshop import calls
from testbed import audits, binaries, clients, credentials, groups, ports

CREATE_TIMEOUT_SECONDS = 300.0
CALL_TIMEOUT_SECONDS = 240.0
ACCOUNT = "shorthaul-demo"
FAKE_NODES = "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake"
POD_RANGES = "10.64.0.1/10"
INSIDE = "/etc/kubernetes/shorthaul"


class KindCluster:
    """A kind cluster with the same surface as the test bed's control plane."""

    def __init__(self, state: Path, *, keep: bool) -> None:
        """Take the folder of its files and whether it outlives the demo."""
        self.state = state
        self._keep = keep
        self._name = state.parent.name
        self._programs: groups.Group | None = None

    @property
    def kubeconfig(self) -> Path:
        """Return a kubeconfig with a token that may do everything."""
        return self.state / "admin.kubeconfig"

    @property
    def authority(self) -> Path:
        """Return the certificate file to verify the API server with."""
        return self.state / "authority.crt"

    @property
    def server(self) -> str:
        """Return the address of the API server."""
        return str(self._own_cluster()["server"])

    @functools.cached_property
    def client(self) -> clients.Client:
        """Return a client that may do everything."""
        return clients.from_kubeconfig(self.kubeconfig)

    def start(self) -> KindCluster:
        """Create the cluster, let kwok play nodes in it, and return when it answers."""
        if shutil.which("kind") is None or shutil.which("docker") is None:
            raise calls.CallFailed("--kind needs the commands kind and docker; leave it out")
        (self.state / "log").mkdir(parents=True)
        (self.state / "audit").mkdir()
        audits.write_policy(self.state / "audit" / "policy.yaml")
        configuration = self.state / "kind.yaml"
        configuration.write_text(yaml.safe_dump(cluster_configuration(self.state / "audit")))
        self._kind("create", "cluster", f"--config={configuration}", "--wait=120s")
        self._become_administrator()
        self._start_kwok()
        return self

    def stop(self) -> None:
        """End kwok and delete the cluster, unless it is to be kept."""
        if self._keep:
            return
        if self._programs is not None:
            self._programs.end()
        if self._own_kubeconfig.exists():
            self._kind("delete", "cluster")

    def evictions(self) -> list[dict[str, Any]]:
        """Return the recorded requests to evict a pod, oldest first."""
        return audits.evictions(self.state / "audit" / "audit.log")

    @property
    def _own_kubeconfig(self) -> Path:
        return self.state / "kind.kubeconfig"

    def _own_cluster(self) -> dict[str, Any]:
        content = yaml.safe_load(self._own_kubeconfig.read_text())
        found: dict[str, Any] = content["clusters"][0]["cluster"]
        return found

    def _become_administrator(self) -> None:
        """Trade kind's client certificate for a token, which is all that our clients know."""
        self._kubectl("create", "serviceaccount", ACCOUNT, "-n", "kube-system")
        rights = ("--clusterrole=cluster-admin", f"--serviceaccount=kube-system:{ACCOUNT}")
        self._kubectl("create", "clusterrolebinding", ACCOUNT, *rights)
        token = self._kubectl(
            "create", "token", ACCOUNT, "-n", "kube-system", "--duration=8h"
        ).strip()
        authority = base64.b64decode(self._own_cluster()["certificate-authority-data"])
        self.authority.write_bytes(authority)
        credentials.write_kubeconfig(
            self.kubeconfig, server=self.server, token=token, authority=authority
        )
        taint = "node-role.kubernetes.io/control-plane=:NoSchedule"
        self._kubectl("taint", "nodes", "--all", "--overwrite", taint)

    def _start_kwok(self) -> None:
        (port,) = ports.pick(1)
        self._programs = groups.Group(self.state)
        stages = [f"--config={stage}" for stage in binaries.kwok_stages()]
        self._programs.start(
            "kwok",
            [
                str(binaries.find("kwok")),
                f"--kubeconfig={self.kubeconfig}",
                FAKE_NODES,
                f"--cidr={POD_RANGES}",
                "--node-ip=127.0.0.1",
                f"--server-address=127.0.0.1:{port}",
                *stages,
            ],
        )

    def _kind(self, *arguments: str) -> str:
        names = [f"--name={self._name}", f"--kubeconfig={self._own_kubeconfig}"]
        return calls.call(["kind", *arguments, *names], os.environ, CREATE_TIMEOUT_SECONDS)

    def _kubectl(self, *arguments: str) -> str:
        command: Sequence[str] = [str(binaries.find("kubectl")), *arguments]
        environment = os.environ | {"KUBECONFIG": str(self._own_kubeconfig)}
        return calls.call(command, environment, CALL_TIMEOUT_SECONDS)


def cluster_configuration(audit: Path) -> dict[str, Any]:
    """Return kind's configuration: one node, and the API server's audit log in our folder."""
    mount = {"name": "audit", "hostPath": INSIDE, "mountPath": INSIDE, "readOnly": False}
    flags = {"audit-policy-file": f"{INSIDE}/policy.yaml", "audit-log-path": f"{INSIDE}/audit.log"}
    patch = {
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "ClusterConfiguration",
        "apiServer": {
            "extraArgs": [{"name": name, "value": value} for name, value in flags.items()],
            "extraVolumes": [mount],
        },
    }
    return {
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "kind": "Cluster",
        "nodes": [
            {
                "role": "control-plane",
                "kubeadmConfigPatches": [yaml.safe_dump(patch, sort_keys=False)],
                "extraMounts": [{"hostPath": str(audit), "containerPath": INSIDE}],
            }
        ],
    }
