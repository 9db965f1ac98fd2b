"""Finds programs of a cluster's nodes and containers, and ends them as a crash would: by SIGKILL.

Only processes in the cluster's own cgroups are looked at, by what they were started as.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from realnodes import clusters, layouts

COMMAND = "shorthaul"
POLL_SECONDS = 0.3


def running(cluster: clusters.Cluster, role: str) -> list[int]:
    """Return the processes that run `shorthaul ROLE`."""
    return [one for one in _processes() if is_role(arguments(one), role) and is_in(one, cluster)]


def running_as(cluster: clusters.Cluster, program: str) -> list[int]:
    """Return the processes that were started as a program."""
    return [one for one in _processes() if arguments(one)[0] == program and is_in(one, cluster)]


def is_role(words: Sequence[str], role: str) -> bool:
    """Tell whether a command line is `shorthaul ROLE`, by whichever Python."""
    pairs = itertools.pairwise(words)
    return any(Path(one).name == COMMAND and other == role for one, other in pairs)


def of_node(cluster: clusters.Cluster, node: str) -> list[int]:
    """Return all processes of a node: the room's, the kubelet's, and those of its pods."""
    return [one for one in _processes() if is_in(one, cluster, node)]


def is_in(number: int, cluster: clusters.Cluster, part: str = "") -> bool:
    """Tell whether a process is in the cgroups of a cluster, or of a part of it."""
    root = f"/{layouts.PREFIX}-{cluster.layout.name}/{part}"
    return any(is_below(path, root) for path in groups(number))


def is_below(path: str, root: str) -> bool:
    """Tell whether a path of cgroups leads through another, wherever that is mounted."""
    return f"{root.rstrip('/')}/" in f"{path}/"


def kill(numbers: Iterable[int]) -> int:
    """Kill processes and return how many there were."""
    count = 0
    for number in numbers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
            count += 1
    return count


def keep_dead(cluster: clusters.Cluster, role: str, seconds: float) -> int:
    """Kill `shorthaul ROLE` again whenever it comes back, for a while; return how often."""
    return _keep_dead(lambda: running(cluster, role), seconds)


def keep_dead_as(cluster: clusters.Cluster, program: str, seconds: float) -> int:
    """Kill a program again whenever it comes back, for a while; return how often."""
    return _keep_dead(lambda: running_as(cluster, program), seconds)


def arguments(number: int) -> list[str]:
    """Return the command line of a process; none if it is gone."""
    return _read(number, "cmdline").split("\0")


def groups(number: int) -> Iterator[str]:
    """Yield the cgroups of a process."""
    for line in _read(number, "cgroup").splitlines():
        yield line.split(":", 2)[2]


def _keep_dead(found: Callable[[], Iterable[int]], seconds: float) -> int:
    deadline, count = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        count += kill(found())
        time.sleep(POLL_SECONDS)
    return count


def _processes() -> list[int]:
    return sorted(int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())


def _read(number: int, name: str) -> str:
    try:
        return Path(f"/proc/{number}/{name}").read_bytes().decode(errors="replace")
    except OSError:
        return ""
