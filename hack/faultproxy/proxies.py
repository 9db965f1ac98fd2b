"""An HTTP proxy to a real kube-apiserver that kills, lies, holds and cuts, at the test's word.

Plain HTTP comes in and TLS goes out; the bearer token passes through, so the server sees the real
user. It runs in a thread of its own, so that tests stay ordinary functions. Everything that is not
asked to break passes unchanged, watches as streams.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

from faultproxy.faults import MUTATING, Answer, Aside, Call, Death, Kill, Point

HOP_HEADERS = frozenset({"connection", "host", "transfer-encoding", "content-length"})
LARGEST_BODY_BYTES = 64 * 1024 * 1024


class FaultProxy:
    """A proxy to one API server; a context manager that starts and stops it."""

    def __init__(self, server: str, authority: Path) -> None:
        """Take where requests go, and the certificate to verify it with."""
        self.address = ""
        self.calls: list[Call] = []
        self._server = server
        self._authority = authority
        self._kills: list[Kill] = []
        self._answers: list[Answer] = []
        self._asides: list[Aside] = []
        self._held: set[str] = set()
        self._streams: dict[asyncio.Task[Any], str] = {}
        self._cut: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Listen on a free port of the loopback."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(30)
        return self

    def __exit__(self, *_: object) -> None:
        """Close everything."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def kill_at(self, call: int, point: Point, action: Callable[[], None]) -> None:
        """Do something at one call from now on; the counting starts again."""
        with self._lock:
            self.calls.clear()
            self._kills.append(Kill(lambda made, _: point if made.number == call else None, action))

    def kill_when(
        self, choose: Callable[[Call, bytes], Point | None], action: Callable[[], None]
    ) -> None:
        """Do something at the next call for which a point is chosen; it may be a dry run."""
        with self._lock:
            self._kills.append(Kill(choose, action))

    def reset(self) -> None:
        """Forget all faults and calls."""
        with self._lock:
            self.calls.clear()
            self._kills.clear()
            self._answers.clear()
            self._asides.clear()
            self._held.clear()

    def answer(self, answer: Answer) -> None:
        """Answer matching requests in the server's place, as often as told."""
        with self._lock:
            self._answers.append(answer)

    def aside(self, aside: Aside) -> None:
        """Do something once when a matching request comes, or has been answered; it passes."""
        with self._lock:
            self._asides.append(aside)

    def hold(self, plural: str) -> None:
        """Let no more events of a kind's watches through, without closing them."""
        self._held.add(plural)

    def release(self, plural: str) -> None:
        """Let the events of a kind through again, the held ones first."""
        self._held.discard(plural)

    def cut(self, plural: str, *, in_mid_line: bool = False) -> None:
        """Close all watches of a kind, if wanted after half a line."""
        self._loop.call_soon_threadsafe(self._cut_all, plural, in_mid_line)

    async def _open(self) -> None:
        context = ssl.create_default_context(cafile=str(self._authority))
        context.check_hostname = False
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=0),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
        )
        application = web.Application(client_max_size=LARGEST_BODY_BYTES)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"

    async def _close(self) -> None:
        for task in list(self._streams):
            task.cancel()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        made_up = self._take_answer(request)
        if made_up is not None:
            return web.json_response(
                made_up.body(), status=made_up.status, headers=dict(made_up.headers)
            )
        if request.query.get("watch") in ("1", "true"):
            return await self._pass_watch(request)
        aside = self._take_aside(request, await request.read())
        if aside is not None and not aside.answered:
            aside.action()
        call = self._count(request)
        kill = self._take_kill(call, await request.read())
        if kill is not None and kill.point is Point.BEFORE_SENDING:
            return self._die(request, kill)
        try:
            status, headers, body = await self._forward(request)
        except aiohttp.ClientError:
            return self._drop(request)
        self._note(call, status)
        if kill is not None and kill.point is Point.BEFORE_REPLY:
            return self._die(request, kill)
        response = web.Response(status=status, headers=headers, body=body)
        after_reply = kill.action if kill else aside.action if aside and aside.answered else None
        if after_reply is not None:
            await response.prepare(request)
            await response.write_eof()
            after_reply()
        return response

    async def _forward(self, request: web.Request) -> tuple[int, dict[str, str], bytes]:
        session = self._require_session()
        async with session.request(
            request.method,
            self._server + request.path_qs,
            headers=_passed(request.headers),
            data=await request.read() or None,
            skip_auto_headers=("Accept", "Content-Type", "User-Agent"),
        ) as reply:
            return reply.status, _passed(reply.headers), await reply.read()

    async def _pass_watch(self, request: web.Request) -> web.StreamResponse:
        plural = request.path.rsplit("/", 1)[-1]
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a handler runs outside a task")
        self._streams[task] = plural
        response = web.StreamResponse()
        try:
            async with self._require_session().get(
                self._server + request.path_qs, headers=_passed(request.headers)
            ) as reply:
                response.set_status(reply.status)
                response.headers.update(_passed(reply.headers))
                await response.prepare(request)
                async for chunk in reply.content.iter_any():
                    await self._pass_chunk(response, plural, chunk)
        except aiohttp.ClientError:
            return self._drop(request)
        except asyncio.CancelledError:
            if task in self._cut:
                await response.write(b'{"type":"MODIFIED","object":{"kind":"P')
            self._drop(request)
            raise
        finally:
            self._streams.pop(task, None)
            self._cut.discard(task)
        return response

    async def _pass_chunk(self, response: web.StreamResponse, plural: str, chunk: bytes) -> None:
        while plural in self._held:
            await asyncio.sleep(0.05)
        await response.write(chunk)

    def _cut_all(self, plural: str, in_mid_line: bool) -> None:
        for task, watched in list(self._streams.items()):
            if watched == plural:
                if in_mid_line:
                    self._cut.add(task)
                task.cancel()

    def _count(self, request: web.Request) -> Call | None:
        if request.method not in MUTATING:
            return None
        if "dryRun" in request.query:
            return Call(0, request.method, request.path)
        with self._lock:
            call = Call(len(self.calls) + 1, request.method, request.path)
            self.calls.append(call)
        return call

    def _note(self, call: Call | None, status: int) -> None:
        with self._lock:
            if call is not None and call in self.calls:
                self.calls[self.calls.index(call)] = replace(call, status=status)

    def _take_kill(self, call: Call | None, body: bytes) -> Death | None:
        with self._lock:
            for kill in self._kills:
                point = None if call is None else kill.choose(call, body)
                if point is not None:
                    self._kills.remove(kill)
                    return Death(point, kill.action)
        return None

    def _take_aside(self, request: web.Request, body: bytes) -> Aside | None:
        with self._lock:
            for aside in self._asides:
                if aside.matches(request.method, request.path_qs, body):
                    self._asides.remove(aside)
                    return aside
        return None

    def _take_answer(self, request: web.Request) -> Answer | None:
        with self._lock:
            for index, answer in enumerate(self._answers):
                if answer.matches(request.method, request.path_qs):
                    left = replace(answer, times=answer.times - 1)
                    self._answers[index : index + 1] = [left] if left.times else []
                    return answer
        return None

    def _die(self, request: web.Request, kill: Death) -> web.StreamResponse:
        kill.action()
        return self._drop(request)

    def _drop(self, request: web.Request) -> web.StreamResponse:
        """Close the connection without a word."""
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _require_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the proxy has not been started")
        return self._session


def _passed(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in HOP_HEADERS}
