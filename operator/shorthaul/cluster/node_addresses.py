"""Which node an address is on: the node's own, or that of a running pod of its own network.

A finished pod has lost its address, and a pod on its node's network has the node's.
"""

from collections.abc import Mapping

from shorthaul.cluster.snapshots import Snapshot
from shorthaul.units import NodeName


def nodes_by_address(snapshot: Snapshot) -> Mapping[str, NodeName]:
    """The node of each address; what two nodes claim is nobody's."""
    found: dict[str, NodeName | None] = {}
    claims = [(each, node.name) for node in snapshot.nodes.values() for each in node.addresses]
    claims += [
        (address, pod.node)
        for pod in snapshot.pods.values()
        if pod.node is not None and pod.active and not pod.host_network
        for address in pod.addresses
    ]
    for address, node in claims:
        found[address] = node if found.get(address, node) == node else None
    return {address: node for address, node in found.items() if node is not None}
