"""What tests of a watched copy need: objects to copy, patience, and a witness of the requests."""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from faultproxy.faults import Answer
from faultproxy.proxies import FaultProxy
from shorthaul.kube.lists import Key

PATIENCE_SECONDS = 180.0


def quota(name: str, pods: int = 1) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": name},
        "spec": {"hard": {"pods": str(pods)}},
    }


def budget(name: str) -> dict[str, object]:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": name}}},
    }


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Request:
    """One request for the watched kind, and what the copy held and was worth when it came."""

    parameters: Mapping[str, str]
    copied: frozenset[Key]
    synced: bool

    @property
    def is_watch(self) -> bool:
        return "watch" in self.parameters

    @property
    def version(self) -> int:
        """The resourceVersion that is asked for, 0 without one."""
        return int(self.parameters.get("resourceVersion", "0"))


@dataclass(eq=False)
class Witness:
    """Writes down each request for a kind that passes the proxy; while `shut`, no watch passes."""

    plural: str
    copy: Callable[[], tuple[frozenset[Key], bool]] = lambda: (frozenset(), False)
    shut: bool = False
    requests: list[Request] = field(default_factory=list)
    refused: list[Request] = field(default_factory=list)

    def stand_at(self, proxy: FaultProxy) -> None:
        """From now on; an answer is offered to each request, and so sees those it is not for."""
        proxy.answer(Answer(self._is_refused, 503, "ServiceUnavailable", times=1_000_000))

    @property
    def lists(self) -> list[Request]:
        return [request for request in self.requests if not request.is_watch]

    @property
    def watches(self) -> list[Request]:
        return [request for request in self.requests if request.is_watch]

    def _is_refused(self, method: str, path: str) -> bool:
        address, _, query = path.partition("?")
        if method != "GET" or not address.endswith(f"/{self.plural}"):
            return False
        request = Request(dict(urllib.parse.parse_qsl(query)), *self.copy())
        if request.is_watch and self.shut:
            self.refused.append(request)
            return True
        self.requests.append(request)
        return False
