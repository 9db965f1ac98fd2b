"""Flows added up in columns beside flows added up one by one, also where windows are full."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic import pair_counts
from shorthaul.traffic.flows import Flow
from shorthaul.traffic.pair_counts import PairCounts
from shorthaul.units import NodeName, PodRef
from traffic import plain_pairs
from traffic.pair_draws import flows
from traffic.test_flow_tables import table


@given(st.lists(st.tuples(st.booleans(), st.lists(flows, max_size=9))), st.integers(1, 6))
def test_pairs_are_summed_as_if_one_by_one(parts, limit):
    lines = Counter()
    counts, came = PairCounts(limit, lines), []
    for tabled, each in parts:
        came += each
        small = table(each)
        if tabled and small.addable:
            counts.count(small.patterns, small.numbers, small.events)
        else:
            for flow in each:
                counts.add(flow)

    found = list(counts.sums())

    assert (found, counts.surplus_events) == plain_pairs.counted(came, limit)
    assert lines == Counter(flow.observer for flow in came)


def test_more_flows_than_wait_at_once_are_all_counted():
    pods = [PodRef("a", f"p-{number}") for number in range(300)]
    counts = PairCounts(50_000, Counter())
    number = 2 * pair_counts.WAITING
    for each in range(number):
        pair = pods[each % 300], pods[each // 300 % 300]
        counts.add(Flow(*pair, False, 1, 0, NodeName("n1")))

    found = counts.sums()

    assert len(found) == 50_000
    assert int(found.events.sum()) + counts.surplus_events == number
