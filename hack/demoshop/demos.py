"""The demo's command line: runs the story, cleans up whatever happens, leaves a report."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from demoshop import calls, pages, screens, stages, stories
from testbed import binaries, clients, connections, groups

EXPECTED = (
    calls.CallFailed,
    stages.ChildEnded,
    binaries.Unavailable,
    clients.TimedOut,
    connections.ApiError,
    connections.Unreachable,
    groups.NotStarted,
    OSError,
)
SIGNALLED = 128
DESCRIPTION = """\
Shows the whole loop on a real Kubernetes control plane on this machine: a shop on thirty kwok
nodes, the traffic of its pods as Hubble export lines, the operator that moves pods nearer to each
other, and what was measured before and after. Needs Go once, to build the control plane; takes
about two minutes after that. Nothing is left behind but a report."""


class Interrupted(Exception):
    """Somebody asked the demo to end."""

    def __init__(self, number: int) -> None:
        """Take the signal that did."""
        super().__init__(f"ended by {signal.Signals(number).name}, cleaned up")
        self.status = SIGNALLED + number


def main() -> int:
    """Run the demo and return its exit status: 0 only if every check held."""
    arguments = _parser().parse_args()
    if arguments.stop:
        return _stop(arguments.stop)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _interrupt)
    screen = screens.Screen(every_phase=arguments.every_phase)
    stage = stages.make(keep=arguments.keep, on_kind=arguments.kind)
    try:
        status = _run(stage, screen, arguments)
    except (*EXPECTED, Interrupted) as error:
        _ignore_signals()
        stage.end(keep_logs=not isinstance(error, Interrupted))
        print(f"\ndemo: {error}", file=sys.stderr)
        if not isinstance(error, Interrupted):
            print(f"demo: the logs are in {stage.folder}", file=sys.stderr)
        return error.status if isinstance(error, Interrupted) else 1
    except BaseException:
        _ignore_signals()
        stage.end(keep_logs=True)
        raise
    _ignore_signals()
    if not arguments.keep:
        stage.end(keep_logs=bool(status))
    return status


def _run(stage: stages.Stage, screen: screens.Screen, arguments: argparse.Namespace) -> int:
    screen.title("Shorthaul demo: route the node, not the packet")
    limits = stories.Limits(moving=arguments.patience)
    found = stories.Story(stage, screen, limits, seed=arguments.seed).tell()
    screen.result(found)
    report = pages.write(found, arguments.report)
    screen.verdict(found, str(report))
    failures = list(found.failures())
    if arguments.keep:
        screen.heading("Kept as asked")
        screen.say(f"export KUBECONFIG={stage.control_plane.kubeconfig}")
        screen.say(f"logs: {stage.run_folder / 'log'} and {stage.control_plane.state / 'log'}")
        screen.say(f"stop it with: hack/demo --stop {stage.folder}")
    elif failures:
        screen.say(f"logs: {stage.folder}")
    return 1 if failures else 0


def _stop(folder: Path) -> int:
    if not (folder / "run").is_dir() or not folder.name.startswith("shorthaul-demo-"):
        print(f"demo: {folder} is not the folder of a demo", file=sys.stderr)
        return 1
    print(f"ended {stages.take_down(folder)} processes and removed {folder}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hack/demo", description=DESCRIPTION)
    parser.add_argument("--keep", action="store_true", help="leave everything up at the end")
    parser.add_argument("--stop", type=Path, metavar="FOLDER", help="end a demo that was kept")
    parser.add_argument("--kind", action="store_true", help="on a kind cluster; needs Docker")
    parser.add_argument("--seed", type=int, default=1, help="seed of the traffic (default 1)")
    parser.add_argument(
        "--patience",
        type=float,
        default=stories.Limits().moving,
        metavar="SECONDS",
        help="how long moves may take until they are measured (default %(default).0f)",
    )
    parser.add_argument("--every-phase", action="store_true", help="tell every step of each move")
    parser.add_argument(
        "--report",
        type=Path,
        default=Path.cwd(),
        metavar="FOLDER",
        help="where the report goes",
    )
    return parser


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)


def _ignore_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
