"""Whom the labels of one end name: a workload, a pod, or nobody, with the reason.

A workload's kind that no label tells, and the pod behind an address, are looked up in the cluster
as it is now; what is not to be found there, or is there twice, names nobody. An end that no label
names in the cluster may be a named place outside, by its address.
"""

from collections import defaultdict
from collections.abc import Mapping

from shorthaul.telemetry.prometheus.outsides import Outsides, host_of
from shorthaul.telemetry.prometheus.profiles import End
from shorthaul.traffic.graphs import Vertex, vertex_of
from shorthaul.traffic.identities import Directory
from shorthaul.units import Namespace, PodRef, WorkloadRef

_CONTAINER_PARTS = 5
_OUTSIDE = frozenset({"node", "service", "gateway", "gatewayclass"})


class Nobody(str):
    """Why an end names nobody that can be moved or moved to."""

    __slots__ = ()


class Names:
    """Looks ends up; made once per reading."""

    def __init__(
        self,
        directory: Directory | None,
        nobody: tuple[str, ...],
        outsides: Outsides | None = None,
    ) -> None:
        self.outsides = outsides or Outsides()
        self._directory = directory
        self._nobody = frozenset(("", *nobody))
        self._kinds: dict[tuple[str, str], list[WorkloadRef]] = defaultdict(list)
        for workload in sorted(directory.workloads) if directory else ():
            self._kinds[workload.namespace, workload.name].append(workload)

    def of(self, end: End, labels: Mapping[str, str]) -> Vertex | Nobody:
        """Whom the labels name."""
        found = self._inside(end, labels)
        if not isinstance(found, Nobody) or not self.outsides:
            return found
        if any(self._value(labels, label) for label in end.naming):
            return found  # It is of the cluster, whatever its address.
        asked = (self._value(labels, label) for label in end.telling_outside)
        places = (self.outsides.of(value) for value in asked if value)
        return next(filter(None, places), found)

    def _inside(self, end: End, labels: Mapping[str, str]) -> Vertex | Nobody:
        if end.container:
            return _container(self._value(labels, end.container), end.container)
        if end.address:
            return self._address(self._value(labels, end.address), end.address)
        namespace = Namespace(self._value(labels, end.namespace))
        if not namespace:
            return Nobody(f"no namespace in {end.namespace}")
        if end.pod:
            pod = self._value(labels, end.pod)
            return PodRef(namespace, pod) if pod else Nobody(f"no pod in {end.pod}")
        for kind, label in end.kinds.items():
            name = self._value(labels, label)
            if name:
                return WorkloadRef(namespace, kind, name)
        name = self._value(labels, end.name) if end.name else ""
        if not name:
            return Nobody(f"no workload in {end.name or ', '.join(end.kinds.values())}")
        return self._workload(namespace, name, self._value(labels, end.kind))

    def _value(self, labels: Mapping[str, str], label: str) -> str:
        value = labels.get(label, "") if label else ""
        return "" if value in self._nobody or not value.isprintable() else value.strip()

    def _workload(self, namespace: Namespace, name: str, kind: str) -> Vertex | Nobody:
        if kind.lower() in _OUTSIDE:
            return Nobody(f"the workload is a {kind}")
        if kind:
            return vertex_of(namespace, kind, name)
        if self._directory is None:
            return Nobody("no label tells the workload's kind; give --cluster")
        found = self._kinds.get((namespace, name), [])
        if len(found) != 1:
            several = "several workloads of" if found else "no workload of"
            return Nobody(f"the cluster has {several} that name in the namespace")
        return found[0]

    def _address(self, value: str, label: str) -> Vertex | Nobody:
        if not value:
            return Nobody(f"no address in {label}")
        if self._directory is None:
            return Nobody("only an address tells the pod; give --cluster")
        pod = self._directory.pods_by_address.get(host_of(value))
        return pod or Nobody("no pod of the cluster has the address now")


def _container(value: str, label: str) -> Vertex | Nobody:
    parts = value.split("/")
    if len(parts) != _CONTAINER_PARTS or parts[:2] != ["", "k8s"] or not all(parts[2:]):
        return Nobody(f"no container of a pod in {label}")
    return PodRef(Namespace(parts[2]), parts[3])
