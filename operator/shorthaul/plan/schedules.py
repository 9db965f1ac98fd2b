"""Whether moves may start at a moment: the windows of a policy, in the owner's own time zone.

A window that ends before it starts spans midnight and belongs to the day on which it starts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shorthaul.api.affinitypolicies import Window
from shorthaul.cluster.reasons import Reason

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def closed(windows: Sequence[Window], now: datetime) -> Reason | None:
    """Why no move may start now; None when there are no windows or one is open."""
    if not windows:
        return None
    for window in windows:
        zone = _zone(window.timezone)
        if zone is None:
            return Reason("UnknownTimeZone", f"no time zone is named {window.timezone!r}")
        if _open(window, now.astimezone(zone)):
            return None
    shown = ", ".join(f"{window.start}–{window.end} {window.timezone}" for window in windows)
    return Reason("OutsideWindow", f"it is {now:%H:%M} UTC, moves may start in {shown}")


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _open(window: Window, local: datetime) -> bool:
    clock = f"{local:%H:%M}"
    if window.start < window.end:
        return window.start <= clock < window.end and _on(window, local)
    if clock >= window.start:
        return _on(window, local)
    return clock < window.end and _on(window, local - timedelta(days=1))


def _on(window: Window, local: datetime) -> bool:
    return not window.days or DAYS[local.weekday()] in {str(day) for day in window.days}
