"""What a map says of its sources: what they hear, lose and know last, as far as they can know."""

import pytest

from shorthaul.act.source_states import state_of
from shorthaul.telemetry.sources import Coverage, SourceHealth
from shorthaul.traffic.graphs import SourceState

NOW = 1_000.0


@pytest.mark.parametrize(
    ("health", "coverage", "expected"),
    [
        (SourceHealth(), None, SourceState()),
        (SourceHealth(), Coverage(), SourceState()),
        (
            SourceHealth(lines=75, lost_events=25, newest_nanoseconds=990 * 10**9),
            Coverage(frozenset("abcd"), frozenset("abx")),
            SourceState(0.5, 0.25, 990.0),
        ),
        (
            SourceHealth(lines=1, newest_nanoseconds=2_000 * 10**9),
            Coverage(frozenset("a")),
            SourceState(0.0, 0.0, NOW),
        ),
    ],
)
def test_a_source_is_told_as_far_as_it_can_know(health, coverage, expected):
    assert state_of(health, coverage, NOW) == expected
