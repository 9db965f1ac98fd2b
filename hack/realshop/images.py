"""The images of the shop: its pods' program, Shorthaul itself, the agent of bytes, and a peer.

Each is called by what is in it, so that a node that has the name has the content. The parts are
cached by what they were made from; an image is put together from them in a second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ociimages import archives, layers, programs
from realshop import packages, pythons
from testbed import binaries, gobuilds, recipes

HOST = "shorthaul.local"
TRAFFIC = Path(__file__).resolve().parent / "traffic"
SHORTHAUL_START = archives.Start(
    entry_point=(f"/{packages.COMMAND}",),
    command=("operator",),
    environment={
        "HOME": "/",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": f"/{packages.SITE}",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    },
)
"""As the Dockerfile says it: the same user, and a home because that user is in no passwd file."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image in a file, and what it is called; `stack` is what it is made of."""

    repository: str
    tag: str
    path: Path
    stack: tuple[layers.Layer, ...]
    start: archives.Start

    @property
    def name(self) -> str:
        """Return repository and tag."""
        return f"{self.repository}:{self.tag}"


def traffic() -> Image:
    """Return the image of the shop's pods."""
    program = gobuilds.build(traffic_recipe()) / "bin" / "traffic"
    return _image("traffic", archives.Start(("/traffic",)), [programs.layer(program)])


def agent() -> Image:
    """Return the image of the NetObserv eBPF agent, which runs as root."""
    program = binaries.find(binaries.NETOBSERV_AGENT)
    start = archives.Start((f"/{program.name}",), user="0:0")
    return _image("netobserv-ebpf-agent", start, [programs.layer(program)])


def descheduler() -> Image:
    """Return the image of the descheduler of the Kubernetes SIGs."""
    program = binaries.find(binaries.DESCHEDULER)
    return _image("descheduler", archives.Start((f"/{program.name}",)), [programs.layer(program)])


def shorthaul() -> Image:
    """Return the image of the operator and the collector, from the tree as it is now."""
    stack = [pythons.layer(), packages.requirements(), packages.shorthaul()]
    return _image("shorthaul", SHORTHAUL_START, stack)


def traffic_recipe() -> recipes.Recipe:
    """Return how to build the shop's program."""
    found = hashlib.sha256()
    for path in sorted(TRAFFIC.iterdir()):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    key = f"traffic-{found.hexdigest()[:8]}"
    return recipes.Recipe(key=key, requires={}, programs={"traffic": "."}, sources=TRAFFIC)


def _image(short: str, start: archives.Start, stack: Sequence[layers.Layer]) -> Image:
    tag = programs.content(start, stack)
    repository = f"{HOST}/{short}"
    path = programs.archive(f"{repository}:{tag}", start, stack)
    return Image(repository, tag, path, tuple(stack), start)
