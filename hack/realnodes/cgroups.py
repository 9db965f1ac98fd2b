"""The cluster's own cgroups: one per node and one for the control plane, in every hierarchy.

Under cgroup v1 each hierarchy has `shorthaul-NAME/PART`; the unified one beside them has it too, so
that what a CNI attaches to "the root of cgroup v2" is attached to a node and not to the machine.
Under cgroup v2 alone processes live one level down, in `PART/system`, because a group with
controllers for its children may hold no process itself.

All processes of the cluster are in these groups, whoever started them: that is how they are ended.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from realnodes import layouts

MOUNTS = Path("/proc/self/mountinfo")
NOT_CONTROLLERS = {"rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode"}
CONTROLLERS_OF_NODES = ("cpuset", "cpu", "io", "memory", "pids")
SYSTEM = "system"
POLL_SECONDS = 0.05
END_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A mounted tree of cgroups; `controllers` are its mount options, none for version 2."""

    mount: Path
    controllers: tuple[str, ...] = ()

    @property
    def is_unified(self) -> bool:
        """Whether this is cgroup v2."""
        return not self.controllers


class Groups:
    """The cgroups of one cluster."""

    def __init__(self, cluster: str, hierarchies: Sequence[Hierarchy]) -> None:
        """Take the cluster's name and where cgroups are mounted."""
        self._name = f"{layouts.PREFIX}-{cluster}"
        self.hierarchies = hierarchies

    @property
    def is_unified_only(self) -> bool:
        """Whether the machine has cgroup v2 and nothing else."""
        return all(hierarchy.is_unified for hierarchy in self.hierarchies)

    def make(self, parts: Iterable[str]) -> None:
        """Make the groups of these parts."""
        names = list(parts)
        for hierarchy in self.hierarchies:
            root = hierarchy.mount / self._name
            if self.is_unified_only:
                give_controllers(hierarchy.mount)
            _make(root)
            if self.is_unified_only:
                give_controllers(root)
            for name in names:
                _make(root / name)
                if self.is_unified_only:
                    _make(root / name / SYSTEM)

    def joining(self, part: str, command: Sequence[str], *, first: bool = False) -> list[str]:
        """Return a command that enters a part's groups and then becomes another command.

        The first one, which unshares the namespace of cgroups, enters what is to be its root.
        """
        below = (SYSTEM,) if self.is_unified_only and not first else ()
        leaves = (Path(one.mount, self._name, part, *below) for one in self.hierarchies)
        words = " ".join(shlex.quote(str(leaf)) for leaf in leaves)
        script = f'for leaf in {words}; do echo $$ > $leaf/cgroup.procs || exit 1; done; exec "$@"'
        return ["sh", "-c", script, "join", *command]

    def processes(self) -> set[int]:
        """Return the ids of all processes in the cluster's groups."""
        return {
            process
            for root in self._roots()
            for group in _groups(root)
            for process in _ids(group / "cgroup.procs")
        }

    def end_processes(self) -> int:
        """Kill everything in the groups and return how many that were."""
        seen: set[int] = set()
        deadline = time.monotonic() + END_SECONDS
        while running := self.processes():
            seen |= running
            for process in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise TimeoutError(f"processes {sorted(running)} do not end in {END_SECONDS:.0f} s")
            time.sleep(POLL_SECONDS)
        return len(seen)

    def remove(self) -> None:
        """Remove the groups, which must be empty; the kernel lets go of them with some delay."""
        deadline = time.monotonic() + END_SECONDS
        for root in self._roots():
            for folder in sorted(_groups(root), key=lambda path: -len(path.parts)):
                while folder.is_dir() and not _removed(folder):
                    if time.monotonic() > deadline:
                        raise TimeoutError(f"cgroup {folder} is still busy")
                    time.sleep(POLL_SECONDS)

    def left(self) -> list[Path]:
        """Return the cluster's groups that there are."""
        return list(self._roots())

    def _roots(self) -> Iterator[Path]:
        found = (hierarchy.mount / self._name for hierarchy in self.hierarchies)
        return (root for root in found if root.is_dir())


def mounted() -> list[Hierarchy]:
    """Return the hierarchies of this machine."""
    return parse(MOUNTS.read_text())


def parse(mounts: str) -> list[Hierarchy]:
    """Return the hierarchies that a mountinfo names, each of them once, shortest path first."""
    found: dict[tuple[str, ...], Path] = {}
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        path = Path(before.split()[4])
        if kind not in ("cgroup", "cgroup2"):
            continue
        controllers = () if kind == "cgroup2" else _controllers(options)
        if controllers not in found or len(str(path)) < len(str(found[controllers])):
            found[controllers] = path
    return [Hierarchy(path, controllers) for controllers, path in sorted(found.items())]


def _controllers(options: str) -> tuple[str, ...]:
    words = (word for word in options.split(",") if word not in NOT_CONTROLLERS)
    return tuple(word for word in words if not word.startswith("release_agent="))


def _make(group: Path) -> None:
    group.mkdir(exist_ok=True)
    # A new group of the old cpuset controller may use nothing until it is told what.
    for name in ("cpuset.cpus", "cpuset.mems"):
        setting, parent = group / name, group.parent / name
        if setting.exists() and parent.exists() and not setting.read_text().strip():
            setting.write_text(parent.read_text())


def give_controllers(group: Path) -> None:
    """Let the children of a group of cgroup v2 have the controllers that nodes need."""
    offered = (group / "cgroup.controllers").read_text().split()
    control = group / "cgroup.subtree_control"
    given = control.read_text().split()
    wanted = [name for name in CONTROLLERS_OF_NODES if name in offered and name not in given]
    if wanted:
        control.write_text(" ".join(f"+{name}" for name in wanted))


def _groups(root: Path) -> Iterator[Path]:
    """Yield a group and all below it; those that a guard removes meanwhile are none."""
    return (Path(folder) for folder, _, _ in os.walk(root))


def _ids(path: Path) -> list[int]:
    try:
        return [int(word) for word in path.read_text().split()]
    except OSError:  # the group went meanwhile, or is threaded and has no processes to read
        return []


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
