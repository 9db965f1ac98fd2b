"""Plans in a line each, for who looks back on what Shorthaul did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def lines(plans: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Tell of each plan that was carried out how many moves it had, and what it was to save."""
    found = [one for one in plans if (one.get("status") or {}).get("phase") == "Done"]
    for plan in sorted(found, key=lambda one: str(one["metadata"]["creationTimestamp"])):
        spec, verification = plan["spec"], plan["status"].get("verification") or {}
        worth, moves = spec["objective"], len(spec["moves"])
        before, after = float(worth["before"]), float(worth["after"])
        share = (before - after) / before if before else 0.0
        yield (
            f"plan {plan['metadata']['name']}: {moves} moves, from {before:,.0f} to {after:,.0f} "
            f"{worth['unit']} ({share:.0%}), measured {verification.get('measured', 'not yet')}"
        )
