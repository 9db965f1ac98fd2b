"""What a shop is run under, as data: the same shop, seed and links; another hand that places."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scenario:
    """`distribution` is what Services are given; `recommended`: what a plan asks for them."""

    name: str
    what: str
    distribution: str | None = None
    moves: bool = False
    recommended: bool = False
    descheduler: bool = False


ALL = (
    Scenario("scheduler", "Kube-scheduler alone"),
    Scenario("descheduler", "The descheduler of the SIGs, its usual profile", descheduler=True),
    Scenario(
        "distribution", "trafficDistribution alone, on every Service", distribution="PreferSameZone"
    ),
    Scenario("moves", "Shorthaul's moves alone", moves=True),
    Scenario(
        "both",
        "Shorthaul's moves, and the trafficDistribution that its plan recommends",
        moves=True,
        recommended=True,
    ),
)
LOOP = "moves"


def named(name: str) -> Scenario:
    """Return a scenario; raises ValueError for a name that is none."""
    for one in ALL:
        if one.name == name:
            return one
    raise ValueError(f"{name} is no scenario; there are {', '.join(one.name for one in ALL)}")
