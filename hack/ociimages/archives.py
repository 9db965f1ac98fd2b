"""An image as a tar in the OCI image layout, which containerd imports; written without Docker.

The format is that of the OCI image specification 1.0: `oci-layout`, `index.json`, and every other
part under its digest. The index names the image by containerd's annotation, so that an import
needs no further option.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ociimages import layers

MEDIA = "application/vnd.oci.image"
NAME = "io.containerd.image.name"
TAG = "org.opencontainers.image.ref.name"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Start:
    """What runs in the image, and as whom."""

    entry_point: Sequence[str]
    command: Sequence[str] = ()
    user: str = "65532:65532"
    environment: Mapping[str, str] = field(default_factory=dict)


def write(name: str, start: Start, stack: Sequence[layers.Layer], target: Path) -> str:
    """Write an image called `repository:tag` and return the digest of its manifest."""
    repository, _, tag = name.rpartition(":")
    if not repository or "/" in tag:
        raise layers.NotAnImage(f"an image is called repository:tag, not {name}")
    configuration = _encoded(_configuration(start, stack))
    manifest = _encoded(_manifest(configuration, stack))
    index = _encoded(
        {
            "schemaVersion": 2,
            "mediaType": f"{MEDIA}.index.v1+json",
            "manifests": [
                _descriptor("manifest.v1+json", manifest)
                | {"platform": _platform(), "annotations": {NAME: name, TAG: tag}}
            ],
        }
    )
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
        _put(tar, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _put(tar, "index.json", index)
        for blob in (manifest, configuration):
            _put(tar, _place(_digest(blob)), blob)
        for layer in {one.digest: one for one in stack}.values():
            entry = tarfile.TarInfo(_place(layer.digest))
            entry.size = layer.size
            with layer.path.open("rb") as file:
                tar.addfile(entry, file)
    return _digest(manifest)


def packed(path: Path) -> bytes:
    """Return an image as one tar: the file itself, or a folder with an OCI layout packed."""
    if path.is_file():
        return path.read_bytes()
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for one in sorted(path.rglob("*")):
            if one.is_file():
                _put(tar, one.relative_to(path).as_posix(), one.read_bytes())
    return target.getvalue()


def _configuration(start: Start, stack: Sequence[layers.Layer]) -> dict[str, Any]:
    return _platform() | {
        "config": {
            "User": start.user,
            "Env": [f"{name}={value}" for name, value in sorted(start.environment.items())],
            "Entrypoint": list(start.entry_point),
            "Cmd": list(start.command),
            "WorkingDir": "/",
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.content for layer in stack]},
        "history": [{"created_by": "hack/ociimages"} for _ in stack],
    }


def _manifest(configuration: bytes, stack: Sequence[layers.Layer]) -> dict[str, Any]:
    media = f"{MEDIA}.layer.v1.tar+gzip"
    return {
        "schemaVersion": 2,
        "mediaType": f"{MEDIA}.manifest.v1+json",
        "config": _descriptor("config.v1+json", configuration),
        "layers": [
            {"mediaType": media, "digest": layer.digest, "size": layer.size} for layer in stack
        ],
    }


def _platform() -> dict[str, Any]:
    machine = platform.machine()
    return {"architecture": MACHINES.get(machine, machine), "os": "linux"}


def _descriptor(kind: str, blob: bytes) -> dict[str, Any]:
    return {"mediaType": f"{MEDIA}.{kind}", "digest": _digest(blob), "size": len(blob)}


def _encoded(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _place(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _put(tar: tarfile.TarFile, name: str, blob: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(blob)
    tar.addfile(entry, io.BytesIO(blob))
