"""Where the demo runs: one folder with a control plane, our own processes, and what they write.

Everything is ended and removed when the demo ends, however it ends; after a failure the logs stay.
A guard ends the processes even when the demo is killed outright. With `keep` all of it stays up.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from demoshop import kinds
from testbed import clients, controlplanes, credentials, groups, guards

HACK = Path(__file__).resolve().parents[1]
REPOSITORY = HACK.parent
BULKY = ("etcd", "hubble")


class ChildEnded(Exception):
    """A process that the demo needs has ended by itself."""


@dataclass(slots=True)
class Stage:
    """The folder, the control plane in it, and the processes beside it."""

    folder: Path
    keep: bool = False
    on_kind: bool = False
    control_plane: controlplanes.ControlPlane | kinds.KindCluster = field(init=False)
    children: groups.Group = field(init=False)
    guard: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        """Name the parts; nothing is started yet."""
        state = self.folder / "controlplane"
        self.control_plane = (
            kinds.KindCluster(state, keep=self.keep)
            if self.on_kind
            else controlplanes.ControlPlane(state=state, keep=True, outlives_starter=self.keep)
        )
        self.children = groups.Group(self.run_folder)

    @property
    def run_folder(self) -> Path:
        """Return where our processes are recorded and log."""
        return self.folder / "run"

    @property
    def exports(self) -> Path:
        """Return the folder of the nodes' flow files."""
        return self.folder / "hubble"

    @property
    def truth(self) -> Path:
        """Return the file in which the player accounts for what it sent."""
        return self.folder / "truth.jsonl"

    def start(self) -> clients.Client:
        """Start the control plane; return a client that may do everything."""
        (self.run_folder / "log").mkdir(parents=True)
        if not self.keep:
            self.guard = guards.start(self.run_folder, keep=True)
        self.control_plane.start()
        return self.control_plane.client

    def run(self, name: str, module: str, *arguments: str, kubeconfig: Path) -> None:
        """Start one of our Python programs as a process of its own, as somebody to the cluster."""
        paths = f"PYTHONPATH={HACK}:{REPOSITORY / 'operator'}"
        whoever = f"KUBECONFIG={kubeconfig}"
        command = ["env", paths, whoever, sys.executable, "-m", module, *arguments]
        self.children.start(name, command)

    def check(self, *names: str) -> None:
        """Raise if one of these processes has ended."""
        for name in names:
            if not self.children.is_running(name):
                raise ChildEnded(f"the {name} has ended; its last words:\n{self.last_words(name)}")

    def log(self, name: str) -> Path:
        """Return where the output of one of our processes goes."""
        return self.run_folder / "log" / f"{name}.log"

    def last_words(self, name: str, count: int = 12) -> str:
        """Return the end of a process's output."""
        text = self.log(name).read_text(errors="replace") if self.log(name).exists() else ""
        return "\n".join(text.splitlines()[-count:])

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """Write a kubeconfig with a token of a ServiceAccount and return its path."""
        token = self.control_plane.client.token_request(namespace, name)
        return credentials.write_kubeconfig(
            self.folder / f"{name}.kubeconfig",
            server=self.control_plane.server,
            token=token,
            authority=self.control_plane.authority.read_bytes(),
            namespace=namespace,
        )

    def end(self, *, keep_logs: bool) -> None:
        """End all processes and remove the folder, or all of it but the logs."""
        self.children.end()
        self.control_plane.stop()
        if self.guard is not None:
            guards.release(self.guard)
        remove(self.folder, keep_logs=keep_logs)


def make(*, keep: bool, on_kind: bool = False) -> Stage:
    """Return a stage in a new folder."""
    return Stage(Path(tempfile.mkdtemp(prefix="shorthaul-demo-")), keep, on_kind)


def take_down(folder: Path) -> int:
    """End and remove a demo that was kept; return how many processes still ran."""
    running = guards.take_down(folder / "run", keep=True)
    running += guards.take_down(folder / "controlplane", keep=True)
    kinds.KindCluster(folder / "controlplane", keep=False).stop()
    remove(folder, keep_logs=False)
    return running


def remove(folder: Path, *, keep_logs: bool) -> None:
    """Remove a stage's folder; with `keep_logs` only what is bulky."""
    if not keep_logs:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for name in BULKY:
        for path in folder.rglob(name):
            shutil.rmtree(path, ignore_errors=True)
