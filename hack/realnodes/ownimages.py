"""The images of our own builds, made once per version of what is in them, beside the programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from realnodes import images, nodefiles
from testbed import binaries, caches


@dataclass(frozen=True, slots=True)
class OwnImage:
    """An image of one program: the program, what the image is called, and what it runs."""

    program: str
    reference: str
    entrypoint: Sequence[str]


ECHO = OwnImage("echo", "shorthaul.dev/echo:v1", ("/echo",))
PAUSE = OwnImage("echo", nodefiles.PAUSE_IMAGE, ("/echo", "pause"))
COREDNS = OwnImage("coredns", "shorthaul.dev/coredns:v1", ("/coredns",))
RELAY = OwnImage("hubble-relay", "shorthaul.dev/hubble-relay:v1", ("/hubble-relay",))


def find(wanted: OwnImage) -> Path:
    """Return an image as a tar file, made first if it is not in the cache."""
    program = binaries.find(wanted.program)
    short = wanted.reference.rpartition("/")[2].replace(":", "-")

    def make(folder: Path) -> Path:
        result = folder / "result"
        result.mkdir()
        found = images.Image(wanted.reference, {f"/{wanted.program}": program}, wanted.entrypoint)
        images.write(result / "image.tar", found)
        return result

    return caches.made(f"image-{short}-plain-of-{program.parents[1].name}", make) / "image.tar"
