"""Raw volumes, claims, storage classes and quotas to the values of `cluster`.

Volumes of the old in-tree kinds are named by the CSI driver that serves them today, since attach
limits are counted by driver.
"""

from collections.abc import Mapping

from shorthaul.cluster import snapshots
from shorthaul.cluster.selectors import NodeTerm
from shorthaul.kube import conversion_requests, conversion_selectors, objects
from shorthaul.kube.conversion_owners import namespace_of

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_ZONE_LABELS = ("topology.kubernetes.io/", "failure-domain.beta.kubernetes.io/")


def volume_of(raw: objects.PersistentVolume) -> snapshots.PersistentVolume:
    """One PersistentVolume."""
    spec = raw.spec
    source, driver = _source(spec)
    labels = raw.metadata.labels or {}
    affinity = spec.node_affinity
    return snapshots.PersistentVolume(
        name=raw.metadata.name,
        source=source,
        driver=driver,
        node_terms=conversion_selectors.node_terms_of(affinity.required if affinity else None),
        labels={key: labels[key] for key in labels if key.startswith(_ZONE_LABELS)},
        access_modes=tuple(spec.access_modes or ()),
    )


def _source(spec: objects.PersistentVolumeSpec) -> tuple[str, str]:
    if spec.csi is not None:
        return "csi", spec.csi.driver
    if spec.local is not None:
        return "local", ""
    if spec.host_path is not None:
        return "hostPath", ""
    if spec.nfs is not None:
        return "nfs", ""
    migrated = (
        (spec.aws_elastic_block_store, "ebs.csi.aws.com"),
        (spec.gce_persistent_disk, "pd.csi.storage.gke.io"),
        (spec.azure_disk, "disk.csi.azure.com"),
        (spec.cinder, "cinder.csi.openstack.org"),
        (spec.vsphere_volume, "csi.vsphere.vmware.com"),
    )
    found = [driver for present, driver in migrated if present is not None]
    return ("csi", found[0]) if found else ("other", "")


def claim_of(raw: objects.PersistentVolumeClaim) -> snapshots.Claim:
    """One claim; it is bound when it names its volume."""
    return snapshots.Claim(
        namespace=namespace_of(raw.metadata),
        name=raw.metadata.name,
        volume=raw.spec.volume_name,
        storage_class=raw.spec.storage_class_name or "",
        access_modes=tuple(raw.spec.access_modes or ()),
    )


def storage_class_of(raw: objects.StorageClass) -> snapshots.StorageClass:
    """One storage class, with the nodes for which it may make volumes."""
    terms = [
        NodeTerm(conversion_selectors.requirements_of(_as_in(term.match_label_expressions)))
        for term in raw.allowed_topologies or ()
    ]
    return snapshots.StorageClass(
        name=raw.metadata.name,
        provisioner=raw.provisioner,
        wait_for_consumer=raw.volume_binding_mode == "WaitForFirstConsumer",
        node_terms=tuple(terms) if terms else None,
        is_default=(raw.metadata.annotations or {}).get(_DEFAULT_CLASS) == "true",
    )


def _as_in(raw: list[objects.Expression] | None) -> list[objects.Expression]:
    """A class's topologies are lists of values without an operator: one of them is meant."""
    return [
        objects.Expression(key=part.key, operator="In", values=part.values) for part in raw or ()
    ]


def quota_of(raw: objects.ResourceQuota) -> snapshots.Quota:
    """One quota, by its status where there is one."""
    hard = raw.status.hard if raw.status.hard is not None else raw.spec.hard
    selector = raw.spec.scope_selector or objects.ScopeSelector()
    return snapshots.Quota(
        namespace=namespace_of(raw.metadata),
        name=raw.metadata.name,
        hard=_bounds(hard, "status.hard"),
        used=_bounds(raw.status.used, "status.used"),
        scopes=tuple(raw.spec.scopes or ()),
        scope_requirements=conversion_selectors.requirements_of(selector.match_expressions),
    )


def _bounds(raw: objects.Quantities, where: str) -> Mapping[str, int]:
    return {
        name: conversion_requests.amount(name, value, where) for name, value in (raw or {}).items()
    }
