"""Which node an address is on."""

from shorthaul.cluster.node_addresses import nodes_by_address
from worlds import builders


def test_addresses_of_nodes_and_of_running_pods_tell_the_node():
    nodes = [builders.node(name, addresses=(f"10.0.0.{name[1]}",)) for name in ("n1", "n2")]
    pods = [
        builders.pod("shop/a-1", "n1", addresses=("10.1.0.1", "fd00::1")),
        builders.pod("shop/b-1", "n2", addresses=("10.0.0.2",), host_network=True),
        builders.pod("shop/c-1", "n2", addresses=("10.1.0.3",), phase="Succeeded"),
        builders.pod("shop/d-1", addresses=("10.1.0.4",)),
    ]

    assert nodes_by_address(builders.cluster(nodes, pods)) == {
        "10.0.0.1": "n1",
        "10.0.0.2": "n2",
        "10.1.0.1": "n1",
        "fd00::1": "n1",
    }


def test_an_address_that_two_nodes_claim_is_nobodys():
    pods = [builders.pod(f"shop/a-{i}", f"n{i}", addresses=("10.1.0.1",)) for i in (1, 2)]

    assert nodes_by_address(builders.cluster(builders.nodes(2), pods)) == {}
