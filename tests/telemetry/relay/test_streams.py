"""However much is sent, what waits in memory is bounded, and an end is an end."""

import threading
import time

import pytest

from shorthaul.telemetry.relay.streams import MOST_BYTES, Stream

MESSAGE = bytes(1 << 20)
LIMIT_SECONDS = 30


class Call:
    """A call that sends messages as fast as they are taken, until it is cancelled."""

    def __init__(self, count):
        self._left = count
        self._cancelled = threading.Event()

    def __iter__(self):
        while self._left and not self._cancelled.is_set():
            self._left -= 1
            yield MESSAGE

    def cancel(self):
        self._cancelled.set()


@pytest.fixture
def stream():
    made = Stream(Call(100)).start()
    yield made
    made.close()


def wait(condition):
    end = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_sender_waits_while_nobody_takes_and_nothing_is_left_out(stream):
    wait(lambda: stream.waiting_bytes > MOST_BYTES)
    assert not stream.ended
    assert stream.waiting_bytes < MOST_BYTES + 2 * len(MESSAGE)

    taken = []
    wait(lambda: taken.extend(stream.take(10)) or len(taken) == 100)
    wait(lambda: stream.ended)

    assert taken == [MESSAGE] * 100
    assert (stream.waiting_bytes, stream.error) == (0, None)


def test_a_stream_that_waits_can_be_closed(stream):
    wait(lambda: stream.waiting_bytes > MOST_BYTES)

    stream.close()

    assert stream.ended


class BrokenCall(Call):
    """A call that fails in a way that gRPC does not tell of."""

    def __iter__(self):
        yield MESSAGE
        raise ValueError("no message")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_stream_that_fails_in_whatever_way_has_ended():
    stream = Stream(BrokenCall(1)).start()

    wait(lambda: stream.ended)

    assert stream.take(2) == [MESSAGE]
    stream.close()
