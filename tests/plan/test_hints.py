"""A hint names nodes, then racks, then zones, and never more than four terms."""

from shorthaul.plan.hints import HOSTNAME, terms
from shorthaul.topology.distances import DEFAULT_LABELS, DEFAULT_SCALE, measure
from shorthaul.units import NodeName, Tier


def world(racks):
    return measure(
        {
            NodeName(name): {
                DEFAULT_LABELS[Tier.RACK]: rack,
                DEFAULT_LABELS[Tier.ZONE]: rack[0],
                DEFAULT_LABELS[Tier.REGION]: "r",
            }
            for name, rack in racks.items()
        },
        DEFAULT_SCALE,
    )


NODES = world({"n1": "a1", "n2": "a2", "n3": "b1"})


def test_a_gathered_workload_is_kept_on_its_nodes_then_racks_then_zones():
    found = terms([NodeName("n2"), NodeName("n1")], NODES)

    assert [(term.key.rsplit("/")[-1], term.values) for term in found] == [
        ("hostname", ("n1", "n2")),
        ("rack", ("a1", "a2")),
        ("zone", ("a",)),
    ]
    assert [term.weight for term in found] == sorted((t.weight for t in found), reverse=True)


def test_a_move_in_flight_puts_its_target_first_and_keeps_the_siblings():
    found = terms([NodeName("n1"), NodeName("n2")], NODES, target=NodeName("n3"))

    assert len(found) == 4
    assert (found[0].key, found[0].values) == (HOSTNAME, ("n3",))
    assert found[1].values == ("n1", "n2", "n3")
    assert found[0].weight > found[1].weight


def test_the_node_is_named_by_its_hostname_label():
    found = terms([NodeName("n1")], NODES, hostnames={NodeName("n1"): "host-1.example"})

    assert found[0].values == ("host-1.example",)


def test_a_topology_without_labels_hints_nodes_only():
    bare = measure({NodeName("n1"): {}}, DEFAULT_SCALE)

    assert [term.key for term in terms([NodeName("n1")], bare)] == [HOSTNAME]
