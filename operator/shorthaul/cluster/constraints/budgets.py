"""A pod is moved only when its PodDisruptionBudget is known to allow it.

The API server answers an eviction under two budgets with an error, so such pods stay. What a budget
allows is what its status says; where a file has no status it is computed from the pods as the
disruption controller does it (percentages are rounded up), and otherwise the answer is no. A pod
that is not ready is let go beside its budget under the rules of unhealthyPodEvictionPolicy.
"""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Budget, Pod
from shorthaul.cluster.worlds import World


def veto(pod: Pod, world: World, rules: Rules, now_seconds: float) -> Reason | None:
    """Whether a pod's budgets forbid its eviction now."""
    found = budgets_of(pod, world)
    if not found:
        return None
    if len(found) > 1:
        names = ", ".join(f"{one.namespace}/{one.name}" for one in found)
        return Reason(
            "SeveralBudgets",
            f"pod {pod.ref} is under {len(found)} budgets ({names}), which eviction refuses",
        )
    budget = found[0]
    name = f"budget {budget.namespace}/{budget.name}"
    if budget.stale:
        return Reason("BudgetStale", f"{name} has not been computed anew since it was changed")
    if not pod.ready and _lets_unhealthy_go(budget):
        return None
    allowed = disruptions_allowed(budget, world)
    if allowed is None:
        return Reason("BudgetUnknown", f"{name} does not tell how many disruptions it allows")
    if allowed < 1:
        return Reason("BudgetSpent", f"{name} allows {allowed} disruptions, pod {pod.ref} needs 1")
    return None


def budgets_of(pod: Pod, world: World) -> tuple[Budget, ...]:
    """The budgets that count a pod; a null selector counts none."""
    return tuple(
        budget
        for budget in world.budgets_in(pod.ref.namespace)
        if budget.selector is not None and budget.selector.matches(pod.labels)
    )


def disruptions_allowed(budget: Budget, world: World) -> int | None:
    """How many pods may go now; computed only where there is no status at all."""
    if budget.disruptions_allowed is not None or budget.current_healthy is not None:
        return budget.disruptions_allowed
    pods = [world.pod(ref) for ref in world.matching(budget.namespace, budget.selector)]
    healthy = sum(1 for pod in pods if pod.ready and not pod.terminating)
    least = _desired(budget, pods, world)
    return None if least is None else max(0, healthy - least)


def _lets_unhealthy_go(budget: Budget) -> bool:
    if budget.always_allow_unhealthy:
        return True
    healthy, desired = budget.current_healthy, budget.desired_healthy
    return healthy is not None and desired is not None and healthy >= desired > 0


def _desired(budget: Budget, pods: list[Pod], world: World) -> int | None:
    """How many must stay healthy; percentages and maxUnavailable are of the wanted replicas."""
    workloads = {pod.workload: world.workload_of(pod).replicas for pod in pods}
    expected = sum(workloads.values())
    if budget.max_unavailable is not None:
        bound = scaled(budget.max_unavailable, expected)
        return None if bound is None else max(0, expected - bound)
    if budget.min_available is not None:
        return scaled(budget.min_available, expected)
    return None


def scaled(bound: str, total: int) -> int | None:
    """A bound as a number of pods: 30% of 7 is 3, rounded up; None for what is no bound."""
    number = bound.removesuffix("%")
    if not (number.isascii() and number.isdigit()):
        return None
    return -(-int(number) * total // 100) if bound.endswith("%") else int(number)
