"""One connection pool to the API server, for raw requests and for streams.

Bodies are bytes both ways: who asks also decodes, with only the fields that it needs. Nothing is
retried here, except once after a 401, because only the caller knows whether repeating is safe;
the client library's own callers retry every 429, which an eviction must not (a budget's "no" is
an answer).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from shorthaul.kube.credentials import Credentials, Origin
from shorthaul.kube.failures import Unauthorized, Unavailable, from_reply

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
LARGEST_LINE_BYTES = 16 * 1024 * 1024
CLIENT_ERROR = 400

Parameters = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How long to wait and how many connections to hold; watches take one each."""

    user_agent: str = "shorthaul"
    request_seconds: float = 30.0
    connect_seconds: float = 10.0
    connections: int = 100


class Connection:
    """A session with the API server; use it as an asynchronous context manager."""

    def __init__(
        self, origin: Origin | None = None, settings: ConnectionSettings | None = None
    ) -> None:
        """Store where to connect to and how; nothing is opened yet."""
        self._credentials = Credentials(origin or Origin())
        self._settings = settings or ConnectionSettings()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Reads the credentials and opens the pool."""
        await self._credentials.load()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._settings.connections, ssl=self._credentials.tls
            ),
            headers={"User-Agent": self._settings.user_agent, "Accept": JSON},
            read_bufsize=LARGEST_LINE_BYTES // 16,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def server(self) -> str:
        """The address of the API server."""
        return self._credentials.server

    async def get(self, path: str, parameters: Parameters | None = None) -> bytes:
        """The body of an object or a list."""
        return await self._request("GET", path, parameters)

    async def post(self, path: str, body: Any, parameters: Parameters | None = None) -> bytes:
        """Creates an object and returns what was made."""
        return await self._request("POST", path, parameters, body)

    async def put(self, path: str, body: Any) -> bytes:
        """Replaces an object, guarded by the resourceVersion in it, and returns the new one."""
        return await self._request("PUT", path, None, body)

    async def patch(self, path: str, body: Any, parameters: Parameters | None = None) -> bytes:
        """Merges fields into an object and returns the new one."""
        return await self._request("PATCH", path, parameters, body, MERGE_PATCH)

    async def delete(self, path: str, body: Any = None) -> bytes:
        """Deletes an object; `body` holds preconditions."""
        return await self._request("DELETE", path, None, body)

    @asynccontextmanager
    async def stream(
        self, path: str, parameters: Parameters, *, silence_seconds: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Lines of a long reply; Unavailable when no byte comes for `silence_seconds`."""
        timeout = aiohttp.ClientTimeout(
            total=None,
            sock_connect=self._settings.connect_seconds,
            sock_read=silence_seconds,
        )
        try:
            async with self._open("GET", path, parameters, timeout=timeout) as response:
                if response.status >= CLIENT_ERROR:
                    raise from_reply(response.status, await response.read(), response.headers)
                yield _lines(response)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _unavailable("GET", path, error) from error

    async def _request(
        self,
        method: str,
        path: str,
        parameters: Parameters | None,
        body: Any = None,
        content_type: str = JSON,
    ) -> bytes:
        data = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": content_type} if data is not None else {}
        try:
            return await self._once(method, path, parameters, data=data, headers=headers)
        except Unauthorized:
            headers |= await self._credentials.headers(renew=True)
            return await self._once(method, path, parameters, data=data, headers=headers)

    async def _once(
        self, method: str, path: str, parameters: Parameters | None, **rest: Any
    ) -> bytes:
        timeout = aiohttp.ClientTimeout(
            total=self._settings.request_seconds, sock_connect=self._settings.connect_seconds
        )
        try:
            async with self._open(method, path, parameters, timeout=timeout, **rest) as response:
                body = await response.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _unavailable(method, path, error) from error
        if response.status >= CLIENT_ERROR:
            raise from_reply(response.status, body, response.headers)
        return body

    @asynccontextmanager
    async def _open(
        self, method: str, path: str, parameters: Parameters | None, **rest: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            raise Unavailable(f"{method} {path}: the connection is not open")
        headers = {**await self._credentials.headers(), **rest.pop("headers", {})}
        async with self._session.request(
            method,
            self.server + path,
            params=dict(parameters or {}),
            headers=headers,
            proxy=self._credentials.proxy,
            server_hostname=self._credentials.server_name,
            allow_redirects=False,
            **rest,
        ) as response:
            yield response


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Splits a stream into lines; what follows the last line end is a cut-off rest and dropped."""
    parts: list[bytes] = []
    held = 0
    async for chunk in response.content.iter_any():
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            yield b"".join([*parts, line])
            parts, held = [], 0
        if rest:
            parts.append(rest)
            held += len(rest)
        if held > LARGEST_LINE_BYTES:
            raise Unavailable(f"a line is over {LARGEST_LINE_BYTES} bytes; reading anew")


def _unavailable(method: str, path: str, error: BaseException) -> Unavailable:
    return Unavailable(f"{method} {path}: {str(error) or type(error).__name__}")
