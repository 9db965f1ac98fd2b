"""What one plan of the running operator is about: a group of policies, and all that it asks for.

Policies of one objective and mode are planned together; every pod of other workloads is fixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shorthaul.api import latencies, policies
from shorthaul.api.policies import Group, Policy
from shorthaul.cluster.routings import RoutedEdge, route
from shorthaul.cluster.rules import Rules
from shorthaul.plan import consents, promises, standings
from shorthaul.plan.requests import KNEE, Request
from shorthaul.plan.views import Terms, Traffic, View
from shorthaul.solve.pricings import Pricing
from shorthaul.traffic.graphs import TrafficGraph
from shorthaul.units import Unit, WorkloadRef


@dataclass(frozen=True, slots=True)
class Scope:
    """One group and all that it is planned from."""

    group: Group
    members: tuple[Policy, ...]
    everyone: tuple[Policy, ...]
    view: View
    traffic: Traffic
    terms: Terms

    @property
    def acting(self) -> tuple[Policy, ...]:
        """The members that are not in conflict."""
        return tuple(one for one in self.members if self.view.conflict(one.ref) is None)

    @property
    def workloads(self) -> frozenset[WorkloadRef]:
        """The workloads that the plan is about."""
        known = self.view.governance.workloads
        return frozenset().union(*(known.get(one.ref, frozenset()) for one in self.acting))


def priced(scope: Scope, unit: Unit) -> Pricing:
    """What traffic costs for the group's objective; raises BadInput where that is unknown."""
    view = scope.view
    return promises.pricing(scope.group.objective, unit, view.distances, view.topology)


def rules_of(scope: Scope) -> Rules:
    """What the policies ask of any placement; workloads that were just moved rest."""
    view = scope.view
    acting = {policy.ref for policy in scope.acting}
    rules = policies.rules(
        scope.everyone, view.governance, acting, scope.terms.protected_namespaces
    )
    resting = {
        workload: reason
        for policy in view.policies
        for workload, reason in standings.resting(policy, view).items()
    }
    rested = {
        workload: replace(its, resting=its.resting or resting.get(workload))
        for workload, its in rules.workloads.items()
    }
    return replace(rules, workloads=rested)


def edges_of(graph: TrafficGraph, scope: Scope, rules: Rules) -> tuple[RoutedEdge, ...]:
    """The traffic that has an end in the group and may attract, routed as Services have it."""
    snapshot, workloads = scope.view.snapshot, scope.workloads
    routed = consents.consented(route(graph, snapshot, None), snapshot, rules)
    return tuple(
        edge
        for edge in routed
        if snapshot.workload_of(edge.client) in workloads
        or snapshot.workload_of(edge.server) in workloads
    )


def request_for(scope: Scope, edges: tuple[RoutedEdge, ...], rules: Rules, unit: Unit) -> Request:
    """What is to be planned, but for the solver and its clock."""
    view = scope.view
    return Request(
        parking=False,
        snapshot=view.snapshot,
        edges=edges,
        unit=unit,
        distances=view.distances,
        rules=rules,
        objective=scope.group.objective,
        prices=promises.prices(scope.group.objective, view.distances, view.topology),
        targets=latencies.targets(scope.acting, view.governance.workloads),
        max_moves=_most_moves(scope.acting),
        move_price=move_price(scope.acting),
        seed=scope.terms.seed,
        now_seconds=view.seconds,
    )


def _most_moves(acting: Sequence[Policy]) -> int | str:
    given = [policy.spec.target.max_moves for policy in acting]
    numbers = [limit for limit in given if isinstance(limit, int)]
    return min(numbers) if numbers else KNEE


def move_price(acting: Sequence[Policy]) -> float | None:
    """What a move has to gain per second to have paid for itself within the horizon.

    The dearest of those that name a cost; None where none does.
    """
    worths = [policy.spec.worth for policy in acting]
    prices = [
        one.move_cost / (one.horizon_hours * 3600) for one in worths if one.move_cost is not None
    ]
    return max(prices, default=None)


def hard_limit(request: Request) -> int | None:
    """The most moves if that is a number."""
    return request.max_moves if isinstance(request.max_moves, int) else None
