"""The set of reports that were read before."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.telemetry.repeats import Repeats

keys = st.tuples(st.text(max_size=3), st.sampled_from(["n1", "n2"]), st.integers(0, 3))


@settings(deadline=None)
@given(st.lists(keys, max_size=60))
def test_it_says_what_a_plain_set_says(some):
    repeats, seen = Repeats(), set()

    for key in some:
        assert repeats.seen(key) is (key in seen)
        seen.add(key)


def test_it_grows_and_forgets_nothing():
    repeats = Repeats()
    some = [("u", "n1", i) for i in range(20_000)]

    assert not any(repeats.seen(key) for key in some)
    assert all(repeats.seen(key) for key in some)


def test_at_its_limit_it_says_so_and_still_knows_what_it_knew():
    repeats = Repeats(limit=10)
    some = [("u", "n1", i) for i in range(11)]

    assert [repeats.seen(key) for key in some] == [False] * 11
    assert repeats.full
    assert [repeats.seen(key) for key in some] == [True] * 10 + [False]
