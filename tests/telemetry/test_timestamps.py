"""RFC 3339 to nanoseconds, exactly, and None for whatever is no time of this century."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.telemetry.timestamps import nanoseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T01:31:24.517796459Z", 1_795_397_484_517_796_459),
        ("2026-11-23T01:31:24Z", 1_795_397_484_000_000_000),
        ("2026-11-23T01:31:24.5Z", 1_795_397_484_500_000_000),
        ("2026-11-23T03:31:24.5+02:00", 1_795_397_484_500_000_000),
        ("2000-01-01T00:00:00Z", 946_684_800_000_000_000),
    ],
)
def test_times_are_exact_to_the_nanosecond(text, expected):
    assert nanoseconds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "now",
        "0000-00-00T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "1999-12-31T23:59:59.999Z",
        "2100-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-13-01T00:00:00Z",
        "2026-11-23T25:00:00Z",
        "2026-11-23T01:31:24",
        "2026-11-23T01:31:24.Z",
        "2026-11-23T01:31:24,5Z",
        "2026-11-23T01:31:24.-5Z",
        "2026-11-23T01:31:24.٣Z",
        "2026-11-23T01:31:24.0000000000000000Z",
    ],
)
def test_what_is_no_time_of_this_century_is_none(text):
    assert nanoseconds(text) is None


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_text_makes_it_raise(text):
    assert nanoseconds(text) is None or isinstance(nanoseconds(text), int)


@settings(deadline=None)
@given(
    st.integers(10**15, 4 * 10**15),
    st.integers(-23 * 60, 23 * 60),
)
def test_every_time_reads_as_the_standard_library_writes_it(microseconds, offset_minutes):
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    zoned = moment.astimezone(timezone(timedelta(minutes=offset_minutes)))

    assert nanoseconds(zoned.isoformat()) == microseconds * 1000
