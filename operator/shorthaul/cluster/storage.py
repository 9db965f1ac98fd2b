"""From a pod's volumes to its claims, volumes and storage classes, for the constraints on them."""

from collections.abc import Iterable

from shorthaul.cluster.snapshots import Claim, PersistentVolume, Pod, Snapshot, StorageClass
from shorthaul.units import PodRef


def lasting_claims(pod: Pod, snapshot: Snapshot) -> Iterable[tuple[str, Claim | None]]:
    """The claims that outlive the pod, by name; None for one that is not known."""
    for volume in pod.volumes:
        if volume.source == "persistentVolumeClaim":
            yield volume.claim, snapshot.claims.get(PodRef(pod.ref.namespace, volume.claim))


def all_claims(pod: Pod, snapshot: Snapshot) -> Iterable[Claim]:
    """The known claims of a pod, those made for it alone too."""
    for volume in pod.volumes:
        claim = snapshot.claims.get(PodRef(pod.ref.namespace, volume.claim))
        if volume.claim and claim is not None:
            yield claim


def volume_of(claim: Claim, snapshot: Snapshot) -> PersistentVolume | None:
    """The volume that a claim is bound to, where it is known."""
    return snapshot.volumes.get(claim.volume) if claim.volume else None


def class_of(claim: Claim, snapshot: Snapshot) -> StorageClass | None:
    """A claim's storage class; the default one when it names none."""
    if claim.storage_class:
        return snapshot.storage_classes.get(claim.storage_class)
    defaults = [known for known in snapshot.storage_classes.values() if known.is_default]
    return defaults[0] if defaults else None


def driver_of(claim: Claim, snapshot: Snapshot) -> str:
    """The CSI driver that serves a claim; "" when none is known."""
    volume = volume_of(claim, snapshot)
    if volume is not None:
        return volume.driver
    known = class_of(claim, snapshot)
    return known.provisioner if known is not None else ""
