"""The images of our own builds that every node has, made once per version of what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ociimages import archives, programs
from realnodes import nodefiles
from testbed import binaries


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
    layer = programs.layer(binaries.find(wanted.program))
    return programs.archive(wanted.reference, archives.Start(wanted.entrypoint), [layer])
