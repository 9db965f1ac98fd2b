"""kopf begins as any user, also as one that has no name, like the image's."""

import asyncio
import contextlib
import pwd

import kopf
import pytest

from shorthaul import handlers
from testbed import ports

NAMES = ("LOGNAME", "USER", "LNAME", "USERNAME")


@pytest.fixture
def nameless(monkeypatch):
    """As in a container: no variable and no file tells this user's name."""

    def unknown(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


async def test_a_user_without_a_name_answers_the_health_probe(nameless):
    port, nowhere = ports.pick(2)
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(
        lambda **_: kopf.ConnectionInfo(server=f"http://127.0.0.1:{nowhere}")
    )
    address = f"http://127.0.0.1:{port}/healthz"
    following = asyncio.create_task(
        handlers.follow(registry, identity="pod-1", health_address=address)
    )
    try:
        answered = asyncio.create_task(answer(port))
        await asyncio.wait([following, answered], return_when=asyncio.FIRST_COMPLETED)
        if not answered.done():
            following.result()
        assert b" 200 " in answered.result()
    finally:
        answered.cancel()
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


async def answer(port):
    """The first line of what the health endpoint says, once it is there."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
        line = await reader.readline()
        writer.close()
        return line
