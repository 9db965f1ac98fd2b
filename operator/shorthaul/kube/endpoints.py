"""Where each kind of object lives in the API: group, version, plural, and the paths under it.

Only the kinds that Shorthaul reads or writes are named here; what their fields mean is the
business of `objects` and of `api`.
"""

from dataclasses import dataclass

OWN_GROUP = "shorthaul.dev"
OWN_VERSION = "v1alpha1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One kind's place in the API; `plural` as in the path, group "" is the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The kind's apiVersion as written in its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The path of all objects, of a namespace's, or of one."""
        parts = ["/apis", self.group] if self.group else ["/api"]
        parts.append(self.version)
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part]
        return "/".join(parts)


NODES = Endpoint("", "v1", "nodes", "Node", namespaced=False)
NAMESPACES = Endpoint("", "v1", "namespaces", "Namespace", namespaced=False)
PODS = Endpoint("", "v1", "pods", "Pod")
SERVICES = Endpoint("", "v1", "services", "Service")
CLAIMS = Endpoint("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
VOLUMES = Endpoint("", "v1", "persistentvolumes", "PersistentVolume", namespaced=False)
REPLICATION_CONTROLLERS = Endpoint("", "v1", "replicationcontrollers", "ReplicationController")
QUOTAS = Endpoint("", "v1", "resourcequotas", "ResourceQuota")
ENDPOINT_SLICES = Endpoint("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
DEPLOYMENTS = Endpoint("apps", "v1", "deployments", "Deployment")
REPLICA_SETS = Endpoint("apps", "v1", "replicasets", "ReplicaSet")
STATEFUL_SETS = Endpoint("apps", "v1", "statefulsets", "StatefulSet")
DAEMON_SETS = Endpoint("apps", "v1", "daemonsets", "DaemonSet")
JOBS = Endpoint("batch", "v1", "jobs", "Job")
CRON_JOBS = Endpoint("batch", "v1", "cronjobs", "CronJob")
BUDGETS = Endpoint("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
STORAGE_CLASSES = Endpoint("storage.k8s.io", "v1", "storageclasses", "StorageClass", False)
CSI_NODES = Endpoint("storage.k8s.io", "v1", "csinodes", "CSINode", False)
LEASES = Endpoint("coordination.k8s.io", "v1", "leases", "Lease")
EVENTS = Endpoint("events.k8s.io", "v1", "events", "Event")

POLICIES = Endpoint(OWN_GROUP, OWN_VERSION, "affinitypolicies", "AffinityPolicy")
SOURCES = Endpoint(OWN_GROUP, OWN_VERSION, "flowsources", "FlowSource", namespaced=False)
TOPOLOGIES = Endpoint(OWN_GROUP, OWN_VERSION, "topologies", "Topology", namespaced=False)
PLANS = Endpoint(OWN_GROUP, OWN_VERSION, "placementplans", "PlacementPlan", namespaced=False)
MOVES = Endpoint(OWN_GROUP, OWN_VERSION, "podmoves", "PodMove")
HINTS = Endpoint(OWN_GROUP, OWN_VERSION, "placementhints", "PlacementHint")
