"""The system part of Shorthaul's image: Debian's Python and the libraries it and the wheels need.

Packages are fetched with the machine's own apt, which checks their signatures, and only unpacked
into a folder; nothing is installed on the machine. Their versions are those that the machine's
sources offer when the layer is made, and are kept beside it.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from ociimages import layers
from testbed import caches

VERSION = "3.11"
PACKAGES = (
    *(f"python{VERSION}-minimal", f"libpython{VERSION}-minimal", f"libpython{VERSION}-stdlib"),
    *("libc6", "libgcc-s1", "libstdc++6", "libssl3", "libexpat1", "libffi8", "libsqlite3-0"),
    *("zlib1g", "libbz2-1.0", "liblzma5", "libuuid1", "libcrypt1"),
)
EMPTY_FOLDERS = ("dev", "etc", "proc", "sys", "var/lib/shorthaul")
LEFT_OUT = ("usr/share", "usr/lib/*/gconv", "usr/sbin", "lib/systemd", "var/lib/dpkg")
FETCH_SECONDS = 240
RECIPE = 2
"""Raised when what is done with the packages changes, so that the layer is made anew."""


class Unavailable(Exception):
    """A part of the image cannot be made here; the message says why and what to do."""


def layer() -> layers.Layer:
    """Return the layer with Python in it, making it first if it is not there."""
    named = hashlib.sha256(f"{RECIPE} {' '.join(PACKAGES)}".encode()).hexdigest()[:12]
    return layers.read(caches.made(f"image-python-{named}", _made) / layers.FILE)


def _made(folder: Path) -> Path:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Unavailable(
            "the image's Python comes from Debian packages, and this machine has no apt-get"
        )
    archives, root, result = folder / "archives", folder / "root", folder / "result"
    for one in (archives, root, result):
        one.mkdir()
    _fetch(archives)
    found = sorted(archives.glob("*.deb"))
    for archive in found:
        subprocess.run(["dpkg-deb", "-x", archive, root], check=True, timeout=FETCH_SECONDS)
    for pattern in LEFT_OUT:
        for path in root.glob(pattern):
            shutil.rmtree(path)
    for name in EMPTY_FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").mkdir(mode=0o1777, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (result / "packages").write_text("".join(f"{archive.stem}\n" for archive in found))
    layers.write(root, result / layers.FILE)
    return result


def _fetch(folder: Path) -> None:
    command = ["apt-get", "download", *PACKAGES]
    for attempt in (command, ["apt-get", "update"], command):
        done = subprocess.run(
            attempt,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=FETCH_SECONDS,
            check=False,
        )
        if attempt is command and done.returncode == 0:
            return
    last = (done.stderr.strip().splitlines() or ["nothing was fetched"])[-1]
    raise Unavailable(f"cannot fetch Debian's Python for the image: {last}")
