"""A way that was made long carries everything whole, and later; in namespaces of its own."""

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from realnodes import namespaces, shells
from realshop.disturbances import delays

pytestmark = pytest.mark.realcluster
PAYLOAD = os.urandom(300_000)
DELAY_SECONDS = 0.02
PORT = 5_000


@pytest.fixture
def two_ends(request):
    """Two namespaces whose only way to each other leads through a third one, which is in ours."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces are made by root")
    name = f"d{os.getpid()}"
    names = [f"shorthaul-{name}-{part}" for part in ("one", "middle", "other")]
    try:
        for each in names:
            namespaces.add(each)
    except shells.Failed as error:
        pytest.skip(f"no network namespace can be made here: {error}")
    with ExitStack() as cleanup:
        cleanup.callback(namespaces.remove_all, name)
        for number, end in ((1, names[0]), (2, names[2])):
            lines = (
                f"-n {names[1]} link add e{number} type veth peer name eth0 netns {end}",
                f"-n {names[1]} link set e{number} up",
                f"-n {end} address add 192.0.2.{number}/24 dev eth0",
                f"-n {end} link set eth0 up",
            )
            for line in lines:
                shells.run(["ip", *line.split()])
            with namespaces.inside(end):
                delays.whole_frames("eth0")
        program = [sys.executable, "-m", "realshop.disturbances.delays", "e1", "e2"]
        command = namespaces.entering(names[1], [*program, str(1000 * DELAY_SECONDS)])
        environment = os.environ | {"PYTHONPATH": str(Path(delays.__file__).parents[2])}
        process = cleanup.enter_context(
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        )
        cleanup.callback(process.kill)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == delays.READY
        yield names[0], names[2]


def test_a_connection_takes_longer_both_ways_and_all_bytes_come(two_ends):
    with namespaces.inside(two_ends[1]):
        listening = socket.create_server(("192.0.2.2", PORT))
    received = bytearray()

    def take() -> None:
        connection, _ = listening.accept()
        while part := connection.recv(1 << 16):
            received.extend(part)

    taking = threading.Thread(target=take)
    taking.start()
    with namespaces.inside(two_ends[0]), socket.socket() as sending:
        sending.settimeout(10.0)
        began = time.monotonic()
        sending.connect(("192.0.2.2", PORT))
        took = time.monotonic() - began
        sending.sendall(PAYLOAD)
    taking.join(timeout=20.0)
    listening.close()

    assert bytes(received) == PAYLOAD
    assert took >= 2 * DELAY_SECONDS
