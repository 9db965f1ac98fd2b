"""Makes the way from a rack to the others long: each frame arrives some milliseconds later.

Not every kernel has netem. So a process of ours stands between the rack's uplink and the spine: it
takes frames at one interface and sends them on at another when their time has come. Both interfaces
lead to devices that are told to hand over whole frames of an ordinary size with their checksums.
`with longer(cluster, "a", 20.0):` makes the way long for the length of the block. Started in the
cluster's cgroups, so that `down` ends it too.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import selectors
import socket
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from realnodes import cgroups, clusters, fabrics, namespaces, shells, starters

SPINE, INNER, OUTER = "spine", "long-in", "long-out"
ETHERTYPES = 0x0003  # All of them.
OUTGOING = 4  # How the kernel marks frames that we sent ourselves.
LARGEST_FRAME, MOST_WAITING = 65_536, 20_000
ASK_DEVICE, CHECKSUMS, SEGMENTS, BATCHES = 0x8946, 0x17, 0x1F, 0x24
PACKAGES = Path(__file__).resolve().parents[2]
READY = "ready"


@contextlib.contextmanager
def longer(cluster: clusters.Cluster, rack: str, milliseconds: float) -> Iterator[None]:
    """Let what leaves or enters a rack take so much longer each way, within the block."""
    fabric, (_, down) = cluster.layout.fabric, fabrics.uplink(rack)
    _ip(fabric, f"link add {INNER} type veth peer name {OUTER}")
    _ip(fabric, f"link set {OUTER} master {SPINE} up")
    _ip(fabric, f"link set {INNER} up")
    with namespaces.inside(fabric):
        for name in (fabrics.uplink(rack)[0], OUTER):
            whole_frames(name)
    _ip(fabric, f"link set {down} nomaster")
    try:
        with _running(cluster, down, milliseconds):
            yield
    finally:
        _ip(fabric, f"link set {down} master {SPINE}")
        _ip(fabric, f"link delete {INNER}")


def whole_frames(name: str) -> None:
    """Let a device send on frames as they go over a wire: not joined, their checksums filled in."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for setting in (SEGMENTS, BATCHES, CHECKSUMS):
            value = ctypes.create_string_buffer(struct.pack("II", setting, 0))
            request = struct.pack("16sP16x", name.encode(), ctypes.addressof(value))
            fcntl.ioctl(asking, ASK_DEVICE, request)


def pass_on(one: str, other: str, seconds: float) -> None:
    """Send what comes at one device out at the other, later, for ever; both ways."""
    ends = [_opened(name) for name in (one, other)]
    waiting: list[deque[tuple[float, bytes]]] = [deque(maxlen=MOST_WAITING) for _ in ends]
    with selectors.DefaultSelector() as selector:
        for number, end in enumerate(ends):
            selector.register(end, selectors.EVENT_READ, number)
        print(READY, flush=True)
        while True:
            due = min((queue[0][0] for queue in waiting if queue), default=None)
            pause = None if due is None else max(0.0, due - time.monotonic())
            for key, _ in selector.select(pause):
                _take(ends[key.data], waiting[1 - key.data], seconds)
            for end, queue in zip(ends, waiting, strict=True):
                _send(end, queue)


def _take(end: socket.socket, queue: deque[tuple[float, bytes]], seconds: float) -> None:
    while True:
        try:
            frame, address = end.recvfrom(LARGEST_FRAME)
        except BlockingIOError:
            return
        if address[2] != OUTGOING:
            queue.append((time.monotonic() + seconds, frame))


def _send(end: socket.socket, queue: deque[tuple[float, bytes]]) -> None:
    while queue and queue[0][0] <= time.monotonic():
        with contextlib.suppress(OSError):  # A full queue drops frames, as on any link.
            end.send(queue.popleft()[1])


def _opened(name: str) -> socket.socket:
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPES))
    end.bind((name, ETHERTYPES))
    end.setblocking(False)
    return end


@contextlib.contextmanager
def _running(cluster: clusters.Cluster, down: str, milliseconds: float) -> Iterator[None]:
    groups = cgroups.Groups(cluster.layout.name, cgroups.mounted())
    program = [sys.executable, "-m", "realshop.disturbances.delays", down, INNER]
    inside = namespaces.entering(
        cluster.layout.fabric, ["env", f"PYTHONPATH={PACKAGES}", *program, str(milliseconds)]
    )
    command = groups.joining(starters.CONTROL_PLANE_PART, inside)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or process.stdout.readline().strip() != READY:
                raise OSError("what makes a link long did not start")
            yield
        finally:
            process.kill()


def _ip(namespace: str, line: str) -> None:
    shells.run(["ip", "-n", namespace, *line.split()])


if __name__ == "__main__":
    pass_on(sys.argv[1], sys.argv[2], float(sys.argv[3]) / 1000)
