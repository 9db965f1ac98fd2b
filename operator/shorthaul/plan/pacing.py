"""Which pending moves may start now: budgets, cool-downs, waves and windows, decided as a value.

The executor never chooses; it carries out what is admitted here. Budgets are the smallest of what
the cluster, the policy and the workload allow. Source of the ideas: Karpenter disruption budgets
(most restrictive wins) and Koordinator arbitration (by workload, then cluster).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shorthaul.api.policies import PolicyRef
from shorthaul.cluster.reasons import Reason
from shorthaul.units import WorkloadRef

HOUR_SECONDS = 3600.0


class Stage(StrEnum):
    """How far a move is, as far as pacing cares."""

    PENDING = "Pending"
    RUNNING = "Running"
    ENDED = "Ended"


@dataclass(frozen=True, slots=True)
class Entry:
    """One move of a plan as pacing sees it; `name` identifies its PodMove."""

    name: str
    plan: str
    policy: PolicyRef
    workload: WorkloadRef
    wave: int
    gain: float
    stage: Stage


@dataclass(frozen=True, slots=True)
class Start:
    """That a move of a workload was started, and when; kept so that restarts keep the budgets."""

    policy: PolicyRef
    workload: WorkloadRef
    seconds: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one policy allows now; `closed` is the reason why nothing may start, if any."""

    concurrent: int
    per_hour: int
    cool_down_seconds: float
    closed: Reason | None = None


@dataclass(frozen=True, slots=True)
class Pacing:
    """What may start now, and why the other pending moves wait (by name)."""

    admitted: tuple[Entry, ...]
    waiting: tuple[tuple[str, Reason], ...]


def admit(
    entries: Sequence[Entry],
    starts: Sequence[Start],
    allowances: dict[PolicyRef, Allowance],
    *,
    cluster_concurrent: int,
    now_seconds: float,
) -> Pacing:
    """Admits pending moves of the earliest open wave of each plan, largest gain first."""
    running = [entry for entry in entries if entry.stage is Stage.RUNNING]
    history = list(starts)
    admitted: list[Entry] = []
    waiting: list[tuple[str, Reason]] = []
    for entry in sorted(_pending(entries), key=_order):
        allowance = allowances.get(entry.policy)
        reason = (
            Reason("PolicyGone", f"policy {entry.policy} is no longer there")
            if allowance is None
            else _closed(entry, entries, allowance)
            or _busy(entry, running, allowance, cluster_concurrent)
            or _spent(entry, history, allowance, now_seconds)
        )
        if reason is not None:
            waiting.append((entry.name, reason))
            continue
        admitted.append(entry)
        running.append(entry)
        history.append(Start(entry.policy, entry.workload, now_seconds))
    return Pacing(tuple(admitted), tuple(waiting))


def cooling(
    starts: Sequence[Start], policy: PolicyRef, cool_down_seconds: float, now_seconds: float
) -> frozenset[WorkloadRef]:
    """The workloads that a policy may not move again yet."""
    return frozenset(
        start.workload
        for start in starts
        if start.policy == policy and now_seconds - start.seconds < cool_down_seconds
    )


def _pending(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.stage is Stage.PENDING]


def _order(entry: Entry) -> tuple[int, float, str]:
    return (entry.wave, -entry.gain, entry.name)


def _closed(entry: Entry, entries: Sequence[Entry], allowance: Allowance) -> Reason | None:
    if allowance.closed is not None:
        return allowance.closed
    earlier = [
        other
        for other in entries
        if other.plan == entry.plan and other.wave < entry.wave and other.stage is not Stage.ENDED
    ]
    if earlier:
        return Reason(
            "EarlierWave",
            f"wave {entry.wave} waits for {len(earlier)} moves of wave {earlier[0].wave}",
        )
    return None


def _busy(
    entry: Entry, running: Sequence[Entry], allowance: Allowance, cluster_concurrent: int
) -> Reason | None:
    if any(other.workload == entry.workload for other in running):
        return Reason(
            "WorkloadInFlight", f"a pod of {entry.workload} is being moved, 1 at a time is allowed"
        )
    mine = sum(other.policy == entry.policy for other in running)
    if mine >= allowance.concurrent:
        return Reason(
            "PolicyConcurrency",
            f"policy {entry.policy} has {mine} of {allowance.concurrent} moves in flight",
        )
    if len(running) >= cluster_concurrent:
        return Reason(
            "ClusterConcurrency",
            f"the cluster has {len(running)} of {cluster_concurrent} moves in flight",
        )
    return None


def _spent(
    entry: Entry, history: Sequence[Start], allowance: Allowance, now_seconds: float
) -> Reason | None:
    last_hour = [
        start
        for start in history
        if start.policy == entry.policy and now_seconds - start.seconds < HOUR_SECONDS
    ]
    if len(last_hour) >= allowance.per_hour:
        free = min(start.seconds for start in last_hour) + HOUR_SECONDS - now_seconds
        return Reason(
            "HourlyBudget",
            f"policy {entry.policy} has made {len(last_hour)} of {allowance.per_hour} moves in "
            f"this hour; the next is free in {free:.0f} s",
        )
    return None
