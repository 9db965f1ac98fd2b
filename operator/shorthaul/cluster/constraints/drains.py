"""A node that an autoscaler or a cloud is about to take away is never a target.

Known by the taints that cluster-autoscaler, Karpenter and termination handlers set, whatever their
effect and whatever a pod tolerates: cluster-autoscaler marks candidates with a mere preference.
"""

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Node, Pod
from shorthaul.cluster.worlds import World

DRAIN_TAINTS = frozenset(
    {
        "ToBeDeletedByClusterAutoscaler",
        "DeletionCandidateOfClusterAutoscaler",
        "karpenter.sh/disrupted",
        "karpenter.sh/disruption",
        "karpenter.sh/unregistered",
        "node.kubernetes.io/out-of-service",
        "node.cloudprovider.kubernetes.io/shutdown",
        "aws-node-termination-handler/scheduled-maintenance",
        "aws-node-termination-handler/spot-itn",
        "aws-node-termination-handler/asg-lifecycle-termination",
        "aws-node-termination-handler/rebalance-recommendation",
        "cloud.google.com/impending-node-termination",
    }
)


def check(pod: Pod, node: Node, world: World) -> Reason | None:
    """Whether a node is here to stay."""
    for taint in node.taints:
        if taint.key in DRAIN_TAINTS:
            return Reason("NodeDraining", f"node {node.name} is being removed (taint {taint.key})")
    return None
