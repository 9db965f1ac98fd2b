"""Asks the API server to evict a pod, or whether it would, and gives its answer as a value.

The only way in which Shorthaul ever ends a pod. Both preconditions are always sent: with a
resourceVersion the server tries once and does not repeat conflicts by itself. It spends the
budget's allowance before it looks at the preconditions, so a conflict may cost one disruption
until the budget is synced again; who calls reads just before, and repeats a conflict at most once.
"""

from dataclasses import dataclass
from typing import Any

from shorthaul.kube.connections import Connection, Parameters
from shorthaul.kube.endpoints import PODS
from shorthaul.kube.failures import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RequestFailed,
    TooManyRequests,
    Unauthorized,
)
from shorthaul.units import PodRef, Uid

SERVER_FAULT = 500
SEVERAL_BUDGETS = "more than one PodDisruptionBudget"


@dataclass(frozen=True, slots=True)
class Evicted:
    """The server has accepted it."""


@dataclass(frozen=True, slots=True)
class BlockedByBudget:
    """A disruption budget says no for now."""

    message: str
    retry_after_seconds: float


@dataclass(frozen=True, slots=True)
class Changed:
    """The pod is not the one, or not in the state, that the preconditions name."""

    message: str


@dataclass(frozen=True, slots=True)
class PodGone:
    """There is no pod of that name."""


@dataclass(frozen=True, slots=True)
class Overloaded:
    """The server asks to wait, for reasons of load."""

    retry_after_seconds: float


@dataclass(frozen=True, slots=True)
class Denied:
    """A right is missing, or admission refuses, and repeating will not help."""

    message: str


@dataclass(frozen=True, slots=True)
class SeveralBudgets:
    """More than one budget selects the pod, which the Eviction API does not support."""

    message: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """No answer: it may or may not have happened, and only reading the pod can tell."""

    message: str


Answer = (
    Evicted | BlockedByBudget | Changed | PodGone | Overloaded | Denied | SeveralBudgets | InDoubt
)


@dataclass(frozen=True, slots=True)
class Victim:
    """One state of one pod; `cause` is kept with the request for whoever asks who did it."""

    pod: PodRef
    uid: Uid
    resource_version: str
    cause: str = ""


async def rehearse(connection: Connection, victim: Victim) -> Answer:
    """What the server would answer, budgets included; nothing is evicted and no budget spent."""
    return await _ask(connection, victim, {"dryRun": "All"})


async def evict(connection: Connection, victim: Victim) -> Answer:
    """Evicts the pod if it still is in the named state."""
    return await _ask(connection, victim, {})


async def _ask(connection: Connection, victim: Victim, parameters: Parameters) -> Answer:
    path = PODS.path(victim.pod.namespace, victim.pod.name, "eviction")
    try:
        await connection.post(path, _body(victim), parameters)
    except RequestFailed as failure:
        return _as_answer(failure)
    return Evicted()


def _body(victim: Victim) -> dict[str, Any]:
    annotations = {"shorthaul.dev/cause": victim.cause} if victim.cause else {}
    return {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {
            "name": victim.pod.name,
            "namespace": victim.pod.namespace,
            "annotations": annotations,
        },
        "deleteOptions": {
            "preconditions": {"uid": victim.uid, "resourceVersion": victim.resource_version}
        },
    }


def _as_answer(failure: RequestFailed) -> Answer:
    match failure:
        case TooManyRequests(by_budget=True):
            return BlockedByBudget(failure.message, failure.retry_after_seconds)
        case TooManyRequests():
            return Overloaded(failure.retry_after_seconds)
        case Conflict():
            return Changed(failure.message)
        case NotFound():
            return PodGone()
        case Forbidden() | Invalid() | Unauthorized():
            return Denied(failure.message)
    if failure.status == SERVER_FAULT and SEVERAL_BUDGETS in failure.message:
        return SeveralBudgets(failure.message)
    return InDoubt(failure.message)
