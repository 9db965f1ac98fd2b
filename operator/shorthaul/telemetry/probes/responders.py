"""The other end of a probe: accepts and closes at once, and reads nothing.

The kernel has answered before we accept, so what is measured does not wait for us. The prober at
the other end resets the connection; were we the ones to, it could look like a refusal to it. A turn
of the event loop accepts at most so many connections, so that a flood cannot keep it from its work.
"""

import asyncio
import socket

from shorthaul.errors import BadInput

AT_ONCE = 64
BACKLOG = 128


class Responder:
    """A listening socket of one event loop."""

    def __init__(self, address: str, port: int) -> None:
        """Stores where to listen; nothing is opened before `open`."""
        self._where = address, port
        self._socket: socket.socket | None = None
        self.answered = 0

    def open(self) -> int:
        """Listens, and gives the port; raises BadInput where that is not possible."""
        address, port = self._where
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setblocking(False)
            listening.bind((address, port))
            listening.listen(BACKLOG)
        except OSError as error:
            listening.close()
            raise BadInput(
                f"cannot listen on {address} port {port}: {error.strerror}; give another "
                "--address or --port"
            ) from None
        self._socket = listening
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)
        return int(listening.getsockname()[1])

    def close(self) -> None:
        """Stops to listen."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                accepted, _ = listening.accept()
            except OSError:  # Nobody waits any more, or there are no descriptors for now.
                return
            accepted.close()
            self.answered += 1
