"""What a request to the API server may fail with, as a handful of named errors.

Every other module of `kube` and `act` decides by these classes and never by a status number. An
`Unavailable` says nothing about whether a write happened: the request or only its reply may have
been lost, so who sent a write must read again. `Invalid` is our own mistake and is never retried.
"""

import re
from collections.abc import Mapping

import msgspec

BUDGET_CAUSE = "DisruptionBudget"
DEFAULT_RETRY_SECONDS = 1.0

_FORBIDDEN = re.compile(
    r'cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)")?'
)


class RequestFailed(Exception):
    """A request that the API server did not carry out as asked."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        """Store the server's own words and its status number, 0 when there was none."""
        super().__init__(message)
        self.message = message
        self.status = status


class Unavailable(RequestFailed):
    """No usable answer: a lost connection, a timeout or a fault of the server (5xx)."""


class Gone(RequestFailed):
    """The asked resource version is older than what the server keeps (410)."""


class Conflict(RequestFailed):
    """The object is not what the request assumed (409)."""


class NotFound(RequestFailed):
    """The object, its namespace or its whole kind does not exist (404)."""


class Unauthorized(RequestFailed):
    """The server does not know who we are (401)."""


class Forbidden(RequestFailed):
    """A right is missing, or admission said no (403)."""

    @property
    def missing_right(self) -> str:
        """The right that RBAC misses, as "list pods (core) in every namespace"; "" for others."""
        found = _FORBIDDEN.search(self.message)
        if found is None:
            return ""
        scope = found["namespace"]
        where = f"in namespace {scope}" if scope else "in every namespace"
        return f"{found['verb']} {found['resource']} ({found['group'] or 'core'}) {where}"


class TooManyRequests(RequestFailed):
    """Asked to wait (429): by a disruption budget when `by_budget`, else because of load."""

    def __init__(self, message: str, *, by_budget: bool, retry_after_seconds: float) -> None:
        """Store whose answer it is and how long to wait."""
        super().__init__(message, status=429)
        self.by_budget = by_budget
        self.retry_after_seconds = retry_after_seconds


class Invalid(RequestFailed):
    """The server refuses the content of the request (400, 405, 413, 415, 422)."""


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct, rename="camel"):
    causes: list[_Cause] = []
    retry_after_seconds: int = 0


class _Status(msgspec.Struct):
    message: str = ""
    reason: str = ""
    code: int = 0
    details: _Details | None = None


_STATUS = msgspec.json.Decoder(_Status)
_CLASSES: Mapping[int, type[RequestFailed]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: Invalid,
    409: Conflict,
    410: Gone,
    413: Invalid,
    415: Invalid,
    422: Invalid,
}


def from_reply(status: int, body: bytes, headers: Mapping[str, str]) -> RequestFailed:
    """Returns the error that a reply with a status of 400 or more stands for."""
    told = _read_status(body)
    message = told.message or body[:200].decode(errors="replace") or f"status {status}"
    if status == 429:
        return TooManyRequests(
            _with_causes(message, told),
            by_budget=any(cause.reason == BUDGET_CAUSE for cause in _causes(told)),
            retry_after_seconds=_retry_after(told, headers),
        )
    return _CLASSES.get(status, Unavailable)(message, status=status)


def _read_status(body: bytes) -> _Status:
    try:
        return _STATUS.decode(body)
    except msgspec.MsgspecError:
        return _Status()


def _causes(told: _Status) -> list[_Cause]:
    return told.details.causes if told.details else []


def _with_causes(message: str, told: _Status) -> str:
    return " ".join([message, *(cause.message for cause in _causes(told) if cause.message)])


def _retry_after(told: _Status, headers: Mapping[str, str]) -> float:
    header = headers.get("Retry-After", "")
    if header.isdigit():
        return float(header)
    if told.details and told.details.retry_after_seconds > 0:
        return float(told.details.retry_after_seconds)
    return DEFAULT_RETRY_SECONDS
