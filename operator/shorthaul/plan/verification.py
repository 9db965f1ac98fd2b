"""Did the moves pay: measured distance per unit of traffic, before and after, against the promise.

Volumes go up and down by themselves, so what is compared is the mean distance that a unit of
traffic of the moved workloads travels, weighted with the traffic at the time of the promise. That
mean is a ratio of two sums over windows, and its error is the ratio estimator's (Cochran, Sampling
Techniques, 3rd ed. 1977, §2.11) with Student's t for few windows; connections that outlive a window
make neighbouring windows alike and the true error larger than the one told. A policy whose moves
keep under half of the promised gain in 3 of 5 plans pauses itself (DESIGN §4).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from shorthaul.cluster.reasons import Reason
from shorthaul.topology.distances import Distances
from shorthaul.traffic.graphs import PodEdge
from shorthaul.traffic.identities import PodIdentity
from shorthaul.traffic.rate_errors import STUDENT_T
from shorthaul.units import PodRef, Tier, WorkloadRef

LEAST_RATIO = 0.5
HISTORY = 5
FAILURES = 3


@dataclass(frozen=True, slots=True)
class Travel:
    """Observed traffic: its rate, and rate times distance.

    `error` is half the 95 % interval of `mean`; infinite where a single window says nothing of it.
    """

    rate: float
    cost: float
    windows: int = 1
    error: float = math.inf

    @property
    def mean(self) -> float:
        """The mean distance of a unit of traffic; 0 without traffic."""
        return self.cost / self.rate if self.rate > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Promise against measurement, both in the objective's unit; a ratio of 1 is a kept promise.

    `error` is half the 95 % interval of `measured`; `before` and `after` are the mean distance of a
    unit of traffic.
    """

    promised: float
    measured: float
    error: float = 0.0
    before: float = 0.0
    after: float = 0.0

    @property
    def ratio(self) -> float:
        """Measured over promised; 1 when nothing was promised."""
        return self.measured / self.promised if self.promised > 0 else 1.0

    @property
    def pays(self) -> bool:
        """Whether at least half of the promise came true."""
        return self.ratio >= LEAST_RATIO

    @property
    def sure(self) -> bool:
        """Whether more windows would hardly turn it: it is more than half the interval away."""
        return abs(self.measured - LEAST_RATIO * self.promised) > self.error / 2


def travel(
    edges: Iterable[PodEdge],
    pods: Mapping[PodRef, PodIdentity],
    distances: Distances,
    workloads: frozenset[WorkloadRef],
    prices: Mapping[Tier, float] | None = None,
) -> Travel:
    """Measures the observed traffic that has an end in one of the workloads; linear in edges.

    `prices` replaces the distance of each tier, for objectives that are not distance.
    """
    per_tier = distances.scale.distances if prices is None else prices
    rates: list[float] = []
    costs: list[float] = []
    for edge in edges:
        client, server = pods.get(edge.client), pods.get(edge.server)
        if client is None or server is None or client.node is None or server.node is None:
            continue
        if client.workload not in workloads and server.workload not in workloads:
            continue
        if client.node not in distances.groups or server.node not in distances.groups:
            continue
        rates.append(edge.rate)
        costs.append(edge.rate * per_tier[distances.tier(client.node, server.node)])
    return Travel(math.fsum(rates), math.fsum(costs))


def average(windows: Sequence[Travel]) -> Travel:
    """What several windows say together, with the error of their mean distance."""
    count = len(windows)
    whole = Travel(
        math.fsum(one.rate for one in windows) / max(count, 1),
        math.fsum(one.cost for one in windows) / max(count, 1),
        count,
    )
    if count < 2 or whole.rate <= 0:
        return whole
    squares = math.fsum((one.cost - whole.mean * one.rate) ** 2 for one in windows)
    deviation = math.sqrt(squares / (count * (count - 1))) / whole.rate
    return replace(whole, error=STUDENT_T[min(count - 1, len(STUDENT_T)) - 1] * deviation)


def judge(promised: float, before: Travel, after: Travel) -> Verdict:
    """Holds what was measured against the promise, at the volume of before."""
    return Verdict(
        promised,
        (before.mean - after.mean) * before.rate,
        math.hypot(before.error, after.error) * before.rate,
        before.mean,
        after.mean,
    )


def remember(history: Sequence[float], verdict: Verdict) -> tuple[float, ...]:
    """The ratios of the last plans with this one, oldest first."""
    return (*history, verdict.ratio)[-HISTORY:]


def objection(history: Sequence[float]) -> Reason | None:
    """Why a policy should pause itself, when its moves do not pay."""
    failed = [ratio for ratio in history[-HISTORY:] if ratio < LEAST_RATIO]
    if len(failed) < FAILURES:
        return None
    shown = ", ".join(f"{ratio:.0%}" for ratio in history[-HISTORY:])
    return Reason(
        "MovesDoNotPay",
        f"{len(failed)} of the last {len(history[-HISTORY:])} plans gave under "
        f"{LEAST_RATIO:.0%} of the promised gain ({shown}); paused until the spec changes or "
        "the annotation shorthaul.dev/resume is set",
    )
