"""Evictions as the API server's audit log has them, which no one can talk it out of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tally:
    """Requests for evictions: granted, refused by a budget, refused otherwise, and dry runs."""

    granted: int
    over_budget: int
    refused: int
    dry_runs: int
    by_user: tuple[tuple[str, int], ...]
    repeated: tuple[str, ...]


def count(events: Iterable[dict[str, Any]]) -> Tally:
    """Return the tally; a pod (by uid) that was granted twice is named as repeated."""
    real = [event for event in events if not _is_dry_run(event)]
    dry_runs = sum(1 for event in events if _is_dry_run(event))
    codes = Counter(_code(event) for event in real)
    granted = [event for event in real if _code(event) < 300]
    users = Counter(event["user"]["username"] for event in granted)
    pods = Counter(_pod(event) for event in granted)
    return Tally(
        granted=len(granted),
        over_budget=codes[429],
        refused=sum(number for code, number in codes.items() if code >= 300 and code != 429),
        dry_runs=dry_runs,
        by_user=tuple(sorted(users.items())),
        repeated=tuple(sorted(pod for pod, number in pods.items() if number > 1)),
    )


def _is_dry_run(event: dict[str, Any]) -> bool:
    options = (event.get("requestObject") or {}).get("deleteOptions") or {}
    return "dryRun=All" in event.get("requestURI", "") or bool(options.get("dryRun"))


def _code(event: dict[str, Any]) -> int:
    return int(event.get("responseStatus", {}).get("code", 0))


def _pod(event: dict[str, Any]) -> str:
    reference = event["objectRef"]
    options = (event.get("requestObject") or {}).get("deleteOptions") or {}
    uid = (options.get("preconditions") or {}).get("uid") or "without uid"
    return f"{reference['namespace']}/{reference['name']} ({uid})"
