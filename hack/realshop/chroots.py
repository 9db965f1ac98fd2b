"""Runs an image's entry point before there is a cluster: as its user, on a read-only root.

In mount and process namespaces of its own, with /proc and an empty /tmp as the kubelet gives it.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from realshop import images

SECONDS = 120
APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private")
INSIDE = """
set -e
root=$1 user=$2; shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs tmpfs "$root/tmp"
[ ! -d "$root/proc" ] || mount -t proc proc "$root/proc"
exec chroot --userspec="$user" "$root" "$@"
"""


def run(image: images.Image, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the entry point with arguments and return what came of it."""
    with tempfile.TemporaryDirectory(prefix="shorthaul-image-") as folder:
        root = Path(folder) / "root"
        root.mkdir(mode=0o755)
        for layer in image.stack:
            with tarfile.open(layer.path) as tar:
                tar.extraction_filter = getattr(tarfile, "tar_filter", None)  # From 3.11.4 on.
                tar.extractall(root)
        command = ["/bin/sh", "-c", INSIDE, "sh", str(root), image.start.user]
        return _run([*APART, *command, *image.start.entry_point, *arguments], image)


def _run(command: Sequence[str], image: images.Image) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(command),
        env=dict(image.start.environment) | {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
