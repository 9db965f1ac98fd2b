"""What there is of a cluster on the machine, and taking it down, in whichever state it was left.

Nothing here needs the cluster to have come up: processes are found in its cgroups and on record,
network namespaces by their names.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from realnodes import cgroups, layouts, namespaces, rooms
from testbed import processes


@dataclass(frozen=True, slots=True)
class Left:
    """What a take-down found and removed, as counts."""

    processes: int
    namespaces: int


def take_down(name: str) -> Left:
    """End all processes of a cluster, remove its namespaces, cgroups and files."""
    state = state_of(name)
    groups = cgroups.Groups(name, cgroups.mounted())
    recorded = [one for one in processes.read_record(state) if processes.is_alive(one)]
    # Both: one that was killed while starting may not yet be in its group, or not on record.
    processes.end(recorded, grace_seconds=0)
    ended = groups.end_processes()
    removed = namespaces.remove_all(name)
    groups.remove()
    shutil.rmtree(state, ignore_errors=True)
    return Left(max(ended, len(recorded)), removed)


def is_running(name: str) -> bool:
    """Tell whether any process on record runs."""
    return any(processes.is_alive(one) for one in processes.read_record(state_of(name)))


def is_left(name: str) -> bool:
    """Tell whether anything of a cluster is on the machine."""
    return bool(remains(name))


def remains(name: str) -> list[str]:
    """Return what is on the machine of a cluster: processes, namespaces, cgroups, files."""
    state = state_of(name)
    groups = cgroups.Groups(name, cgroups.mounted())
    recorded = {one.pid for one in processes.read_record(state) if processes.is_alive(one)}
    return [
        *(f"process {number}" for number in sorted(recorded | groups.processes())),
        *(f"network namespace {one}" for one in namespaces.of_cluster(name)),
        *(f"cgroup {path}" for path in groups.left()),
        *([f"folder {state}"] if state.exists() else []),
    ]


def state_of(name: str) -> Path:
    """Return the folder of a cluster's files."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "shorthaul" / "realcluster" / layouts.check_name(name)


def keep_logs(layout: layouts.Layout) -> Path:
    """Copy the logs of a cluster and of its pods beside its folder, over earlier ones."""
    kept = layout.state.with_name(f"{layout.name}.logs")
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    _copy(layout.state / "log", kept)
    for node in layout.nodes:
        _copy(rooms.written(layout.folder(node), "var/log/pods"), kept / "pods" / node.name)
    return kept


def _copy(folder: Path, target: Path) -> None:
    """Copy what there is; a file that is written or goes meanwhile is as it may be."""
    if folder.is_dir():
        with contextlib.suppress(shutil.Error):
            shutil.copytree(folder, target, dirs_exist_ok=True, symlinks=True)
