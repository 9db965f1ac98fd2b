"""Container images without Docker: an OCI layout in a tar file, of static programs only.

The same files give the same bytes, so that an image's digest says what is in it.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIGURATION_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
NOBODY = "65532:65532"


@dataclass(frozen=True, slots=True)
class Image:
    """What an image is called, which programs are where in it, and what it runs."""

    reference: str
    programs: Mapping[str, Path]
    entrypoint: Sequence[str]


def write(target: Path, image: Image) -> Path:
    """Write an image as a tar file that `ctr images import` takes."""
    layer = _layer(image.programs)
    configuration = _json(_configuration(image, layer))
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": _descriptor(CONFIGURATION_TYPE, configuration),
            "layers": [_descriptor(LAYER_TYPE, layer)],
        }
    )
    names = {
        "io.containerd.image.name": image.reference,
        "org.opencontainers.image.ref.name": image.reference.rpartition(":")[2],
    }
    index = {
        "schemaVersion": 2,
        "manifests": [_descriptor(MANIFEST_TYPE, manifest) | {"annotations": names}],
    }
    files = {"oci-layout": _json({"imageLayoutVersion": "1.0.0"}), "index.json": _json(index)}
    blobs = {f"blobs/sha256/{_digest(one)}": one for one in (layer, configuration, manifest)}
    target.write_bytes(_tar({name: (0o644, content) for name, content in (files | blobs).items()}))
    return target


def archive(path: Path) -> bytes:
    """Return an image as one tar: the file itself, or a folder with an OCI layout packed."""
    if path.is_file():
        return path.read_bytes()
    files = (found for found in sorted(path.rglob("*")) if found.is_file())
    return _tar({str(one.relative_to(path)): (0o644, one.read_bytes()) for one in files})


def architecture() -> str:
    """Return this machine's architecture as images call it."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def _configuration(image: Image, layer: bytes) -> dict[str, Any]:
    return {
        "architecture": architecture(),
        "os": "linux",
        "config": {"Entrypoint": list(image.entrypoint), "WorkingDir": "/", "User": NOBODY},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_digest(layer)}"]},
    }


def _layer(programs: Mapping[str, Path]) -> bytes:
    return _tar({name.lstrip("/"): (0o755, path.read_bytes()) for name, path in programs.items()})


def _tar(files: Mapping[str, tuple[int, bytes]]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive_file:
        for name, (mode, content) in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive_file.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {
        "mediaType": media_type,
        "digest": f"sha256:{_digest(content)}",
        "size": len(content),
    }


def _json(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
