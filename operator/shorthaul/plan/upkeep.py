"""Hints that have lost their reason: their workload is gone, or no policy may move it any more.

While a namespace has hints every pod made there is looked at, so none stays longer than needed.
"""

from collections.abc import Iterable

from shorthaul.api.affinitypolicies import Mode
from shorthaul.plan.commands import SetHint
from shorthaul.plan.views import View, ref_of
from shorthaul.units import Namespace, WorkloadRef


def stale_hints(view: View, probe_namespace: Namespace) -> Iterable[SetHint]:
    """Takes away the hints of workloads that no acting policy is for."""
    acting = {ref_of(policy) for policy in view.policies if policy.spec.mode is not Mode.OBSERVE}
    for hint in view.hints:
        namespace = Namespace(hint.metadata.namespace)
        if namespace == probe_namespace:
            continue
        for key in sorted(hint.spec.workloads):
            kind, _, name = key.partition(".")
            workload = WorkloadRef(namespace, kind, name)
            if not acting.intersection(view.governance.policies_of(workload)):
                yield SetHint(workload, (), "")


def plan_hint_nodes(view: View, plan: str, workload: WorkloadRef) -> frozenset[str]:
    """The nodes that a workload's pods share once a plan is carried out."""
    moving = {
        (move.spec.pod.uid): move.spec.target
        for move in view.moves
        if move.spec.plan == plan and move.metadata.namespace == workload.namespace
    }
    pods = [
        pod
        for pod in view.snapshot.pods.values()
        if pod.workload == workload and pod.active and not pod.terminating and pod.node
    ]
    return frozenset(moving.get(pod.uid, str(pod.node)) for pod in pods)
