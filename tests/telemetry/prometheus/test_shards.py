"""Values are packed so that each is asked for once and no query is larger than it may be."""

import re

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.telemetry.prometheus.shards import LONGEST_CONDITION, pack

SIZES = st.dictionaries(
    st.text(alphabet="ab.|*\\^$()[]{}+?-", max_size=6), st.integers(1, 30), max_size=40
)


@given(SIZES, st.integers(0, 25))
def test_every_value_is_in_one_query_or_told_to_be_too_large(sizes, most_rows):
    conditions, large = pack(sizes, "label", most_rows)

    assert set(large) == {value for value, size in sizes.items() if size > most_rows}
    matched = [_matched(condition, sizes) for condition in conditions]
    assert sorted([*large, *(value for values in matched for value in values)]) == sorted(sizes)
    assert all(sum(sizes[value] for value in values) <= most_rows for values in matched)


def test_a_condition_is_no_longer_than_an_address_can_be():
    sizes = {f"namespace-with-a-long-name-{number}": 1 for number in range(1_000)}

    conditions, _ = pack(sizes, "label", 10_000)

    assert len(conditions) > 1
    assert max(len(condition.value) for condition in conditions) <= LONGEST_CONDITION


def _matched(condition, sizes):
    if condition.match == "=":
        return [value for value in sizes if value == condition.value]
    return [value for value in sizes if re.fullmatch(condition.value, value)]
