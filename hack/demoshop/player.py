"""The traffic player as a process: follows a live cluster and writes what its observers would.

It reads pods, nodes, Services and EndpointSlices from the API server, knows nothing of the operator
and imports nothing of it. Run it as `python -m demoshop.player --help`.
"""

from __future__ import annotations

import argparse
import random
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from demoshop import exports, observers, players, scenes, talks, truths, watches
from testbed import clients
from testbed import connections as apiserver

STEP_SECONDS = 0.25
ACCOUNT_SECONDS = 1.0
RESOURCES = {
    "nodes": ("/api/v1/nodes", scenes.node),
    "pods": ("/api/v1/pods", scenes.pod),
    "services": ("/api/v1/services", scenes.service),
    "slices": ("/apis/discovery.k8s.io/v1/endpointslices", scenes.endpoints),
}


@dataclass(slots=True)
class Stage:
    """The live cluster as scenes; a new one is made only when something has changed."""

    endpoint: apiserver.Endpoint
    mirrors: dict[str, watches.Mirror] = field(default_factory=dict)
    generation: int = -1
    scene: scenes.Scene = field(default_factory=scenes.Scene)

    def start(self) -> None:
        """Begin to follow the cluster."""
        for name, (path, trim) in RESOURCES.items():
            self.mirrors[name] = watches.Mirror(self.endpoint, path, trim=trim).start()

    def now(self) -> scenes.Scene:
        """Return the cluster as last heard of."""
        generation = sum(mirror.generation for mirror in self.mirrors.values())
        if generation != self.generation:
            self.generation = generation
            self.scene = self._build()
        return self.scene

    def _build(self) -> scenes.Scene:
        nodes = {node.name: node for node in self.mirrors["nodes"].objects().values()}
        pods = self.mirrors["pods"].objects().values()
        behind: dict[scenes.Key, tuple[scenes.Endpoint, ...]] = {}
        for _, (owner, found) in sorted(self.mirrors["slices"].objects().items()):
            behind[owner] = behind.get(owner, ()) + found
        return scenes.Scene(
            nodes,
            {pod.uid: pod for pod in pods if pod.node in nodes},
            self.mirrors["services"].objects(),
            behind,
        )


def run(arguments: argparse.Namespace, stopped: threading.Event) -> None:
    """Play until told to stop."""
    stage = Stage(clients.from_kubeconfig(arguments.kubeconfig).endpoint)
    stage.start()
    random_source = random.Random(arguments.seed)
    watching = observers.Observers(random_source)
    table = talks.read(arguments.talks)
    player = players.Player(table, random_source, watching, factor=arguments.rate)
    files = exports.Exports(arguments.exports, arguments.max_bytes, arguments.max_backups)
    arguments.truth.parent.mkdir(parents=True, exist_ok=True)
    with arguments.truth.open("a") as truth:
        before = accounted = time.time()
        while not stopped.wait(max(0.0, before + STEP_SECONDS - time.time())):
            now = time.time()
            player.play(before, now - before, stage.now())
            files.write(now, dict(watching.take()))
            if now - accounted >= ACCOUNT_SECONDS:
                truths.write(truth, player.account(accounted, now - accounted))
                accounted = now
            before = now
    files.close()


def main() -> None:
    """Take the command line and play."""
    parser = argparse.ArgumentParser(prog="player", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--kubeconfig", type=Path, required=True, help="whom to follow")
    parser.add_argument("--exports", type=Path, required=True, help="folder of the nodes' files")
    parser.add_argument("--truth", type=Path, required=True, help="file for what was really sent")
    parser.add_argument("--talks", type=Path, default=talks.TABLE, help="who talks to whom (YAML)")
    parser.add_argument("--rate", type=float, default=1.0, help="factor on all rates")
    parser.add_argument("--seed", type=int, default=1, help="seed of all randomness")
    parser.add_argument("--max-bytes", type=int, default=exports.MAX_BYTES, help="rotate at")
    parser.add_argument("--max-backups", type=int, default=exports.MAX_BACKUPS, help="keep")
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    run(parser.parse_args(), stopped)


if __name__ == "__main__":
    main()
