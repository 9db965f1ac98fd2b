"""Windows of time in which moves may start."""

from datetime import UTC, datetime

from shorthaul.api import windows
from shorthaul.api.affinitypolicies import Day, Window

MONDAY_NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def _at(hour: int, minute: int = 0, *, day: int = 2) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_without_windows_moves_may_always_start():
    assert windows.closed((), MONDAY_NOON) is None


def test_a_window_holds_its_start_and_not_its_end():
    window = Window(start="09:00", end="17:00")

    assert windows.closed((window,), _at(9)) is None
    assert windows.closed((window,), _at(16, 59)) is None
    assert windows.closed((window,), _at(17)).code == "OutsideWindows"
    assert windows.closed((window,), _at(8, 59)).code == "OutsideWindows"


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts():
    window = Window(start="22:00", end="04:00", days=(Day.MONDAY,))

    assert windows.closed((window,), _at(23, day=2)) is None
    assert windows.closed((window,), _at(3, 59, day=3)) is None
    assert windows.closed((window,), _at(3, day=2)) is not None
    assert windows.closed((window,), _at(23, day=3)) is not None


def test_a_window_is_in_its_own_time_zone():
    window = Window(start="13:00", end="14:00", timezone="Europe/Berlin")

    assert windows.closed((window,), MONDAY_NOON) is None
    assert windows.closed((window,), _at(13)) is not None


def test_one_open_window_is_enough():
    shut = Window(start="01:00", end="02:00")
    open_now = Window(start="11:00", end="13:00")

    assert windows.closed((shut, open_now), MONDAY_NOON) is None


def test_an_unknown_time_zone_keeps_the_window_closed_and_says_so():
    window = Window(start="00:00", end="23:59", timezone="Mars/Olympus")

    reason = windows.closed((window,), MONDAY_NOON)

    assert reason.code == "UnknownTimeZone"
    assert "Mars/Olympus" in reason.message
