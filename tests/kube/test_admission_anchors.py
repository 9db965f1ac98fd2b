"""Which ranges of named places outside the API server takes, as far as a rule can tell ranges."""

import pytest

from shorthaul.errors import BadInput
from shorthaul.traffic.addresses import ranges
from testbed import connections

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

TAKEN = [
    "10.1.0.0/16",
    "0.0.0.0/0",
    "8.8.8.8/32",
    "8.8.8.8",
    "::/0",
    "2001:db8::/32",
    "2001:DB8::1",
    "2001:0db8:0000:0000:0000:0000:192.168.255.254/128",
]
NONE = [
    "....",
    "::::",
    "12:00",
    "999.1.1.1/33",
    "10.1.0.0/33",
    "2001:db8::/129",
    "10.1.0.0/016",
    "010.1.0.0/16",
    "10.1/16",
    "8.8.8.8/24",
    "2001:db8::1/32",
]
MAPPED = ["::ffff:10.1.0.0/112", "::ffff:10.1.2.3", "::ffff:a01:0/112"]


def send(release, *anchors):
    body = {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "Topology",
        "metadata": {"name": "default"},
        "spec": {"anchors": anchors},
    }
    target = "/apis/shorthaul.dev/v1alpha1/topologies"
    query = {"dryRun": "All", "fieldValidation": "Strict"}
    return release.administrator.endpoint.send("POST", target, body, query=query)


def place(*cidrs, name="billing-db"):
    return {"name": name, "cidrs": cidrs, "tier": "region"}


@pytest.mark.parametrize("cidr", TAKEN)
def test_a_range_is_taken_and_can_be_read(release, cidr):
    made = send(release, place(cidr))

    assert made["spec"]["anchors"][0]["cidrs"] == [cidr]
    assert ranges.prefix(cidr)


@pytest.mark.parametrize("cidr", NONE)
def test_what_is_no_range_is_refused_as_it_is_in_files(release, cidr):
    with pytest.raises(BadInput):
        ranges.prefix(cidr)
    with pytest.raises(connections.ApiError) as refusal:
        send(release, place("10.2.0.0/16", cidr))

    assert refusal.value.status == 422
    assert "spec.anchors[0].cidrs[1]" in str(refusal.value)
    assert "a CIDR without bits of a host, such as 10.1.0.0/16" in str(refusal.value)


@pytest.mark.parametrize("cidr", MAPPED)
def test_ipv4_that_is_written_as_ipv6_is_refused_though_files_may_have_it(release, cidr):
    assert ranges.prefix(cidr)
    with pytest.raises(connections.ApiError) as refusal:
        send(release, place(cidr))

    assert "IPv4 without ::ffff:" in str(refusal.value)


def test_as_many_ranges_of_as_many_places_as_may_be_are_checked(release):
    """The rule's cost is bounded by what the lists may hold, here at run time."""
    whole = [
        place(*(f"2001:db8:{n:x}:{m:x}:0:0:192.168.0.1/128" for m in range(256)), name=f"place-{n}")
        for n in range(256)
    ]

    made = send(release, *whole)

    assert sum(len(each["cidrs"]) for each in made["spec"]["anchors"]) == 256 * 256
