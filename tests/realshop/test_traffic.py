"""The pods' program on loopback: what one end says that it sent is what the other says it got."""

import contextlib
import json
import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from realshop import images, readings
from testbed import gobuilds, ports

pytestmark = pytest.mark.realcluster
PATIENCE_SECONDS = 60
ASK, ANSWER = 1_500, 48_000


@pytest.fixture(scope="module")
def program():
    if gobuilds.go() is None:
        pytest.skip("no Go to build the pods' program with")
    return str(gobuilds.build(images.traffic_recipe()) / "bin" / "traffic")


@contextlib.contextmanager
def running(program, *arguments):
    """The program with its two ports; it is killed at the end."""
    answering, telling = ports.pick(2)
    places = [f"-listen=127.0.0.1:{answering}", f"-tell=127.0.0.1:{telling}", "-drain=1s"]
    process = subprocess.Popen([program, *places, *arguments])
    try:
        yield process, answering, telling
    finally:
        process.kill()
        process.wait()


def get(port, path):
    """The status and text of an answer; None while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return None


def until(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_both_ends_tell_the_same_and_every_call_is_in_the_histogram(program):
    with running(program) as (_, port, server_tells):
        until(lambda: get(server_tells, "/ready"))
        call = f"-call=store=http://127.0.0.1:{port}/,rate=100,ask={ASK},answer={ANSWER}"
        with running(program, call) as (client, _, client_tells):
            until(lambda: get(client_tells, "/ready"))
            until(lambda: readings.read(json.loads(get(client_tells, "/counts")[1])).done > 50)
            client.send_signal(signal.SIGTERM)
            status, text = until(
                lambda: (
                    (found := get(client_tells, "/counts"))
                    and json.loads(found[1])["ending"]
                    and get(client_tells, "/ready")
                )
            )
            assert (status, b"ending" in text) == (503, True)
            told = readings.read(json.loads(get(client_tells, "/counts")[1]))
            assert client.wait(PATIENCE_SECONDS) == 0
        answers = json.loads(get(server_tells, "/counts")[1])["answers"]

    assert told.failed == told.skipped == 0
    assert sum(told.buckets.values()) == told.done
    assert told.bytes >= told.done * (ASK + ANSWER)
    assert answers["count"] * ANSWER == answers["sent_bytes"]
    assert answers["count"] * ASK == answers["received_bytes"]


def test_calls_to_nobody_fail_and_are_told_by_reason(program):
    (nobody,) = ports.pick(1)
    call = f"-call=store=http://127.0.0.1:{nobody}/,rate=50,ask=1,answer=1"
    with running(program, call) as (_, _, telling):
        until(lambda: get(telling, "/ready"))
        until(lambda: readings.read(json.loads(get(telling, "/counts")[1])).failed > 3)
        told = readings.read(json.loads(get(telling, "/counts")[1]))

    assert told.done == 0
    assert set(told.failures) == {"dial: connection refused"}
