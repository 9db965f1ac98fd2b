"""What is evicted is told by the pods that are gone, and what is installed is the chart's own."""

from realshop import deschedulings


def pod(uid, **metadata):
    return {"metadata": {"uid": uid, **metadata}}


def test_a_pod_that_goes_is_one_eviction_however_often_it_is_seen_going():
    found = deschedulings.Replacements()

    found.look([pod("a"), pod("b")], 10.0)
    found.look([pod("a", deletionTimestamp="now"), pod("b"), pod("c")], 20.0)
    found.look([pod("a", deletionTimestamp="now"), pod("b"), pod("c")], 30.0)
    found.look([pod("b"), pod("c")], 40.0)

    assert found.gone == {"a"}
    assert (found.first, found.last) == (20.0, 20.0)


def test_pods_that_stay_are_no_eviction():
    found = deschedulings.Replacements()

    found.look([pod("a")], 10.0)
    found.look([pod("a"), pod("b")], 20.0)

    assert not found.gone
    assert found.last is None
