"""Digests of the input files, so that a plan says what it was made from.

They are of the bytes as they lie there: `sha256sum` of a single file gives the same. Several files
are taken in the order of their digests, so that the order of paths and their names do not matter.
What can be read only once (a pipe) or is not a file (live) has none, and says so.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from shorthaul.cli.inputs import Paths
from shorthaul.cli.options import LIVE

PREFIX = "sha256:"
STREAM = "stream"


def digests(paths: Paths, policies: Sequence[str] = ()) -> Mapping[str, str]:
    """The digest of each input that was given, by its name."""
    given = {
        "cluster": paths.cluster,
        "flows": paths.flows,
        "policy": policies,
        "topology": [paths.topology] if paths.topology else [],
    }
    return {name: _digest(names) for name, names in given.items() if names}


def _digest(names: Sequence[str]) -> str:
    if LIVE in names:
        return LIVE
    files = sorted(set(_files(names)))
    if not all(file.is_file() for file in files):
        return STREAM
    found = sorted(_of_file(file) for file in files)
    if len(found) == 1:
        return PREFIX + found[0]
    return PREFIX + hashlib.sha256("".join(f"{each}\n" for each in found).encode()).hexdigest()


def _files(names: Sequence[str]) -> Iterable[Path]:
    for name in names:
        path = Path(name)
        yield from (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _of_file(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
