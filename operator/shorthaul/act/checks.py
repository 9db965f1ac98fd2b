"""Asks the reference checker about one move on the cluster as it is now, just before its eviction.

The same referee as for whole plans; what has changed since the plan was written is found here. It
also gives the executor the hint that belongs to a move.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from shorthaul.act.hindrances import UNKNOWN
from shorthaul.act.moves import ROOM_CLEARING, Order
from shorthaul.act.writers import as_hint
from shorthaul.api import policies
from shorthaul.api.placementhints import WorkloadHint
from shorthaul.cluster import checkers
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.kube.failures import Unavailable
from shorthaul.plan import hints, standings, upkeep
from shorthaul.plan.views import View, ref_of
from shorthaul.units import Namespace, NodeName


@dataclass(frozen=True, slots=True)
class Checker:
    """Where the present view comes from, and the namespaces that are never touched."""

    view: Callable[[], View | Reason]
    protected: frozenset[Namespace]

    async def check(self, order: Order) -> Reason | None:
        """Why a move may not be made now; raises Unavailable while nothing can be told."""
        view = self.view()
        if isinstance(view, Reason):
            raise Unavailable(view.message)
        if view.hindrance is not None and view.hindrance.code in UNKNOWN:
            raise Unavailable(view.hindrance.message)
        if view.hindrance is not None:
            return view.hindrance
        if (closed := _closed(order, view)) is not None:
            return closed
        if order.pod not in view.snapshot.pods or order.target not in view.snapshot.nodes:
            return Reason("NotThereAnyMore", f"pod {order.pod} or node {order.target} is gone")
        known = tuple(policies.read(policy) for policy in view.policies)
        acting = {policy.ref for policy in known}
        rules = policies.rules(known, view.governance, acting, self.protected)

        def refused(snapshot: Snapshot) -> Reason | None:
            wave = [(order.pod, order.target)]
            verdicts = checkers.check_moves(snapshot, [wave], rules, view.seconds)
            return verdicts[0][1] if verdicts else None

        found = refused(view.snapshot)
        return found and (_clearing(order, view.snapshot, found, refused) or found)

    def hint_for(self, order: Order) -> WorkloadHint | None:
        """Where the move's replacement should land, None when that cannot be told now."""
        view = self.view()
        if isinstance(view, Reason) or order.target not in view.distances.groups:
            return None
        nodes = upkeep.plan_hint_nodes(view, order.plan, order.workload)
        known = {NodeName(name) for name in nodes} & set(view.distances.groups)
        found = hints.terms(known, view.distances, target=order.target, hostnames=view.hostnames)
        return as_hint(found, order.plan)


def _clearing(
    order: Order,
    snapshot: Snapshot,
    found: Reason,
    refused: Callable[[Snapshot], Reason | None],
) -> Reason | None:
    """What a move waits for, if only pods that are ending on its target stand against it.

    The earlier waves of a plan make room for later ones, but a pod that drains keeps its own until
    it is gone, long after its replacement is ready.
    """
    ending = {
        ref
        for ref, pod in snapshot.pods.items()
        if pod.node == order.target and pod.terminating and pod.active
    }
    if not ending:
        return None
    rest = {ref: pod for ref, pod in snapshot.pods.items() if ref not in ending}
    if refused(replace(snapshot, pods=rest)) is not None:
        return None
    more = f" and {len(ending) - 1} more" if len(ending) > 1 else ""
    text = f"{found.message}, until {min(ending)}{more}, ending there, is gone"
    return Reason(ROOM_CLEARING, text)


def _closed(order: Order, view: View) -> Reason | None:
    """Why the policies of a move's workload let nothing begin by now; a move may wait for long."""
    for policy in view.policies:
        if order.workload in view.governance.workloads.get(ref_of(policy), frozenset()):
            closed = standings.allowance(policy, view).closed
            if closed is not None:
                return closed
    return None
