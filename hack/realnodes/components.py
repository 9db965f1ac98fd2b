"""The command line of each program of the cluster, as pure functions of the layout.

The control plane differs from a production one in that etcd does not fsync and nothing elects a
leader. Nodes have identities of their own, held by the Node authorizer and NodeRestriction.
"""

from __future__ import annotations

from pathlib import Path

from realnodes import layouts, nodefiles

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
PROXY_USER = "system:kube-proxy"
ADMINISTRATOR = "admin"
ETCD = "http://127.0.0.1:2379"
ETCD_PEER = "http://127.0.0.1:2380"
READY_ADDRESSES = {
    "kube-controller-manager": "https://127.0.0.1:10257/healthz",
    "kube-scheduler": "https://127.0.0.1:10259/readyz",
}


def groups_of_users(layout: layouts.Layout) -> dict[str, str]:
    """Return who else than administrators has a token, and the group of each."""
    return {PROXY_USER: ""} | {user_of(node): "system:nodes" for node in layout.nodes}


def user_of(node: layouts.Node) -> str:
    """Return the user name that the Node authorizer knows a node by."""
    return f"system:node:{node.name}"


def control_plane(name: str, layout: layouts.Layout) -> list[str]:
    """Return the arguments of a program of the control plane."""
    return {
        "etcd": _etcd,
        "kube-apiserver": _apiserver,
        "kube-controller-manager": _controller_manager,
        "kube-scheduler": _scheduler,
    }[name](layout)


def node(name: str, layout: layouts.Layout, of: layouts.Node) -> list[str]:
    """Return the arguments of a program of a node."""
    return {"containerd": _containerd, "kubelet": _kubelet, "kube-proxy": _proxy}[name](layout, of)


def _etcd(layout: layouts.Layout) -> list[str]:
    return [
        f"--data-dir={layout.state / 'etcd'}",
        f"--listen-client-urls={ETCD}",
        f"--advertise-client-urls={ETCD}",
        f"--listen-peer-urls={ETCD_PEER}",
        f"--initial-advertise-peer-urls={ETCD_PEER}",
        f"--initial-cluster=default={ETCD_PEER}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _apiserver(layout: layouts.Layout) -> list[str]:
    key = signing_key(layout)
    return [
        f"--etcd-servers={ETCD}",
        f"--bind-address={layout.api_address}",
        f"--advertise-address={layout.api_address}",
        f"--secure-port={layouts.API_PORT}",
        f"--cert-dir={layout.authority.parent}",
        f"--service-cluster-ip-range={layouts.SERVICE_CIDR}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        f"--token-auth-file={tokens(layout)}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--kubelet-preferred-address-types=InternalIP",
    ]


def _controller_manager(layout: layouts.Layout) -> list[str]:
    return [
        *_connected(layout),
        f"--service-account-private-key-file={signing_key(layout)}",
        f"--root-ca-file={layout.authority}",
        "--use-service-account-credentials=true",
        "--controllers=*,-node-ipam-controller,-node-route-controller,-service-lb-controller",
        "--node-monitor-grace-period=40s",
    ]


def _scheduler(layout: layouts.Layout) -> list[str]:
    return _connected(layout)


def _connected(layout: layouts.Layout) -> list[str]:
    path = layout.kubeconfig
    return [
        f"--kubeconfig={path}",
        f"--authentication-kubeconfig={path}",
        f"--authorization-kubeconfig={path}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
    ]


def _containerd(layout: layouts.Layout, of: layouts.Node) -> list[str]:
    return [f"--config={layout.folder(of) / 'containerd.toml'}"]


def _kubelet(layout: layouts.Layout, of: layouts.Node) -> list[str]:
    labels = ",".join(f"{name}={value}" for name, value in of.labels.items())
    return [
        f"--config={layout.folder(of) / 'kubelet.yaml'}",
        f"--kubeconfig={layout.kubeconfig_of(user_of(of))}",
        f"--hostname-override={of.name}",
        f"--node-ip={of.address}",
        f"--node-labels={labels}",
    ]


def _proxy(layout: layouts.Layout, of: layouts.Node) -> list[str]:
    return [f"--config={layout.folder(of) / 'kube-proxy.yaml'}"]


def containerd_client(arguments: list[str]) -> list[str]:
    """Return the arguments of `ctr` for the images and containers of Kubernetes."""
    return ["--address", nodefiles.SOCKET, "--namespace", "k8s.io", *arguments]


def signing_key(layout: layouts.Layout) -> Path:
    """Return the file of the key that signs tokens of ServiceAccounts."""
    return layout.state / "service-accounts.key"


def tokens(layout: layouts.Layout) -> Path:
    """Return the file of the users' tokens."""
    return layout.state / "tokens.csv"
