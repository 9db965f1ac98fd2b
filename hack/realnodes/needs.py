"""What a machine must have for a real cluster, asked for before anything is made.

Programs of Debian packages are taken from the machine; with `install` they may also come from the
packages, fetched by apt and unpacked into the user's cache, which leaves the machine as it was.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from realnodes import cgroups
from testbed import debian

PACKAGES = {
    "ip": "iproute2",
    "tc": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "mount": "mount",
    "hostname": "hostname",
    "runc": "runc",
    "nft": "nftables",
}
PACKAGES_OF_CILIUM = {"clang-19": "clang-19", "iptables": "iptables"}
NAMESPACES = ("--mount", "--uts", "--net", "--cgroup")
KERNEL_TYPES = Path("/sys/kernel/btf/vmlinux")


class Missing(Exception):
    """A real cluster cannot run here; the message is one line that says what is missing."""


def check(cni: str, *, install: bool = False) -> dict[str, debian.Programs]:
    """Return where each program of a Debian package is, or raise Missing."""
    if not sys.platform.startswith("linux"):
        raise Missing(f"real nodes need Linux, this is {sys.platform}")
    if os.geteuid() != 0:
        raise Missing(f"real nodes need root, this is user {os.geteuid()}")
    found = _programs(packages_for(cni), install=install)
    done = subprocess.run(
        ["unshare", *NAMESPACES, "true"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Missing(f"this machine lets nobody make namespaces: {done.stderr.strip()}")
    for hierarchy in cgroups.mounted():
        if not os.access(hierarchy.mount, os.W_OK):
            raise Missing(f"this machine lets nobody make cgroups in {hierarchy.mount}")
    if "overlay" not in Path("/proc/filesystems").read_text():
        raise Missing("this kernel has no overlay file system, which containers lie on")
    if cni == "cilium" and not KERNEL_TYPES.exists():
        raise Missing(f"Cilium needs a kernel that tells its types, there is no {KERNEL_TYPES}")
    return found


def packages_for(cni: str) -> dict[str, str]:
    """Return which program comes from which Debian package."""
    return PACKAGES | (PACKAGES_OF_CILIUM if cni == "cilium" else {})


def _programs(packages: Mapping[str, str], *, install: bool) -> dict[str, debian.Programs]:
    found, absent = {}, []
    for name, package in packages.items():
        programs = debian.present((package,), (name,))
        if programs is None and install:
            try:
                programs = debian.programs((package,), (name,))
            except debian.Unavailable as error:
                raise Missing(str(error)) from error
        if programs is None:
            absent.append(name)
        else:
            found[name] = programs
    if absent:
        raise Missing(_advice(absent, sorted({packages[name] for name in absent})))
    return found


def _advice(absent: Sequence[str], packages: Sequence[str]) -> str:
    return (
        f"no {', '.join(absent)} on this machine: `apt-get install --no-install-recommends "
        f"{' '.join(packages)}`, or `--install` to unpack them into the cache only"
    )
