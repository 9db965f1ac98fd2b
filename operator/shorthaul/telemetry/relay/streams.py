"""A stream that is read in a thread of its own, into memory that is bounded.

While nobody takes what is there the thread waits, gRPC's flow control makes the sender wait, and
the agent's ring buffer goes on; what it overwrites, it reports as lost.
"""

import threading
from collections import deque
from typing import Any

import grpc

MOST_BYTES = 32 << 20
_BYTES_BESIDE = 64


class Stream:
    """What a call sends; `error` is why it ended, once it has."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._taken = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._closed = False
        self.ended = False
        self.error: grpc.RpcError | None = None
        self._thread = threading.Thread(target=self._run, name="hubble-flows", daemon=True)

    def start(self) -> "Stream":
        """Begins to read."""
        self._thread.start()
        return self

    @property
    def waiting_bytes(self) -> int:
        """How much has come and was not taken."""
        return self._bytes

    def take(self, most: int) -> list[bytes]:
        """What has come, the oldest first."""
        with self._taken:
            taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._bytes -= sum(map(len, taken)) + _BYTES_BESIDE * len(taken)
            self._taken.notify()
        return taken

    def close(self) -> None:
        """Ends the call and the thread."""
        with self._taken:
            self._closed = True
            self._taken.notify()
        self._call.cancel()
        self._thread.join()

    def _run(self) -> None:
        try:
            for message in self._call:
                if not self._keep(message):
                    break
        except grpc.RpcError as error:
            self.error = error
        finally:
            self.ended = True

    def _keep(self, message: bytes) -> bool:
        with self._taken:
            while self._bytes > MOST_BYTES and not self._closed:
                self._taken.wait()
            self._waiting.append(message)
            self._bytes += len(message) + _BYTES_BESIDE
            return not self._closed
