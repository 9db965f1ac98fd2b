"""How each server is taken to be routed to, and by what that was told, for people.

Servers come in the order in which they are given.
"""

from shorthaul.report import quantities
from shorthaul.report.maps import Routings
from shorthaul.report.screens import Screen, Tone, name, printable, wrapped


def routing_lines(title: str, routings: Routings, most: int | None, screen: Screen) -> list[str]:
    """One line a server; of more than `most` the rest is counted, None is no limit."""
    if not routings:
        return []
    lines = [screen.paint(title, Tone.STRONG)]
    for server, told in list(routings.items())[:most]:
        way = "single pods" if told.pinned else str(told.routing)
        text = f"{name(str(server))}: {way} ({printable(told.reason)})"
        lines += wrapped(text, screen, indent=2, hanging=4)
    rest = 0 if most is None else len(routings) - most
    return lines + ([f"  and {quantities.count(rest, 'more server')}"] if rest > 0 else [])


def doubt_notes(routings: Routings) -> tuple[str, ...]:
    """A note on servers whose Services are meant to stay near and are not believed, with one."""
    doubted = [(server, told) for server, told in routings.items() if told.doubted]
    if not doubted:
        return ()
    server, told = doubted[0]
    which = f"{'for example ' * (len(doubted) > 1)}{server}: {told.reason}"
    return (
        f"the traffic of {quantities.count(len(doubted), 'server')} is taken to spread over all "
        f"pods alike, though a Service is meant to stay near ({which}); "
        "`shorthaul map` tells how each server is routed to",
    )
