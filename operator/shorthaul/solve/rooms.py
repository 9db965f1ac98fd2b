"""Room on nodes: what each resource leaves for movable pods once the pods that stay are counted.

Volumes that a CSI driver must attach count as a resource of their own ("attach:<driver>"); a node
without a limit for it has room without end. A resource that a node does not have is 0 of it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set

import numpy as np

from shorthaul.cluster import storage
from shorthaul.cluster.snapshots import Node, Pod, Snapshot
from shorthaul.solve.problems import Ints
from shorthaul.units import NodeName, PodRef, ResourceName

ATTACH = "attach:"
UNLIMITED = 2**60


def resources(snapshot: Snapshot, movable: Iterable[PodRef]) -> tuple[str, ...]:
    """The names of all that a movable pod asks for."""
    found: set[str] = set()
    for ref in movable:
        asked = _asked(snapshot, snapshot.pods[ref])
        found |= {name for name, amount in asked.items() if amount > 0}
    return tuple(sorted(found))


def requests(snapshot: Snapshot, ref: PodRef, names: Sequence[str]) -> tuple[int, ...]:
    """What one pod asks of each resource."""
    asked = _asked(snapshot, snapshot.pods[ref])
    return tuple(asked.get(name, 0) for name in names)


def room(
    snapshot: Snapshot, names: Sequence[str], movable: Set[PodRef], nodes: Sequence[NodeName]
) -> Ints:
    """What the pods that stay leave of each resource on each node; may be negative."""
    index = {node: i for i, node in enumerate(nodes)}
    left = np.array(
        [[_limit(snapshot.nodes[node], name) for node in nodes] for name in names], dtype=np.int64
    ).reshape(len(names), len(nodes))
    for ref, pod in sorted(snapshot.pods.items()):
        if ref in movable or not pod.active or pod.node not in index:
            continue
        asked = _asked(snapshot, pod)
        left[:, index[pod.node]] -= np.array([asked.get(name, 0) for name in names], dtype=np.int64)
    return left


def _asked(snapshot: Snapshot, pod: Pod) -> Mapping[str, int]:
    drivers = (storage.driver_of(claim, snapshot) for claim in storage.all_claims(pod, snapshot))
    volumes = Counter(ATTACH + driver for driver in drivers if driver)
    return {**{str(name): amount for name, amount in pod.requests.amounts.items()}, **volumes}


def _limit(node: Node, name: str) -> int:
    if name.startswith(ATTACH):
        return node.attach_limits.get(name.removeprefix(ATTACH), UNLIMITED)
    return node.allocatable.get(ResourceName(name))
