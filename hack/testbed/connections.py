"""One HTTP request to an API server and what can go wrong with it.

A connection is made for each request: tests kill API servers, and a kept connection would turn the
first request afterwards into a riddle.
"""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class ApiError(Exception):
    """The API server refused a request."""

    def __init__(self, request: str, status: int, reason: str, message: str) -> None:
        """Take what was asked, and the status that was answered."""
        super().__init__(f"{request}: {status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message


class Unreachable(Exception):
    """No answer came from the API server."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An API server and who we are to it; `authority` is PEM text, None for plain HTTP."""

    server: str
    token: str | None = None
    authority: str | None = None
    timeout_seconds: float = 30.0

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Any:
        """Send a request; return the decoded JSON of the answer, or its text."""
        target = f"{path}?{urllib.parse.urlencode(query)}" if query else path
        headers = {"Accept": "application/json", "Content-Type": content_type}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        content = None if body is None else json.dumps(body).encode()
        connection = self._connect()
        try:
            connection.request(method, target, content, headers)
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{method} {self.server}{target}: {error or type(error)}") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise _refusal(f"{method} {target}", response.status, text)
        return _decoded(text)

    def _connect(self) -> http.client.HTTPConnection:
        url = urllib.parse.urlsplit(self.server)
        host, port = url.hostname or "", url.port
        if url.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=self.timeout_seconds)
        context = ssl.create_default_context(cadata=self.authority)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the self-signed certificate is terse
        return http.client.HTTPSConnection(
            host, port, timeout=self.timeout_seconds, context=context
        )


def _refusal(request: str, status: int, text: str) -> ApiError:
    answer = _decoded(text)
    if not isinstance(answer, dict):
        return ApiError(request, status, http.client.responses.get(status, ""), text.strip())
    return ApiError(request, status, answer.get("reason", ""), answer.get("message", ""))


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
