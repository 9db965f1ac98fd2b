"""Programs of Debian packages for the tests: those of the machine, else unpacked into the cache.

Packages are fetched with the machine's own apt, which checks their signatures, and only unpacked:
nothing is installed or started, so the machine stays as it was. Where that cannot be done, the
error says which packages to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from testbed import caches

PLACES = ("usr/bin", "usr/sbin")
ALTERNATIVES = {"iptables": "iptables-nft"}
"""Programs that a package has under another name only, until its installation makes a link."""
FETCH_SECONDS = 240


class Unavailable(Exception):
    """A package's programs cannot be had here; the message says why and what to do."""


class Programs:
    """Programs under one root, with the libraries that came beside them."""

    def __init__(self, root: Path | None) -> None:
        self._root = root

    def path(self, name: str) -> str:
        """Where a program is."""
        if self._root is None:
            return shutil.which(name, path=_search_path()) or name
        names = (name, ALTERNATIVES.get(name, name))
        found = (self._root / place / each for each in names for place in PLACES)
        there = next((path for path in found if path.exists()), None)
        if there is None:
            raise Unavailable(f"{self._root} has no {name}; install its package")
        return str(there)

    @property
    def environment(self) -> dict[str, str]:
        """What the programs have to be run with."""
        if self._root is None:
            return dict(os.environ)
        return os.environ | self.settings

    @property
    def settings(self) -> dict[str, str]:
        """What tells programs that were only unpacked where their libraries are."""
        if self._root is None:
            return {}
        folders = sorted({str(path.parent) for path in self._root.glob("usr/lib/**/*.so*")})
        found = {"LD_LIBRARY_PATH": ":".join(folders)}
        for folder in self._root.glob("usr/lib/*/xtables"):
            found["XTABLES_LIBDIR"] = str(folder)
        return found


def programs(packages: tuple[str, ...], names: tuple[str, ...]) -> Programs:
    """The programs of some packages; raises Unavailable."""
    found = present(packages, names)
    if found is not None:
        return found
    return Programs(caches.made(_key(packages), lambda folder: _unpacked(packages, folder)))


def present(packages: tuple[str, ...], names: tuple[str, ...]) -> Programs | None:
    """The programs of some packages, if they are there without fetching anything."""
    if all(shutil.which(name, path=_search_path()) for name in names):
        return Programs(None)
    unpacked = caches.entry(_key(packages))
    return Programs(unpacked) if unpacked.is_dir() else None


def _key(packages: tuple[str, ...]) -> str:
    return f"debian-{'-'.join(packages)}"


def _search_path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _unpacked(packages: tuple[str, ...], folder: Path) -> Path:
    advice = f"install them with `apt-get install {' '.join(packages)}`"
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Unavailable(f"no apt-get on this machine for {', '.join(packages)}; {advice}")
    fetched, root = folder / "archives", folder / "root"
    (fetched / "partial").mkdir(parents=True)
    done = _fetch(packages, fetched)
    if done.returncode != 0:
        subprocess.run(
            ["apt-get", "update"], capture_output=True, timeout=FETCH_SECONDS, check=False
        )
        done = _fetch(packages, fetched)
    archives = sorted(fetched.glob("*.deb"))
    if done.returncode != 0 or not archives:
        last = (done.stderr.strip().splitlines() or ["nothing was fetched"])[-1]
        raise Unavailable(f"cannot fetch {', '.join(packages)}: {last}; {advice}")
    for archive in archives:
        subprocess.run(["dpkg", "-x", archive, root], check=True, timeout=FETCH_SECONDS)
    return root


def _fetch(packages: tuple[str, ...], folder: Path) -> subprocess.CompletedProcess[str]:
    options = ["-y", "--no-install-recommends", "--download-only"]
    options += ["-o", f"Dir::Cache::archives={folder}"]
    return subprocess.run(
        ["apt-get", "install", *options, *packages],
        capture_output=True,
        text=True,
        timeout=FETCH_SECONDS,
        check=False,
    )
