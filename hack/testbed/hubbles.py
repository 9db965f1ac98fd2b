"""A real Hubble on this machine: Cilium's observer per node, and Hubble Relay before them.

The agents are `hubbleagent`, which takes export lines on its standard input and ends with it; the
Relay is Cilium's own. Both listen on loopback only. Linux only, as the rest of the test bed.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from testbed import binaries, groups, guards, ports, probes

RELAY = "hubble-relay"
START_SECONDS = 120


class Hubble:
    """Agents and their Relay, in a folder that goes with them."""

    def __init__(self, state: Path, nodes: Sequence[str], *, capacity: int = 4095) -> None:
        """Store what to start; nothing runs before the block begins."""
        self._state = state
        self._nodes = tuple(nodes)
        self._capacity = capacity
        self._agents: dict[str, subprocess.Popen[bytes]] = {}
        self._group = groups.Group(state)
        self._guard: subprocess.Popen[bytes] | None = None
        self._ports: Mapping[str, int] = {}

    def __enter__(self) -> Hubble:
        """Start the agents."""
        (self._state / "log").mkdir(parents=True, exist_ok=True)
        names = (*self._nodes, "relay", "health")
        self._ports = dict(zip(names, ports.pick(len(names)), strict=True))
        self._guard = guards.start(self._state, keep=True)
        try:
            for node in self._nodes:
                self.start_agent(node)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End everything."""
        self.stop()

    @property
    def address(self) -> str:
        """Where the Relay listens."""
        return self.address_of("relay")

    def address_of(self, node: str) -> str:
        """Where an agent listens."""
        return f"127.0.0.1:{self._ports[node]}"

    def exported(self, node: str) -> Path:
        """The file that an agent's exporter writes."""
        return self._state / f"{node}.log"

    def start_agent(self, node: str) -> None:
        """Start a node's agent, with an empty ring buffer."""
        peers = ",".join(f"{name}={self.address_of(name)}" for name in self._nodes)
        command = [
            *(str(binaries.find("hubbleagent")), "-node", node, "-listen", self.address_of(node)),
            *("-peers", peers, "-export", str(self.exported(node))),
            *("-capacity", str(self._capacity)),
        ]
        with (self._state / "log" / f"{node}.log").open("ab") as log:
            agent = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        self._agents[node] = agent
        assert agent.stdout is not None
        if agent.stdout.readline() != b"ready\n":
            raise groups.NotStarted(f"no agent of {node}; logs: {self._state / 'log'}")

    def kill_agent(self, node: str) -> None:
        """End an agent at once, as a crash would."""
        agent = self._agents.pop(node)
        agent.kill()
        agent.communicate()

    def start_relay(self, *tls: str) -> None:
        """Start the Relay; `tls` are its options for that, none means in the clear."""
        command = [
            *(str(binaries.find(RELAY)), "serve", "--gops=false", "--disable-client-tls"),
            *("--listen-address", self.address, "--peer-service", self.address_of(self._nodes[0])),
            *("--health-listen-address", self.address_of("health")),
            *("--sort-buffer-drain-timeout", "100ms", "--retry-timeout", "1s"),
            *(tls or ("--disable-server-tls",)),
        ]
        self._group.start(RELAY, command)
        self._group.wait_for(
            lambda: probes.listens(self._ports["relay"]),
            "Hubble Relay",
            needing=[RELAY],
            timeout_seconds=START_SECONDS,
        )

    def kill_relay(self) -> None:
        """End the Relay at once."""
        self._group.kill(RELAY)

    def see(self, node: str, lines: Sequence[bytes] = ()) -> None:
        """Let a node's observer see what these export lines say.

        An event becomes readable when the next one is written (the ring buffer's own rule), so an
        agent event that nobody asks for comes last, at the time of the last line or now.
        """
        stream = self._agents[node].stdin
        assert stream is not None
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        time = json.loads(lines[-1])["time"] if lines else now
        last = {"agent_event": {"type": "AGENT_STARTED"}, "time": time}
        stream.write(b"".join(line + b"\n" for line in (*lines, json.dumps(last).encode())))
        stream.flush()

    def stop(self) -> None:
        """End everything."""
        for node in list(self._agents):
            self.kill_agent(node)
        self._group.end()
        if self._guard is not None:
            guards.release(self._guard)
            self._guard = None
