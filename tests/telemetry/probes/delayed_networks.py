"""A program: real probers in network namespaces, with a network between them that takes its time.

Each node is a namespace with a TUN device; this process is the network: it hands each packet on
after as long as the two nodes' zones are apart (netem would do the same, where a kernel has it). It
is to be run as `unshare --user --map-root-user --net python delayed_networks.py`, so that it needs
no rights, and prints as JSON what the operator's own feed makes of the probers' reports. With
`serve` it only keeps the network up, for an operator that is a process in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import heapq
import json
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from shorthaul.act.latencies import LatencyFeed
from shorthaul.act.reckonings import Ground
from shorthaul.api.latency_sources import LatencySource, LatencySourceType, ProbesSource
from shorthaul.api.objects import ObjectMeta
from shorthaul.api.topologies import TierLatencies, Topology, TopologySpec
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from telemetry.namespaces import entering, run
from worlds import builders

ZONES = ("z1", "z1", "z1", "z2", "z2", "z2")
WITHIN_SECONDS, BETWEEN_SECONDS = 0.002, 0.030
"""One way, so half of what is measured there and back."""
PATIENCE_SECONDS = 90.0
TUN_SET_INTERFACE, NO_HEADER_TUN = 0x400454CA, 0x1001
OBSERVER = 100
NAME = "probers.test"
REPORT_PORT = 8621


def address(index: int) -> str:
    return f"10.77.0.{index + 1}"


@dataclass
class Network(threading.Thread):
    """Hands packets on between devices, by the last byte of their destination."""

    devices: dict[int, int]

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        """Until the process ends."""
        poll = select.poll()
        index_of = {device: index for index, device in self.devices.items()}
        for device in index_of:
            poll.register(device, select.POLLIN)
        under_way: list[tuple[float, int, int, bytes]] = []
        number = 0
        while True:
            wait = (under_way[0][0] - time.monotonic()) * 1_000 if under_way else 1_000
            for device, _ in poll.poll(max(0.0, wait)):
                try:
                    packet = os.read(device, 2_000)
                except OSError:  # Its namespace is gone, and so is our work.
                    return
                to = packet[19] - 1 if packet[0] >> 4 == 4 else -1
                if to in self.devices:
                    number += 1
                    due = time.monotonic() + delay(index_of[device], to)
                    heapq.heappush(under_way, (due, number, self.devices[to], packet))
            while under_way and under_way[0][0] <= time.monotonic():
                *_, device, packet = heapq.heappop(under_way)
                with contextlib.suppress(OSError):
                    os.write(device, packet)


def delay(one: int, other: int) -> float:
    if OBSERVER in (one, other):
        return 0.0
    return WITHIN_SECONDS if ZONES[one] == ZONES[other] else BETWEEN_SECONDS


def device(index: int, namespace: int | None) -> int:
    """A TUN device, in a namespace of its own unless that is None."""
    opened = os.open("/dev/net/tun", os.O_RDWR)
    name = f"tun{index}"
    fcntl.ioctl(opened, TUN_SET_INTERFACE, struct.pack("16sH", name.encode(), NO_HEADER_TUN))
    if namespace is not None:
        run("ip", "link", "set", name, "netns", str(namespace))
    run("ip", "address", "add", f"{address(index)}/24", "dev", name, within=namespace)
    run("ip", "link", "set", name, "up", within=namespace)
    run("ip", "link", "set", "lo", "up", within=namespace)
    return opened


@contextlib.contextmanager
def children() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that end with this one."""
    found: list[subprocess.Popen[bytes]] = []
    try:
        yield found
    finally:
        for child in found:
            child.terminate()
        for child in found:
            child.wait(timeout=30)


def give_all_one_name() -> None:
    """Lets one name stand for the addresses of all nodes, as a headless Service does."""
    with tempfile.NamedTemporaryFile("w") as hosts:
        lines = [f"{address(index)} {NAME}\n" for index in range(len(ZONES))]
        hosts.write("127.0.0.1 localhost\n" + "".join(lines))
        hosts.flush()
        os.chmod(hosts.name, 0o644)
        subprocess.run(["mount", "--bind", hosts.name, "/etc/hosts"], check=True, timeout=30)


async def observed() -> dict[str, object]:
    """What the operator's feed tells of the Topology once the probers have been measured enough."""
    nodes = tuple(
        builders.node(f"n{index}", zone, addresses=(address(index),))
        for index, zone in enumerate(ZONES)
    )
    distances = measure({node.name: node.labels for node in nodes}, DEFAULT_SCALE)
    ground = Ground(builders.cluster(nodes), distances)
    name = ProbesSource(address=f"{NAME}:{REPORT_PORT}")
    source = LatencySource(type=LatencySourceType.PROBES, probes=name)
    topology = Topology(
        metadata=ObjectMeta(name="default"),
        spec=TopologySpec(
            latencies=TierLatencies(host=0.1, rack=0.2, zone=0.5, region=1.5, beyond=50.0),
            latency_source=source,
        ),
    )
    feed = LatencyFeed(Random(1), sweep_seconds=0.5)
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        feed.observe(topology, lambda: ground, time.time())
        found = feed.measurements(time.time())
        if found is not None and found.state.holds and len(found.latencies) == 2:
            break
        await asyncio.sleep(0.1)
    feed.close()
    assert found is not None
    return {
        "holds": found.state.holds,
        "told": found.state.message,
        "tiers": {each.tier.value: each.milliseconds for each in found.latencies},
        "pairs": [[each.one, each.other, each.milliseconds] for each in found.pairs],
        "probers": found.probers,
    }


@contextlib.contextmanager
def probed_network() -> Iterator[None]:
    """Builds the network and starts a prober on each node."""
    give_all_one_name()
    with children() as running:
        devices = {OBSERVER: device(OBSERVER, None)}
        for index in range(len(ZONES)):
            holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
            running.append(holder)
            time.sleep(0.3)
            devices[index] = device(index, holder.pid)
        Network(devices).start()
        for index in range(len(ZONES)):
            command = [*entering(running[index].pid), sys.executable]
            command += ["-m", "shorthaul", "prober", "--address", address(index)]
            command += ["--peer", NAME, "--round-seconds", "1", "--log-level", "warning"]
            running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
        yield


def let_in(door: int, port: int) -> None:
    """Hands the socket of a port of this network's loopback out, for who is outside to answer."""
    with (
        socket.create_server(("127.0.0.1", port)) as listening,
        socket.socket(fileno=door) as out,
    ):
        socket.send_fds(out, [b"listening"], [listening.fileno()])
        sys.stdin.read()


def main() -> None:
    """Prints what is observed; or `check`s, or with `serve DOOR PORT` stays until stdin ends."""
    if sys.argv[1:] == ["check"]:
        device(OBSERVER, None)
        return
    with probed_network():
        if sys.argv[1:2] == ["serve"]:
            let_in(*map(int, sys.argv[2:]))
        else:
            print(json.dumps(asyncio.run(observed())))


if __name__ == "__main__":
    main()
