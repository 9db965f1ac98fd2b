"""Reads a cluster from files: what `kubectl get … -A -o json` or `-o yaml` prints, in any cut.

Files or folders, plain or gzip; lists, single objects, objects one after another, JSON lines, YAML
documents. What a file is is told by its content. Files are mapped, not read, and each object is
decoded by itself, so that memory is that of the snapshot. Kinds that nobody here needs are counted.
Anything that cannot be used is BadInput naming file, object or line; nothing is guessed or skipped.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shorthaul.cluster import snapshots
from shorthaul.errors import BadInput
from shorthaul.kube import conversions, dump_documents, dump_files

_BY_KIND: Mapping[str, conversions.Reader[Any, Any]] = {
    kind: reader for (_, kind), reader in conversions.READERS.items()
}
_BINDING_KINDS = ("PodDisruptionBudget", "ResourceQuota", "Service", "EndpointSlice")


@dataclass(slots=True)
class _Found:
    """What was read until now, by kind and (namespace, name)."""

    values: dict[str, dict[tuple[str, str], Any]] = field(default_factory=dict)
    origins: dict[tuple[str, str, str], tuple[str, str]] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)

    def of(self, kind: str) -> Collection[Any]:
        return self.values.get(kind, {}).values()


def read_dump(paths: Sequence[str]) -> snapshots.Snapshot:
    """The cluster that files and folders describe; raises BadInput for what cannot be used."""
    found = _Found()
    for path in dump_files.files_among(paths):
        _read_file(path, found)
    if not found.of("Node"):
        raise BadInput(
            f"no nodes in {', '.join(paths)}; give what `kubectl get nodes,pods -A -o json` prints"
        )
    parts = _parts(found)
    return conversions.snapshot_of(parts, _absent_kinds(parts, found))


def _read_file(path: str, found: _Found) -> None:
    with dump_files.opened(path) as body:
        try:
            for document in dump_documents.documents_of(body, path):
                _read_document(document, path, found)
        except RecursionError as error:
            raise BadInput(f"{path}: nested too deeply to be a Kubernetes object") from error


def _read_document(document: dump_documents.Document, path: str, found: _Found) -> None:
    reader = _reader_of(document)
    if reader is None:
        found.ignored[document.kind] = found.ignored.get(document.kind, 0) + 1
        return
    key = (document.names.namespace or "default", document.names.name)
    if not document.names.name:
        raise BadInput(f"{document.place()}: {document.kind} without metadata.name")
    _require_same_object(document, path, found)
    found.values.setdefault(reader.kind, {})[key] = _value(reader, document)


def _reader_of(document: dump_documents.Document) -> conversions.Reader[Any, Any] | None:
    """By group and kind; a hand-made object without apiVersion by kind alone."""
    if not document.api_version:
        return _BY_KIND.get(document.kind)
    return conversions.READERS.get((document.group, document.kind))


def _value(reader: conversions.Reader[Any, Any], document: dump_documents.Document) -> Any:
    try:
        if document.raw is None:
            return reader.adopt(document.plain)
        return reader.decode(document.raw)
    except BadInput as error:
        raise BadInput(f"{document.place()}: {error}") from error


def _require_same_object(document: dump_documents.Document, path: str, found: _Found) -> None:
    """The same object may come twice, and the later counts; another of its name may not."""
    names = document.names
    key = (document.kind, names.namespace or "default", names.name)
    uid, origin = found.origins.setdefault(key, (names.uid, path))
    if uid == names.uid:
        return
    shown = f"{names.namespace}/{names.name}" if names.namespace else names.name
    what = "two clusters" if document.kind == "Node" else "two clusters or two moments"
    raise BadInput(
        f"{document.place()}: {document.kind} {shown} has uid {names.uid or '(none)'}, but "
        f"{uid or '(none)'} in {origin}; these are {what}, give one"
    )


def _parts(found: _Found) -> conversions.Parts:
    return conversions.Parts(
        nodes=found.of("Node"),
        pods=found.of("Pod"),
        controllers=[one for kind in conversions.CONTROLLERS for one in found.of(kind)],
        services=found.of("Service"),
        endpoints=found.of("EndpointSlice"),
        budgets=found.of("PodDisruptionBudget"),
        claims=found.of("PersistentVolumeClaim"),
        volumes=found.of("PersistentVolume"),
        storage_classes=found.of("StorageClass"),
        attach_limits=found.of("CSINode"),
        quotas=found.of("ResourceQuota"),
        namespaces=found.of("Namespace"),
        ignored_kinds=found.ignored,
    )


def _absent_kinds(parts: conversions.Parts, found: _Found) -> frozenset[str]:
    """The kinds without an object that would have bound some pod; others are not missed."""
    wanted = {*_BINDING_KINDS, "Pod"}
    for pod in parts.pods:
        if pod.owner_kind in conversions.CONTROLLERS:
            wanted.add(pod.owner_kind)
        if any(volume.claim for volume in pod.volumes):
            wanted |= {"PersistentVolumeClaim", "CSINode"}
        if any(term.namespace_selector for term in (*pod.affinity, *pod.anti_affinity)):
            wanted.add("Namespace")
    if any(claim.volume for claim in parts.claims):
        wanted.add("PersistentVolume")
    if any(claim.storage_class and not claim.volume for claim in parts.claims):
        wanted.add("StorageClass")
    if any(one.owner_kind == "Deployment" for one in parts.controllers):
        wanted.add("Deployment")
    return frozenset(kind for kind in wanted if not found.of(kind))
