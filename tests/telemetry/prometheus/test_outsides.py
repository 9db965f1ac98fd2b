"""An end that no label names in the cluster is the place that its address, CIDR or name says."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.cluster.snapshots import Service
from shorthaul.telemetry.prometheus.ends import Names, Nobody
from shorthaul.telemetry.prometheus.outsides import Outsides, host_of, outsides_of
from shorthaul.telemetry.prometheus.profiles import End
from shorthaul.traffic import anchors
from shorthaul.traffic.addresses.parties import WORLD, Unknown, read_address
from shorthaul.traffic.addresses.ranges import Ranges, prefix
from shorthaul.traffic.anchors import Anchor, ranges_of
from shorthaul.units import Namespace, Tier
from telemetry.prometheus.metric_shapes import DB_POD, DIRECTORY, WEB
from worlds import builders

PLACES = ranges_of(
    (
        Anchor("warehouse", ("198.51.100.0/24", "10.9.0.0/16", "2a00:7::/48"), Tier.ZONE),
        Anchor("shelf", ("10.9.8.0/24",), Tier.RACK),
        Anchor("internet", ("0.0.0.0/0",), Tier.BEYOND),
    )
)
OUTSIDES = Outsides(PLACES, [read_address("10.9.0.7")])
NAMES = Names(DIRECTORY, ("unknown",), OUTSIDES)
POD = End(namespace="ns", pod="pod", outside=("ip", "cidr"))
WORKLOAD = End(namespace="ns", name="name", kind="kind", outside=("subnet",))


def named(name):
    return anchors.vertex(name)


@pytest.mark.parametrize(
    ("labels", "place"),
    [
        ({"ip": "10.9.0.8"}, "warehouse"),
        ({"ip": "10.9.8.1:443"}, "shelf"),
        ({"ip": "[2a00:7::1]:443"}, "warehouse"),
        ({"ip": "8.8.8.8"}, "internet"),
        ({"ip": "unknown", "cidr": "10.9.128.0/17"}, "warehouse"),
        ({"pod": "unknown", "ip": "10.9.0.8"}, "warehouse"),
        ({"cidr": "10.9.8.0/25"}, "shelf"),
        ({"cidr": "2a00:7::/64"}, "warehouse"),
        ({"cidr": "warehouse"}, "warehouse"),
    ],
)
def test_an_end_is_the_place_that_it_tells_of(labels, place):
    assert NAMES.of(POD, labels) == named(place)


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"ip": "10.9.0.7"},  # the cluster's own
        {"ip": "10.42.0.9"},  # private, and in a public range only
        {"cidr": "10.9.0.0/16"},  # the cluster's own lies in it
        {"cidr": "10.0.0.0/8"},  # wider than the place
        {"cidr": "172.16.0.0/16"},  # private, and in a public range only
        {"cidr": "10.9.9.1/16"},  # no CIDR
        {"ip": "db.example.org"},
        {"pod": "ghost", "ip": "8.8.8.8"},  # some pod, of a namespace that no label tells
    ],
)
def test_an_end_that_tells_of_no_place_stays_nobody(labels):
    assert isinstance(NAMES.of(POD, labels), Nobody)


def test_who_is_in_the_cluster_is_no_place_whatever_the_address():
    labels = {"ns": "shop", "name": "web", "kind": "Deployment", "subnet": "warehouse"}

    assert NAMES.of(WORKLOAD, labels) == WEB
    assert NAMES.of(WORKLOAD, {"subnet": "warehouse"}) == named("warehouse")
    assert isinstance(NAMES.of(WORKLOAD, {"name": "node-1", "subnet": "warehouse"}), Nobody)


def test_an_address_is_a_pods_before_it_is_a_places():
    end = End(address="to")

    assert NAMES.of(end, {"to": "10.0.0.2:5432"}) == DB_POD
    assert NAMES.of(end, {"to": "198.51.100.9:5432"}) == named("warehouse")
    assert isinstance(NAMES.of(end, {"to": "10.42.0.9:5432"}), Nobody)


def test_without_places_nobody_outside_has_a_name():
    assert isinstance(Names(DIRECTORY, ()).of(POD, {"ip": "198.51.100.9"}), Nobody)


def test_addresses_of_pods_nodes_and_services_are_no_places():
    snapshot = builders.cluster(
        builders.node("n1", addresses=("10.9.1.1",)),
        builders.pod("shop/web-1", on="n1", addresses=("10.9.2.2",)),
        Service(Namespace("shop"), "db", addresses=("10.9.3.3",)),
    )
    found = outsides_of(PLACES, snapshot)

    own = [found.of(each) for each in ("10.9.1.1", "10.9.2.2", "10.9.3.3", "10.9.2.0/24")]
    assert own == [None] * 4
    assert found.of("10.9.4.4") == named("warehouse")


BITS = st.integers(0, 63)
WIDTHS = st.integers(24, 30)


def network(bits, width):
    """One of few networks, so that they often lie in each other; public ones and private ones."""
    public = ipaddress.IPv4Address("9.9.9.0") if bits < 32 else ipaddress.IPv4Address("10.9.9.0")
    return ipaddress.ip_network((int(public) + bits * 8, width), strict=False)


@settings(deadline=None)
@given(st.lists(st.builds(network, BITS, WIDTHS), unique=True, max_size=6), BITS, WIDTHS)
def test_a_cidr_stands_for_what_all_of_its_addresses_stand_for(networks, bits, width):
    asked = network(bits, width)
    ranges = Ranges(
        ranges_of(Anchor(f"at-{n}", (str(one),), Tier.ZONE) for n, one in enumerate(networks))
    )
    inside = [one for one in networks if one.subnet_of(asked) and one != asked]

    answer = ranges.of_range(*prefix(str(asked)))

    if inside:
        assert answer is Unknown.AMBIGUOUS
    else:
        assert {ranges.of(read_address(str(each))) for each in asked} == {answer}


def test_a_cidr_of_one_family_is_in_no_range_of_the_other():
    six = Ranges(ranges_of([Anchor("six", ("::/0",), Tier.ZONE)]))
    four = Ranges(ranges_of([Anchor("four", ("8.0.0.0/8",), Tier.ZONE)]))

    assert six.of_range(*prefix("8.8.8.0/24")) == WORLD
    assert four.of_range(*prefix("::/0")) == WORLD


@pytest.mark.parametrize(
    ("address", "host"),
    [("[fd00::1]:80", "fd00::1"), ("fd00::1", "fd00::1"), ("[fd00::1]", "fd00::1"), ("a:1", "a")],
)
def test_hosts_of_addresses(address, host):
    assert host_of(address) == host
