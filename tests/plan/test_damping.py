"""A plan is acted upon only when its gain is large and holds in every recent window."""

from shorthaul.plan.damping import Damping, Sample, objection

DAMPING = Damping(least_gain_share=0.05, least_gain=10, persistence_windows=3)
GOOD, SMALL = Sample(1000, 800), Sample(1000, 980)


def test_a_large_gain_that_holds_in_every_window_is_acted_upon():
    assert objection([GOOD, GOOD, GOOD], GOOD, DAMPING) is None


def test_a_gain_in_too_few_windows_waits():
    assert objection([GOOD, GOOD], GOOD, DAMPING).code == "NotYetPersistent"


def test_a_gain_that_one_recent_window_does_not_show_is_noise():
    found = objection([GOOD, SMALL, GOOD], GOOD, DAMPING)

    assert found.code == "GainDoesNotPersist"
    assert "2 of the last 3" in found.message


def test_only_the_last_windows_count():
    assert objection([SMALL, GOOD, GOOD, GOOD], GOOD, DAMPING) is None


def test_a_gain_under_the_share_or_the_absolute_least_is_too_small():
    assert objection([GOOD] * 3, SMALL, DAMPING).code == "GainTooSmall"
    assert objection([GOOD] * 3, Sample(20, 15), DAMPING).code == "GainTooSmall"
    assert objection([GOOD] * 3, Sample(0, 0), DAMPING).code == "GainTooSmall"
