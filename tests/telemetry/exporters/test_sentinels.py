"""The sentinel of an exporter: what it concludes, and the real command beside real sockets."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from shorthaul.telemetry.exporters.sentinels import Sightings

SECONDS = 30


@pytest.mark.parametrize(
    ("looks", "status", "state"),
    [
        ((), 200, "not seen yet"),
        ((False, False), 200, "not seen yet"),
        ((False, True), 200, "there"),
        ((True, False), 503, "gone for 9.0 s"),
        ((True, False, False), 503, "gone for 9.0 s"),
        ((False, True, True, False), 503, "gone for 7.0 s"),
        ((True, False, True), 200, "there"),
        ((True, False, True, False), 503, "gone for 7.0 s"),
    ],
)
def test_gone_is_who_was_there(looks, status, state):
    sightings = Sightings()
    for second, seen in enumerate(looks):
        sightings.note(seen, float(second))

    assert sightings.told(9.0) == (status, state)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _asked(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return None, str(error)


def _until(port, status, state):
    deadline = time.monotonic() + SECONDS
    while True:
        found = _asked(port)
        if found[0] == status and state in found[1]:
            return
        assert time.monotonic() < deadline, f"after {SECONDS} s still {found}"
        time.sleep(0.05)


@contextlib.contextmanager
def _watching(target_port):
    port = _free_port()
    command = [
        "-m",
        "shorthaul",
        "sentinel",
        f"--target-port={target_port}",
        f"--port={port}",
    ]
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE)
    try:
        yield port, process
    finally:
        process.kill()
        process.communicate()


def test_it_tells_of_a_socket_that_is_closed_and_of_one_that_comes_back():
    with socket.socket(type=socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        with _watching(receiver.getsockname()[1]) as (port, process):
            _until(port, 200, "not seen yet")
            for _ in range(2):
                with socket.socket(type=socket.SOCK_DGRAM) as sender:
                    sender.connect(receiver.getsockname())
                    _until(port, 200, "there")
                _until(port, 503, "gone for")
            process.send_signal(signal.SIGTERM)

            assert process.wait(SECONDS) == 0


def test_a_port_that_is_taken_is_told_in_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = ["-m", "shorthaul", "sentinel", "--target-port=4739", f"--port={port}"]
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, check=False, timeout=SECONDS
        )

        assert done.returncode == 1
        assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr.splitlines()[-1]
