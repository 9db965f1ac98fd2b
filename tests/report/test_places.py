"""A way is told with the tier in which its two ends differ."""

from report.plan_examples import distances
from shorthaul.report import places
from shorthaul.topology.distances import DEFAULT_LABELS, DEFAULT_SCALE, measure
from shorthaul.units import NodeName, Tier


def test_a_way_between_zones_names_the_zones():
    world = distances(n3="zone-a", n5="zone-b")

    assert places.route(NodeName("n3"), NodeName("n5"), world) == "n3 (zone-a) → n5 (zone-b)"


def test_a_way_within_a_zone_names_the_racks():
    labels = DEFAULT_LABELS
    world = measure(
        {
            NodeName(name): {
                labels[Tier.RACK]: rack,
                labels[Tier.ZONE]: "z",
                labels[Tier.REGION]: "r",
            }
            for name, rack in {"n1": "r1", "n2": "r2"}.items()
        },
        DEFAULT_SCALE,
    )

    assert places.route(NodeName("n1"), NodeName("n2"), world) == "n1 (r1) → n2 (r2)"


def test_nodes_without_labels_are_told_by_name_alone():
    world = measure({NodeName("n1"): {}, NodeName("n2"): {}}, DEFAULT_SCALE)

    assert places.route(NodeName("n1"), NodeName("n2"), world) == "n1 → n2"


def test_a_map_is_drawn_of_the_largest_groups_that_tell_nodes_apart():
    assert places.grouping_tier(distances(n1="zone-a", n2="zone-b")) is Tier.ZONE
    assert places.grouping_tier(distances(n1="zone-a", n2="zone-a")) is Tier.HOST
