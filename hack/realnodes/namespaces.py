"""Network namespaces by name, as `ip netns` keeps them, and stepping into one for a moment.

`ip netns` mounts its folder /run/netns upon itself at first use; `remove_all` undoes that when no
namespace is left in it, so that the machine is as it was.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from realnodes import layouts, shells
from testbed import caches

FOLDER = Path("/run/netns")
LOCK = "network-namespaces"
NEW_NETWORK = 0x40000000


def add(name: str) -> None:
    """Make a network namespace."""
    with caches.locked(LOCK):
        shells.run(["ip", "netns", "add", name])


def of_cluster(cluster: str) -> list[str]:
    """Return the network namespaces of a cluster."""
    prefix = layouts.network_namespace(cluster, "")
    return sorted(path.name for path in FOLDER.glob(f"{prefix}*"))


def remove_all(cluster: str) -> int:
    """Remove a cluster's network namespaces and return how many there were."""
    with caches.locked(LOCK):
        names = of_cluster(cluster)
        for name in names:
            shells.run(["ip", "netns", "delete", name])
        if names and not any(FOLDER.iterdir()):
            while _is_mounted() and _unmounted():
                pass
    return len(names)


def path(name: str) -> Path:
    """Return the file that stands for a network namespace."""
    return FOLDER / name


def entering(name: str, command: list[str]) -> list[str]:
    """Return a command that runs in a network namespace, and in nothing else of another kind."""
    return ["nsenter", f"--net={path(name)}", *command]


@contextlib.contextmanager
def inside(name: str) -> Iterator[None]:
    """Let this thread open its sockets in a network namespace for the length of the block."""
    with Path("/proc/thread-self/ns/net").open() as ours, path(name).open() as theirs:
        _enter(theirs.fileno())
        try:
            yield
        finally:
            _enter(ours.fileno())


def write_setting(key: str, value: str) -> None:
    """Write a network setting of the namespace that this thread is in; one not there is skipped."""
    setting = Path("/proc/sys", key.replace(".", "/"))
    if setting.exists():
        setting.write_text(value)


def _enter(descriptor: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(descriptor, NEW_NETWORK) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot enter a network namespace: {os.strerror(number)}")


def _is_mounted() -> bool:
    """Tell whether the folder is a mount; upon itself, so that its device does not tell."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return any(line.split()[4] == str(FOLDER) for line in mounts)


def _unmounted() -> bool:
    done = subprocess.run(["umount", str(FOLDER)], capture_output=True, check=False)
    return done.returncode == 0
