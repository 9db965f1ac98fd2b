"""What a shop is run under, as data: the same shop, seed and links; another hand that places."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scenario:
    """`distribution` is what Services are given at once; `recommended`, what plans ask for."""

    name: str
    what: str
    distribution: str | None = None
    moves: bool = False
    recommended: bool = False


ALL = (
    Scenario("scheduler", "kube-scheduler alone"),
    Scenario(
        "distribution", "trafficDistribution alone, on every Service", distribution="PreferSameZone"
    ),
    Scenario("moves", "Shorthaul's moves alone", moves=True),
    Scenario(
        "both", "Shorthaul's moves, and the trafficDistribution it recommends", None, True, True
    ),
)
LOOP = "moves"


def named(name: str) -> Scenario:
    """Return a scenario; raises ValueError for a name that is none."""
    for one in ALL:
        if one.name == name:
            return one
    raise ValueError(f"{name} is no scenario; there are {', '.join(one.name for one in ALL)}")
