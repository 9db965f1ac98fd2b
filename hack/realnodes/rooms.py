"""A node's room: what its programs see of the machine. Run once per node, inside new namespaces.

In a private mount namespace /run is fresh, layers lie over /etc, /var and /opt so that whatever a
component writes there goes to the node's own folder, and the cgroup hierarchies are mounted afresh,
so that the node's group is their root. Machine-wide settings that kubelet or Cilium's agent would
write are covered by plain files: writing them changes nothing outside.

The process that made the room stays in it, asleep; other programs join it by its id.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from realnodes import cgroups, layouts, shells

READY_NAME = "room-is-ready"
CGROUPS = Path("/sys/fs/cgroup")
LAYERED = ("etc", "var", "opt")
# Bound on top of the layers: overlay file systems of containers cannot lie on an overlay.
BOUND = ("var/lib/containerd", "var/lib/kubelet")
COVERED_SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
    "kernel/unprivileged_bpf_disabled": "1",
    "kernel/timer_migration": "0",
    "net/core/bpf_jit_enable": "1",
    "net/core/fb_tunnels_only_for_init_net": "2",
    "net/core/default_qdisc": "pfifo_fast",
}


def command(layout: layouts.Layout, node: layouts.Node) -> list[str]:
    """Return the command that makes a node's room, to be run in the node's cgroups."""
    return [
        *("nsenter", f"--net=/run/netns/{layout.namespace(node)}"),
        *("unshare", "--mount", "--uts", "--cgroup", "--propagation", "private"),
        *("env", f"PYTHONPATH={Path(__file__).parents[1]}"),
        *(sys.executable, "-m", "realnodes.rooms", str(layout.state), node.name),
    ]


def joining(holder: int, command_line: list[str]) -> list[str]:
    """Return a command that runs in the room of a holder."""
    return ["nsenter", "-t", str(holder), "-m", "-n", "-u", "-C", "--", *command_line]


def written(folder: Path, path: str) -> Path:
    """Return where in a node's folder lies what was written to a path of its room."""
    return folder / "layers" / path


def mounts(folder: Path, hierarchies: list[cgroups.Hierarchy]) -> Iterator[list[str]]:
    """Yield the mounts that make up a room, in order."""
    yield ["-t", "sysfs", "sysfs", "/sys"]
    yield from _cgroup_mounts(hierarchies)
    yield ["-t", "bpf", "bpf", "/sys/fs/bpf"]
    for name in LAYERED:
        upper, work = folder / "layers" / name, folder / "layers" / f"{name}.work"
        options = f"lowerdir=/{name},upperdir={upper},workdir={work}"
        yield ["-t", "overlay", "overlay", "-o", options, f"/{name}"]
    for name in BOUND:
        yield ["--bind", str(folder / name), f"/{name}"]
    for setting in COVERED_SETTINGS:
        if Path("/proc/sys", setting).exists():
            yield ["--bind", str(folder / "settings" / setting), f"/proc/sys/{setting}"]
    yield ["-t", "tmpfs", "-o", "mode=755", "run", "/run"]
    yield ["--make-rshared", "/"]


def _cgroup_mounts(hierarchies: list[cgroups.Hierarchy]) -> Iterator[list[str]]:
    if all(hierarchy.is_unified for hierarchy in hierarchies):
        yield ["-t", "cgroup2", "cgroup2", str(CGROUPS)]
        return
    yield ["-t", "tmpfs", "-o", "mode=755", "cgroups", str(CGROUPS)]
    for hierarchy in hierarchies:
        if not hierarchy.is_unified:
            named = [word for word in hierarchy.controllers if word.startswith("name=")]
            options = ",".join([*(["none"] if named else []), *hierarchy.controllers])
            target = CGROUPS / hierarchy.mount.name
            yield ["-t", "cgroup", "-o", options, "cgroup", str(target)]


def _prepare(folder: Path) -> None:
    for name in LAYERED:
        for made in (folder / "layers" / name, folder / "layers" / f"{name}.work"):
            made.mkdir(parents=True, exist_ok=True)
    for name in BOUND:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "layers" / name).mkdir(parents=True, exist_ok=True)
    for setting, value in COVERED_SETTINGS.items():
        covering = folder / "settings" / setting
        covering.parent.mkdir(parents=True, exist_ok=True)
        covering.write_text(f"{value}\n")


def _enter_own_group() -> None:
    """Under cgroup v2: leave the root of the node's groups, and give its children controllers."""
    system = CGROUPS / cgroups.SYSTEM
    system.mkdir(exist_ok=True)
    (system / "cgroup.procs").write_text(str(os.getpid()))
    cgroups.give_controllers(CGROUPS)


def _link_joint_controllers(hierarchies: list[cgroups.Hierarchy]) -> None:
    """Under cgroup v1: programs look for cpu and cpuacct even where both are mounted as one."""
    for hierarchy in hierarchies:
        for name in hierarchy.controllers:
            link = CGROUPS / name
            if "=" not in name and not link.exists():
                link.symlink_to(hierarchy.mount.name)


def main() -> None:
    """Make the room of the node that the arguments name, and sleep in it."""
    state, name = Path(sys.argv[1]), sys.argv[2]
    folder = state / name
    hierarchies = cgroups.mounted()
    _prepare(folder)
    shells.run(["hostname", name])
    for arguments in mounts(folder, hierarchies):
        if not Path(arguments[-1]).exists():
            Path(arguments[-1]).mkdir()
        shells.run(["mount", *arguments])
    if all(hierarchy.is_unified for hierarchy in hierarchies):
        _enter_own_group()
    else:
        _link_joint_controllers(hierarchies)
    for made in ("/run/netns", "/run/lock", "/etc/cni/net.d", "/var/log/pods"):
        Path(made).mkdir(parents=True, exist_ok=True)
    (folder / READY_NAME).touch()
    os.execvp("sleep", ["sleep", "infinity"])


if __name__ == "__main__":
    main()
