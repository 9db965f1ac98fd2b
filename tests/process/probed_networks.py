"""A network of real probers that an operator can be a process in, with the API server let in.

The network is `telemetry/probes/delayed_networks.py`, apart from this machine's own. The port that
the API server has here is answered there too: the socket that listens is made inside and handed
out, and what comes in by it is handed on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from faults.fault_worlds import PATIENCE_SECONDS, REPOSITORY
from telemetry.probes import programs

_CHUNK_BYTES = 1 << 16


@contextlib.contextmanager
def entered(server: str) -> Iterator[Sequence[str]]:
    """How a command is run in the network, from where only this server can be reached outside."""
    port = int(urlsplit(server).port or 0)
    command = programs.apart()
    ours, theirs = socket.socketpair()
    folders = (str(REPOSITORY / name) for name in ("operator", "hack", "tests"))
    with ours:
        process = subprocess.Popen(
            [*command, "serve", str(theirs.fileno()), str(port)],
            stdin=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
        )
        theirs.close()
        try:
            ours.settimeout(PATIENCE_SECONDS)
            _, descriptors, *_ = socket.recv_fds(ours, 16, 1)
            assert descriptors, "the network did not come up"
            with _handing_on(socket.socket(fileno=descriptors[0]), port):
                yield _enter(process.pid)
        finally:
            process.communicate(timeout=PATIENCE_SECONDS)


def _enter(process: int) -> Sequence[str]:
    spaces = ("--user", "--preserve-credentials", "--net", "--mount")
    return ("nsenter", "--target", str(process), *spaces)


@contextlib.contextmanager
def _handing_on(listening: socket.socket, port: int) -> Iterator[None]:
    """Hands what comes in on to this port of ours, in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_copy(reader, back), _copy(there, writer))

    asyncio.run_coroutine_threadsafe(asyncio.start_server(answer, sock=listening), loop).result(
        PATIENCE_SECONDS
    )
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(PATIENCE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        listening.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One way, until it ends; then the other way ends too."""
    try:
        with contextlib.suppress(OSError):
            while part := await reader.read(_CHUNK_BYTES):
                writer.write(part)
                await writer.drain()
    finally:
        writer.close()


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
