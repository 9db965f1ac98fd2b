"""The two ends of a Hubble flow: pods by name, everything else by what kind of thing it is.

An end is a pod only when Hubble names it; an address alone is never looked up, because addresses
are reused. The rest is told by Cilium's reserved identities (numbers below 256, the same in every
cluster) or, where a field mask dropped the number, by the `reserved:` label.
"""

import re

import msgspec

from shorthaul.units import Namespace, PodRef, WorkloadRef

_RESERVED = {
    1: "host",
    2: "world",
    3: "unmanaged",
    4: "health",
    5: "init",
    6: "remote-node",
    7: "kube-apiserver",
    8: "ingress",
    9: "world-ipv4",
    10: "world-ipv6",
}
_LOCAL_SCOPE = 1 << 24  # identities from here on are node-local: CIDRs outside of the cluster
_REMEMBERED_PODS = 1 << 17
_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9.]{0,251}[A-Za-z0-9])?")


class Owner(msgspec.Struct, gc=False):
    """`flow.Workload`: what Hubble says owns a pod."""

    name: str = ""
    kind: str = ""


class End(msgspec.Struct, gc=False):
    """`flow.Endpoint`, as far as it is used; labels stay raw until nothing else tells."""

    identity: int = 0
    cluster_name: str = ""
    namespace: str = ""
    pod_name: str = ""
    labels: msgspec.Raw = msgspec.Raw(b"")
    workloads: list[Owner] | None = None

    @property
    def is_pod(self) -> bool:
        """Whether Hubble names a pod."""
        return bool(self.pod_name and self.namespace)


class PodNames:
    """One PodRef object per pod, and the workload that Hubble names for it (local ends only)."""

    def __init__(self) -> None:
        self.workloads: dict[PodRef, WorkloadRef] = {}
        self._pods: dict[tuple[str, str], PodRef] = {}

    def pod(self, end: End) -> PodRef | None:
        """The pod's reference, the same object for the same pod; None if it is no name."""
        key = (end.namespace, end.pod_name)
        known = self._pods.get(key)
        if known is None:
            if not (_NAME.fullmatch(end.pod_name) and _NAME.fullmatch(end.namespace)):
                return None
            if len(self._pods) >= _REMEMBERED_PODS:
                self._pods.clear()
            known = self._pods[key] = PodRef(Namespace(end.namespace), end.pod_name)
        return known

    def learn(self, end: End) -> None:
        """Keeps what Hubble says owns a pod; the smallest where it contradicts itself."""
        if not end.workloads or not end.is_pod:
            return
        pod, owner = self.pod(end), end.workloads[0]
        if pod is None:
            return
        known = self.workloads.get(pod)
        if known is not None and (known.kind, known.name) <= (owner.kind, owner.name):
            return
        if not (_NAME.fullmatch(owner.name) and _NAME.fullmatch(owner.kind)):
            return
        if known is not None or len(self.workloads) < _REMEMBERED_PODS:
            self.workloads[pod] = WorkloadRef(pod.namespace, owner.kind, owner.name)


def kind_of(source: End | None, destination: End | None) -> tuple[str, bool]:
    """What the end that is no pod is, and whether its traffic is worth showing.

    A node's own host (kubelet probes) is outside of all shares, so it is only counted.
    """
    kinds = [_kind(end) for end in (source, destination) if end is None or not end.is_pod]
    other = next((kind for kind in kinds if kind != "host"), None)
    if other is None:
        return "traffic with the pod's own host", False
    return f"one end is {other}", True


def _kind(end: End | None) -> str:
    if end is None:
        return "unknown"
    if end.identity in _RESERVED:
        return _RESERVED[end.identity]
    labels = bytes(end.labels)
    for name in _RESERVED.values():
        if f'"reserved:{name}"'.encode() in labels:
            return name
    if end.identity >= _LOCAL_SCOPE:
        return "world"
    return "a pod without a name" if end.identity else "unknown"
