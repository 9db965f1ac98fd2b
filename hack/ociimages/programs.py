"""Images in the cache of built programs: the layer of one static program, and whole images.

Both are kept by what is in them, so that another program or another start is another image.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from ociimages import archives, layers
from testbed import caches

FILE = "image.tar"


def layer(program: Path) -> layers.Layer:
    """Return the layer of one static program and a folder for temporary files."""
    content = hashlib.sha256(program.read_bytes()).hexdigest()[:12]

    def make(folder: Path) -> Path:
        root, result = folder / "root", folder / "result"
        for one in (root, result, root / "tmp"):
            one.mkdir()
        (root / "tmp").chmod(0o1777)
        shutil.copy(program, root / program.name)
        (root / program.name).chmod(0o755)
        layers.write(root, result / layers.FILE)
        return result

    made = caches.made(f"image-program-{program.name}-gz-{content}", make)
    return layers.read(made / layers.FILE)


def content(start: archives.Start, stack: Sequence[layers.Layer]) -> str:
    """Return what tells an image from all others."""
    parts = " ".join([repr(start), *(one.content for one in stack)])
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


def archive(name: str, start: archives.Start, stack: Sequence[layers.Layer]) -> Path:
    """Return an image called `repository:tag` as a tar file, made first if it is not there."""

    def make(folder: Path) -> Path:
        result = folder / "result"
        result.mkdir()
        archives.write(name, start, stack, result / FILE)
        return result

    short = name.rpartition("/")[2].replace(":", "-")
    return caches.made(f"image-{short}-{content(start, stack)}-gz", make) / FILE
