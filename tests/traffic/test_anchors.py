"""Named places outside: the narrowest range counts, and what makes no sense is one clear line."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.errors import BadInput
from shorthaul.traffic import anchors, joins
from shorthaul.traffic.addresses.parties import WORLD, Kind, Party, Unknown, read_address
from shorthaul.traffic.addresses.ranges import Ranges
from shorthaul.traffic.anchors import Anchor, ranges_of
from shorthaul.traffic.attribution import OUTSIDE, build_graph
from shorthaul.traffic.identities import Directory
from shorthaul.traffic.observations import AnchorSum, DeclaredEdge, Observations
from shorthaul.units import Tier, Unit
from worlds.builders import reference, workload_reference

WEB = workload_reference("web")
OFFICE, ARCHIVE = anchors.vertex("office"), anchors.vertex("archive")


def named(answer):
    return answer.name if isinstance(answer, Party) and answer.kind is Kind.ANCHOR else answer


def look_up(text, **cidrs):
    found = ranges_of(Anchor(name, each, Tier.ZONE) for name, each in cidrs.items())
    return named(Ranges(found).of(read_address(text)))


def network(version, number, width):
    """A network in few bits, so that several of them often lie around one address."""
    kind, bits = (ipaddress.IPv4Network, 32) if version == 4 else (ipaddress.IPv6Network, 128)
    base = 0x08000000 if version == 4 else 0x2A00 << 112
    return kind(((base | number << bits - 16) >> bits - width << bits - width, width))


NETWORKS = st.one_of(
    st.builds(network, st.just(4), st.integers(0, 255), st.integers(0, 32)),
    st.builds(network, st.just(6), st.integers(0, 255), st.integers(0, 128)),
)


def spelled(each, mapped):
    if mapped and each.version == 4:
        return f"::ffff:{each.network_address}/{each.prefixlen + 96}"
    return str(each)


@settings(deadline=None)
@given(
    st.lists(NETWORKS, unique=True, max_size=8),
    st.sampled_from([4, 6]),
    st.integers(0, 255),
    st.booleans(),
)
def test_the_longest_prefix_of_the_same_family_names_an_address(networks, version, number, mapped):
    bits = 32 if version == 4 else 128
    address = network(version, number, bits).network_address
    around = [
        (each.prefixlen, f"at-{place}")
        for place, each in enumerate(networks)
        if each.version == version and address in each
    ]
    expected = max(around)[1] if around else WORLD

    answer = look_up(
        f"::ffff:{address}" if mapped and version == 4 else str(address),
        **{f"at-{place}": (spelled(each, mapped),) for place, each in enumerate(networks)},
    )

    assert answer == expected


def test_a_default_route_of_one_family_takes_nothing_of_the_other():
    assert look_up("8.8.8.8", six=("::/0",)) == WORLD
    assert look_up("2a00::1", four=("0.0.0.0/0",)) == WORLD
    assert look_up("8.8.8.8", four=("0.0.0.0/0",), six=("::/0",)) == "four"
    assert look_up("2a00::1", four=("0.0.0.0/0",), six=("::/0",)) == "six"


def test_one_address_is_a_range_too_and_the_private_ones_beside_it_stay_nobodys():
    assert look_up("10.9.0.1", db=("10.9.0.1",)) == "db"
    assert look_up("10.9.0.2", db=("10.9.0.1",)) is Unknown.UNLISTED


def test_a_range_of_public_addresses_takes_no_private_one_with_it():
    assert look_up("10.42.0.9", internet=("0.0.0.0/0",)) is Unknown.UNLISTED
    assert look_up("fd00::9", internet=("::/0",)) is Unknown.UNLISTED
    assert look_up("100.64.0.9", internet=("0.0.0.0/0",)) is Unknown.UNLISTED
    assert look_up("10.42.0.9", internet=("0.0.0.0/0",), office=("10.0.0.0/8",)) == "office"
    assert look_up("10.42.0.9", office=("::ffff:10.0.0.0/104",)) == "office"
    assert look_up("100.64.0.9", carrier=("100.64.0.0/10",)) == "carrier"


@pytest.mark.parametrize(
    ("cidrs", "message"),
    [
        ({"a": ("10.0.0.0/8",), "b": ("10.0.0.0/8",)}, "stands for anchor a and for anchor b"),
        ({"a": ("10.0.0.0/8",), "b": ("::ffff:10.0.0.0/104",)}, "stands for anchor a and for"),
        ({"a": ("10.0.0.0/8", "::ffff:a00:0/104")}, "anchor a: ::ffff:a00:0/104 is the same range"),
        ({"a": ("2001:db8::/32", "2001:0db8:0::/32")}, "is the same range as 2001:db8::/32"),
        ({"a": ("169.254.20.10",)}, "stands for dns dns and for anchor a"),
        ({"a": ("10.1.0.1/16",)}, "anchor a: range '10.1.0.1/16' is none .*has host bits set"),
        ({"a": ("10.0.0.0/33",)}, "'10.0.0.0/33' is none"),
        ({"a": ("10.0.0.0/08",)}, "'10.0.0.0/08' is none"),
        ({"a": ("10.0.0.0/-1",)}, "'10.0.0.0/-1' is none"),
        ({"a": ("10.0.0.0/255.0.0.0",)}, "'10.0.0.0/255.0.0.0' is none"),
        ({"a": ("10.0.0.0/",)}, "'10.0.0.0/' is none"),
        ({"a": ("010.0.0.0/8",)}, "'010.0.0.0/8' is none"),
        ({"a": ("fe80::1%eth0/128",)}, "'fe80::1%eth0/128' is none"),
        ({"a": ("",)}, "range '' is none"),
        ({"a": ("db\nexample.org",)}, r"range 'db\\nexample.org' is none"),
        ({"a": ("1" * 500,)}, "range '1{60}' is none"),
    ],
)
def test_cidrs_that_make_no_sense_are_one_clear_line(cidrs, message):
    with pytest.raises(BadInput, match=message) as error:
        look_up("8.8.8.8", **cidrs)

    assert len(str(error.value)) < 250
    assert "\n" not in str(error.value)


def test_a_name_that_is_there_twice_is_refused():
    twice = [Anchor("db", (cidr,), Tier.ZONE) for cidr in ("10.0.0.0/8", "11.0.0.0/8")]

    with pytest.raises(BadInput, match="anchor db is there twice; give it once"):
        ranges_of(twice)


def test_traffic_with_a_place_is_beside_the_edges_that_plans_are_made_with():
    pod = reference("web-0")
    told = Observations(
        Unit.FLOWS,
        anchored=(AnchorSum(pod, OFFICE, 4, 6),),
        declared=(DeclaredEdge(ARCHIVE, WEB, 3.0, "edges.csv:2"),),
    )

    graph = build_graph(told)

    assert graph.edges == ()
    assert [(each.client, each.server, each.forward, each.backward) for each in graph.anchored] == [
        (ARCHIVE, WEB, 3.0, 0.0),
        (pod_owner(pod), OFFICE, 4.0, 6.0),
    ]


def pod_owner(pod):
    """Without a cluster a pod whose name tells no owner is its own workload."""
    return workload_reference(pod.name, kind="Pod")


def test_traffic_between_two_places_is_left_and_told():
    told = Observations(Unit.BYTES, declared=(DeclaredEdge(ARCHIVE, OFFICE, 3.0, "edges.csv:2"),))

    graph = build_graph(told, Directory({}))

    assert (graph.edges, graph.anchored) == ((), ())
    assert [(left.reason, left.example) for left in graph.leftovers] == [
        (OUTSIDE, "edges.csv:2: archive → office")
    ]


def test_bytes_with_a_place_need_no_verdict_of_hubbles():
    row = DeclaredEdge(WEB, OFFICE, 3.0, "edges.csv:2")
    weights = Observations(Unit.BYTES, declared=(row,), counted_lines=1, lines=1)

    joined = joins.join(weights, Observations(Unit.FLOWS), None)

    assert (joined.declared, joined.leftovers) == ((row,), ())
