"""Whether two ends tell the same does not depend on which of them is first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.traffic.end_sums import EndSums

SIZES = st.integers(0, 1 << 60)
SUMS = st.builds(EndSums, SIZES, SIZES)


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [(100, 95, True), (100, 94, False), (0, 0, True), (0, 1, False), (95, 100, True)],
)
def test_both_ends_agree_within_the_tolerance_of_the_larger(one, other, agree):
    assert EndSums(one, other).agree is agree


@given(SUMS)
def test_agreement_is_the_same_from_either_end(sums):
    assert sums.turned.agree is sums.agree
    assert sums.turned.turned == sums


@given(st.lists(SUMS), st.randoms(use_true_random=False))
def test_sums_add_up_exactly_in_any_order(all_sums, chance):
    found = []
    for each in (all_sums, chance.sample(all_sums, len(all_sums))):
        whole = EndSums(0, 0)
        for sums in each:
            whole = whole.plus(sums)
        found.append(whole)

    assert found[0] == found[1] == tuple(map(sum, zip((0, 0), *all_sums, strict=True)))
