"""Greedy scoring as Diktyo and NetMARKS do it: along the call graph, each pod to its best node.

Our own version of their idea, from an empty cluster: services in the order of their heaviest edge,
one pod after the other, each where it keeps most traffic near what is placed already.
"""

import numpy as np

from benchmarks import repairs, views
from benchmarks.outcomes import Outcome, Task
from benchmarks.views import View
from shorthaul.solve.problems import Ints


def place(task: Task) -> Outcome:
    """All pods placed one by one."""
    view = views.view(task.problem)
    nowhere = np.full(int(view.sizes.sum()), repairs.NOWHERE)
    return Outcome(task.problem, (repairs.placed(view, nowhere, _order(view)),))


def _order(view: View) -> Ints:
    """Pods by the heaviest edge that their service has a part in; then those without any."""
    rows = np.repeat(np.arange(len(view.sizes)), np.diff(view.offsets))
    heaviest = np.argsort(-view.weights, kind="stable")
    ends = np.stack([rows[heaviest], view.others[heaviest]], axis=1).ravel()
    ends = np.concatenate([ends, np.arange(len(view.sizes))])
    _, first = np.unique(ends, return_index=True)
    rank = np.argsort(np.argsort(first))
    return np.argsort(rank[repairs.owners(view)], kind="stable")
