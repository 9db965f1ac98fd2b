"""What can go wrong with one request, as values: where the client dies, or what it is told instead.

`call` counts mutating requests from 1; dry runs are not counted and have the number 0. A fault
happens once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Point(StrEnum):
    """Where in the life of a request something happens."""

    BEFORE_SENDING = "before the request is forwarded"
    BEFORE_REPLY = "after it was committed, before the reply"
    AFTER_REPLY = "after the reply"


@dataclass(frozen=True, slots=True)
class Call:
    """One mutating request that went through; `status` is 0 until it was answered."""

    number: int
    method: str
    path: str
    status: int = 0

    @property
    def is_dry_run(self) -> bool:
        """Whether it was asked for without being made."""
        return self.number == 0

    def __str__(self) -> str:
        return f"{self.number}: {self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Kill:
    """Calls `action` at a point of a call; unless after the reply, the reply is never sent.

    `choose` gets the call and its body, and says at which point, None to let the call pass.
    """

    choose: Callable[[Call, bytes], Point | None]
    action: Callable[[], None]


class Death(NamedTuple):
    """What a kill has come to for one call."""

    point: Point
    action: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Aside:
    """Calls `action` when a matching request comes, then lets it pass; `matches` gets its body too.

    Nothing else passes the proxy meanwhile.
    """

    matches: Callable[[str, str, bytes], bool]
    action: Callable[[], None]
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Answers a request in the server's place; `matches` gets method and path."""

    matches: Callable[[str, str], bool]
    status: int
    reason: str
    message: str = "made up by the fault proxy"
    causes: tuple[Mapping[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1

    def body(self) -> dict[str, Any]:
        """The Status object that a server would send."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": {"causes": [dict(cause) for cause in self.causes]},
            "code": self.status,
        }
