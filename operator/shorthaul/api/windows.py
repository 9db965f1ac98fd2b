"""When moves may start: the windows of a policy, in the time zone that each names.

The moment is passed in. A window that ends before it starts spans midnight and belongs to the day
on which it starts. A time zone that this machine does not know keeps the window closed.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shorthaul.api.affinitypolicies import Day, Window
from shorthaul.cluster.reasons import Reason

DAYS = tuple(Day)


def closed(windows: Sequence[Window], now: datetime) -> Reason | None:
    """Why nothing may start now; None when a window is open or there is none at all."""
    if not windows:
        return None
    unknown = sorted({each.timezone for each in windows if _zone(each.timezone) is None})
    if any(_is_open(window, now) for window in windows):
        return None
    if unknown:
        return Reason(
            "UnknownTimeZone",
            f"no data for time zone {unknown[0]}; its windows stay closed, use UTC or add tzdata",
        )
    return Reason("OutsideWindows", f"none of {len(windows)} windows is open now")


def _is_open(window: Window, now: datetime) -> bool:
    zone = _zone(window.timezone)
    if zone is None:
        return False
    local = now.astimezone(zone)
    start, end = _clock(window.start), _clock(window.end)
    clock = local.time().replace(tzinfo=None)
    if start < end:
        return start <= clock < end and _on(window, local)
    if clock >= start:
        return _on(window, local)
    return clock < end and _on(window, local - timedelta(days=1))


def _on(window: Window, moment: datetime) -> bool:
    return not window.days or DAYS[moment.weekday()] in window.days


def _clock(text: str) -> time:
    return time.fromisoformat(text)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
