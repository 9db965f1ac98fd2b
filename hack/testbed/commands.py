"""The command line of the test bed, for people who want a control plane to play with.

It manages one control plane per user, in a fixed folder, that stays up between commands. Tests and
the demo make their own and never meet this one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from testbed import (
    binaries,
    clients,
    components,
    controlplanes,
    groups,
    guards,
    nodes,
    processes,
    progress,
    versions,
)

EPILOG = f"""environment:
  {binaries.ASSETS_VARIABLE}    a folder with ready programs, tried before anything else
  {versions.KUBERNETES_VARIABLE}  which Kubernetes (default {versions.DEFAULT_KUBERNETES})
  XDG_CACHE_HOME        where built programs are kept (default ~/.cache)
"""


def main() -> int:
    """Run one command; errors are one line on standard error."""
    arguments = _parser().parse_args()
    try:
        return int(arguments.run(arguments))
    except (binaries.Unavailable, groups.NotStarted, clients.TimedOut, ValueError) as error:
        print(f"controlplane: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("controlplane: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="controlplane",
        description="A real Kubernetes control plane on this machine; kwok plays the nodes.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("build", help="get all programs now").set_defaults(run=_build)
    up = commands.add_parser("up", help="start the control plane and leave it running")
    up.add_argument("--nodes", type=int, default=6, metavar="N", help="in 2 racks (default 6)")
    up.set_defaults(run=_up)
    commands.add_parser("down", help="end it and remove its files").set_defaults(run=_down)
    commands.add_parser("status", help="tell what runs").set_defaults(run=_status)
    kubeconfig = commands.add_parser("kubeconfig", help="print the path of its kubeconfig")
    kubeconfig.set_defaults(run=_kubeconfig)
    return parser


def _state() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "shorthaul" / "controlplane"


def _build(_: argparse.Namespace) -> int:
    for name, path in binaries.find_all(binaries.ALL).items():
        print(f"{name}\t{path}")
    return 0


def _up(arguments: argparse.Namespace) -> int:
    if _alive():
        print("controlplane: already up; `down` ends it", file=sys.stderr)
        return 1
    shutil.rmtree(_state(), ignore_errors=True)
    started = time.monotonic()
    plane = controlplanes.ControlPlane(state=_state(), outlives_starter=True).start()
    nodes.add(plane.client, nodes.grid(arguments.nodes))
    seconds = time.monotonic() - started
    progress.say(f"Kubernetes {plane.layout.kubernetes}, {arguments.nodes} nodes, {seconds:.1f} s")
    print(f"export KUBECONFIG={plane.kubeconfig}")
    return 0


def _down(_: argparse.Namespace) -> int:
    count = guards.take_down(_state(), keep=False)
    progress.say(f"ended {count} processes" if count else "nothing was running")
    return 0


def _status(_: argparse.Namespace) -> int:
    for process in processes.read_record(_state()):
        state = "running" if processes.is_alive(process) else "ended"
        print(f"{process.name}\t{process.pid}\t{state}")
    if not _alive():
        print("controlplane: not up", file=sys.stderr)
        return 1
    ready = clients.from_kubeconfig(_kubeconfig_path()).is_ready()
    print(f"API server\t{'ready' if ready else 'not ready'}")
    return 0 if ready else 1


def _kubeconfig(_: argparse.Namespace) -> int:
    if not _alive():
        print("controlplane: not up", file=sys.stderr)
        return 1
    print(_kubeconfig_path())
    return 0


def _alive() -> bool:
    return any(processes.is_alive(process) for process in processes.read_record(_state()))


def _kubeconfig_path() -> Path:
    return components.kubeconfig(_state(), controlplanes.ADMINISTRATOR)
