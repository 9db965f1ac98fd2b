"""A program: real NetObserv eBPF agents on two nodes of namespaces, sending to our collector.

Pods of `pod_networks` exchange payloads over TCP, and it prints as JSON what the kernel's counters
of the pods' interfaces say of each way, and the collector's metrics then; the records stay in a
file. Given are the agent's program, a folder, and `udp` or `tcp`.

This agent loses counts of what passes while it reads its table (its own source says so): an entry
that comes back meanwhile takes the place of what was read. So pods talk right after it has told,
and are still when it tells again.

To be run as root, apart: `unshare --net --mount --pid --fork --kill-child --mount-proc`. So nothing
of it outlives its parent, neither processes nor namespaces.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from telemetry.collectors import payloads
from telemetry.collectors.pod_networks import (
    NODES,
    PATIENCE_SECONDS,
    PODS,
    Networks,
    built,
    wait_until,
)
from telemetry.collectors.running import Running
from telemetry.namespaces import entering, run

NO_BPF = 3
"""The exit status where the kernel does not let the agent in; the last line says why."""
REFUSALS = ("BPF objects", "mem lock", "operation not permitted")
ROUNDS = ((("a", "b"), ("c", "d")), (("a", "c"), ("d", "b")))
"""Who asks whom at the same time: within each node, then across, from either of them."""
TURN_BYTES = {"b": (50_000, 150_000), "c": (40_000, 200_000), "d": (120_000, 10_000)}
"""Bytes asked and answered in each turn, by who answers."""
MARKED = "a", "d"
MARKS = itertools.count(9_001)
TOGETHER_MILLISECONDS = 2_000
MARK = (
    "import socket, sys\n"
    "with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:\n"
    "    sender.bind(('', int(sys.argv[2])))\n"
    "    sender.sendto(b'', (sys.argv[1], 9))\n"
)


class NotLetIn(Exception):
    """The kernel refuses the agent."""


def settings_of(protocol: str, port: int) -> dict[str, str]:
    """The agent's settings as the chart gives them, by the names of its releases up to 0.3."""
    return {
        "EXPORT": f"ipfix+{protocol}",
        "FLOWS_TARGET_HOST": NODES["n1"],
        "FLOWS_TARGET_PORT": str(port),
        "EXCLUDE_INTERFACES": "lo",
        "DIRECTION": "both",
        "SAMPLING": "0",
        "CACHE_MAX_FLOWS": "5000",
        "CACHE_ACTIVE_TIMEOUT": "5s",
    }


@contextlib.contextmanager
def agents(
    program: str, networks: Networks, folder: Path, settings: dict[str, str]
) -> Iterator[None]:
    """An agent on each node, at both hooks of all of its interfaces."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for node in networks.nodes:
            command = [*entering(networks.nodes[node]), program]
            given = os.environ | settings | {"AGENT_IP": NODES[node]}
            with (folder / f"agent-{node}.log").open("wb") as file:
                running[node] = subprocess.Popen(command, env=given, stdout=file, stderr=file)
        for node, agent in running.items():
            await_hooks(networks, node, agent, folder / f"agent-{node}.log")
        yield
    finally:
        for agent in running.values():
            agent.kill()
            agent.wait()


def await_hooks(networks: Networks, node: str, agent: subprocess.Popen[bytes], log: Path) -> None:
    wait_until(lambda: agent.poll() is not None or is_hooked(networks, node), f"hooks on {node}")
    if agent.poll() is None:
        return
    text = log.read_text().strip()
    last = text.splitlines()[-1] if text else "it says nothing"
    refused = any(words in text for words in REFUSALS)
    raise (NotLetIn if refused else OSError)(f"the eBPF agent does not start here: {last}")


def is_hooked(networks: Networks, node: str) -> bool:
    return all(
        "bpf" in run("tc", "filter", "show", "dev", name, way, within=networks.nodes[node])
        for name in networks.interfaces(node)
        for way in ("ingress", "egress")
    )


def exchanged(networks: Networks, records: Path) -> Iterator[tuple[str, str, int]]:
    """Lets pods exchange payloads: who sent whom how many bytes, as the kernel counts them."""
    for round_ in ROUNDS:
        servers = [serving(networks, server) for _, server in round_]
        clients = [
            subprocess.Popen(
                [*payload(networks, client, "ask", server), *PODS[server]], stdin=subprocess.PIPE
            )
            for client, server in round_
        ]
        await_telling(networks, records)
        before = {client: networks.counted(client) for client, _ in round_}
        for client in clients:
            assert client.stdin is not None
            client.stdin.close()
        for process in (*clients, *servers):
            assert process.wait(PATIENCE_SECONDS) == 0
        for one, other in round_:
            received, sent = networks.counted(one)
            yield one, other, sent - before[one][1]
            yield other, one, received - before[one][0]


def payload(networks: Networks, pod: str, what: str, server: str) -> list[str]:
    sizes = ",".join(map(str, TURN_BYTES[server]))
    return [*entering(networks.pods[pod]), sys.executable, payloads.__file__, what, sizes]


def serving(networks: Networks, server: str) -> subprocess.Popen[bytes]:
    command = [*payload(networks, server, "serve", server), str(len(PODS[server]))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def await_telling(networks: Networks, records: Path) -> None:
    """Waits until the agents of both nodes have just told, at the same time, of all that was.

    They tell of a datagram that is sent for it. One that passed when only one of them had told is
    told of a whole timeout apart, so another one is sent.
    """
    for port in MARKS:
        words = sys.executable, "-c", MARK, PODS[MARKED[1]][0], str(port)
        run(*words, within=networks.pods[MARKED[0]])
        wait_until(lambda port=port: len(told_of(records, port)) == len(NODES), "record of a mark")
        times = told_of(records, port).values()
        if max(times) - min(times) < TOGETHER_MILLISECONDS:
            return


def told_of(records: Path, port: int) -> dict[str, int]:
    """When each exporter told last of what came from a port."""
    lines = records.read_text().splitlines(keepends=True) if records.exists() else []
    told = [json.loads(line) for line in lines if line.endswith("\n")]
    return {line["exporter"]: line["received_ms"] for line in told if line["source_port"] == port}


def main() -> None:
    """Prints what was sent and what came of it."""
    program, folder, protocol = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    networks = built()
    with Running(folder, "--address", "0.0.0.0") as collector:
        port = collector.tcp_port if protocol == "tcp" else collector.udp_port
        try:
            with agents(program, networks, folder, settings_of(protocol, port)):
                ways = list(exchanged(networks, collector.out))
                await_telling(networks, collector.out)
                await_telling(networks, collector.out)
                metrics = collector.metrics()
        except NotLetIn as refusal:
            print(refusal, file=sys.stderr)
            sys.exit(NO_BPF)
        collector.stop()
    print(json.dumps({"ways": ways, "metrics": metrics}))


if __name__ == "__main__":
    main()
