"""Starts programs where they belong: in the fabric or in a node's room, on record, in our cgroups.

A program is put on record with its birth as it starts and lives in the cgroups of its node or of
the control plane from its first moment, so that whenever we are killed, `down` finds all of them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from realnodes import cgroups, layouts, namespaces, rooms
from testbed import debian, groups, processes, progress

CONTROL_PLANE_PART = "control-plane"
WAIT_SECONDS = 120.0


class Starter:
    """Starts the programs of one cluster, which are the given ones by name."""

    def __init__(self, layout: layouts.Layout, built: Mapping[str, Path]) -> None:
        """Take the cluster and the programs."""
        self.layout = layout
        self.built = built
        self._group = groups.Group(layout.state)
        self._cgroups = cgroups.Groups(layout.name, cgroups.mounted())
        self._began = time.monotonic()

    def prepare(self, programs: Mapping[str, debian.Programs]) -> None:
        """Make the folder, the cgroups, and commands for the programs of Debian packages."""
        layout = self.layout
        (layout.state / "log").mkdir(parents=True)
        layout.state.chmod(0o700)
        self._cgroups.make([CONTROL_PLANE_PART, *(node.name for node in layout.nodes)])
        commands_folder(layout).mkdir()
        for name, found in programs.items():
            _write_wrapper(commands_folder(layout) / name, name, found)

    def in_fabric(self, name: str, arguments: Sequence[str]) -> None:
        """Start a program beside the control plane."""
        command = namespaces.entering(self.layout.fabric, [str(self.built[name]), *arguments])
        self._group.start(name, self._cgroups.joining(CONTROL_PLANE_PART, command))

    def room(self, node: layouts.Node) -> None:
        """Start the process that makes a node's room."""
        command = self._cgroups.joining(node.name, rooms.command(self.layout, node), first=True)
        self._group.start(_room(node.name), command)

    def await_room(self, node: layouts.Node) -> None:
        """Wait until programs can be started in a node's room."""
        ready = self.layout.folder(node) / rooms.READY_NAME
        self.wait(ready.exists, f"room of {node.name}", [_room(node.name)])

    def in_node(self, node: layouts.Node, name: str, arguments: Sequence[str]) -> None:
        """Start a program in a node's room."""
        folders = [commands_folder(self.layout), self.built["containerd"].parent]
        search = ":".join([*(str(folder) for folder in folders), os.environ["PATH"]])
        settings = [f"PATH={search}", f"K8S_NODE_NAME={node.name}"]
        command = ["env", *settings, str(self.built[name]), *arguments]
        self._group.start(f"{node.name}-{name}", command_in_node(self.layout, node.name, command))

    def wait(self, condition: Callable[[], bool], what: str, needing: Sequence[str]) -> None:
        """Wait until a condition holds, or one of the programs it needs has ended."""
        self._group.wait_for(condition, what, needing=needing, timeout_seconds=WAIT_SECONDS)

    def say(self, what: str) -> None:
        """Tell how far we are, and after how long."""
        progress.say(f"{time.monotonic() - self._began:5.1f} s  {what}")


def command_in_node(layout: layouts.Layout, node: str, command: Sequence[str]) -> list[str]:
    """Return a command that runs in the room of a node, in the node's cgroups."""
    record = processes.read_record(layout.state)
    holder = next((one.pid for one in record if one.name == _room(node)), None)
    if holder is None:
        raise ValueError(f"there is no node {node} in cluster {layout.name}")
    groups_of_cluster = cgroups.Groups(layout.name, cgroups.mounted())
    return groups_of_cluster.joining(node, rooms.joining(holder, list(command)))


def commands_folder(layout: layouts.Layout) -> Path:
    """Return the folder that is first on the path in every room."""
    return layout.state / "bin"


def _room(node: str) -> str:
    return f"{node}-room"


def _write_wrapper(path: Path, name: str, programs: debian.Programs) -> None:
    """Programs that were only unpacked need the libraries that came beside them."""
    settings = "".join(f'{key}="{value}" ' for key, value in programs.settings.items())
    path.write_text(f'#!/bin/sh\n{settings}exec {programs.path(name)} "$@"\n')
    path.chmod(0o755)
