"""What was metered becomes a volume and entries, and no byte is lost or told twice on the way."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.traffic.addresses import ranges
from shorthaul.traffic.billed_volumes import Stretch, entries_of, together, volume_of
from shorthaul.traffic.entries import UNATTRIBUTED, Entry
from shorthaul.traffic.metering import meter
from shorthaul.traffic.passages import counts_of
from shorthaul.traffic.volumes import Sent
from shorthaul.units import Namespace, Tier, WorkloadRef
from traffic.addresses.tellers import ADDRESS, OTHER, PEER
from traffic.test_metering import CART, NOBODY, NODE, VIRTUAL, WEB, WORLD, ground, passage

STRETCH = Stretch(60, 60)
RESOLVER = "Anchor", "resolver"
ENDS = st.sampled_from([ADDRESS, OTHER, PEER, NODE, VIRTUAL, WORLD, NOBODY])
PASSAGES = st.lists(
    st.builds(
        passage,
        ENDS,
        ENDS,
        st.integers(0, 1 << 40),
        st.sampled_from([(40_000, 80), (80, 40_000), (40_001, 80)]),
    ),
    max_size=30,
)


def entries(found):
    return tuple(entries_of(found, ground(), 7, lambda one, other: Tier.ZONE))


def test_both_ways_of_an_edge_are_told_apart_with_their_pods():
    found = meter(
        [passage(ADDRESS, OTHER, 100), passage(OTHER, ADDRESS, 900, (80, 40_000))], ground()
    )

    volume = volume_of([found], ground(), STRETCH)

    assert volume.edges == {(WEB, CART): Sent(100, 900, 4)}
    assert [(pair[0].name, pair[1].name) for pair in volume.pairs] == [("web-1", "cart-1")]
    assert set(volume.owners.values()) == {WEB, CART}
    assert entries(found) == (
        Entry(7, CART, WEB, None, 900, 2),
        Entry(7, WEB, CART, None, 100, 2),
    )


def test_what_sampling_makes_bytes_differ_by_goes_with_them():
    one, other = passage(ADDRESS, OTHER, 100), passage(OTHER, ADDRESS, 900, (80, 40_000))
    drawn = [
        each._replace(transfer=each.transfer._replace(variance=by))
        for each, by in ((one, 70), (other, 5))
    ]

    volume = volume_of([meter(drawn, ground())], ground(), STRETCH)

    assert [sent.variance for sent in volume.edges.values()] == [75]
    assert together(volume, volume).edges[WEB, CART].variance == 150


def test_what_never_moves_has_accounts_of_its_own_and_nobody_one_for_all():
    found = meter(
        [passage(ADDRESS, NODE, 1), passage(WORLD, ADDRESS, 2), passage(ADDRESS, NOBODY, 4)],
        ground(),
    )

    node = WorkloadRef(Namespace(""), "Node", "n1")
    world = WorkloadRef(Namespace(""), "World", "world")
    assert set(entries(found)) == {
        Entry(7, WEB, node, Tier.HOST, 1, 2),
        Entry(7, world, WEB, None, 2, 2),
        Entry(7, UNATTRIBUTED, UNATTRIBUTED, None, 4, 2),
    }
    assert volume_of([found], ground(), STRETCH).edges == {}


def test_a_named_place_outside_has_edges_and_its_tier():
    around = ground()
    around.book.place(ranges.Ranges([ranges.anchor("resolver", "8.8.8.0/24", Tier.REGION)]))
    found = meter(
        [
            passage(ADDRESS, WORLD, 1),
            passage(WORLD, ADDRESS, 2, (80, 40_000)),
            passage(WORLD, NODE, 4),
            passage(WORLD, WORLD, 8),
        ],
        around,
    )

    volume = volume_of([found], around, STRETCH)

    place, node = (WorkloadRef(Namespace(""), *names) for names in (RESOLVER, ("Node", "n1")))
    assert volume.edges == {(WEB, place): Sent(1, 2, 4)}
    assert (volume.pairs, volume.owners) == ({}, {})
    assert volume.left_bytes == 12
    assert set(entries_of(found, around, 7, lambda one, other: Tier.ZONE)) == {
        Entry(7, WEB, place, Tier.REGION, 1, 2),
        Entry(7, place, WEB, Tier.REGION, 2, 2),
        Entry(7, place, node, Tier.REGION, 4, 2),
        Entry(7, place, place, None, 8, 2),
    }


@settings(deadline=None)
@given(PASSAGES, PASSAGES)
def test_every_byte_that_counts_is_on_an_edge_or_left_by_a_reason(one, other):
    parts = [meter(passages, ground()) for passages in (one, other)]
    came = sum(counts_of(each).bytes for each in (*one, *other))

    volume = volume_of(parts, ground(), STRETCH)
    apart = [volume_of([part], ground(), STRETCH) for part in parts]

    again = sum(part.again.bytes for part in parts)
    assert volume.billed_bytes + volume.left_bytes == came - again
    assert together(*apart) == volume
    assert sum(entry.bytes for part in parts for entry in entries(part)) == came - again
