"""What Shorthaul did, read from its objects in the API as anybody with kubectl would see it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from realnodes import clusters
from realshop import shops

POLICY = "affinitypolicies.shorthaul.dev"
PLANS, MOVES = "placementplans.shorthaul.dev", "podmoves.shorthaul.dev"
ENDS = ("Landed", "Elsewhere", "Failed", "Refused")
ASTRAY = ("Elsewhere", "Failed", "Refused")
EVICTED = ("Evicted", "Landed", "Elsewhere")
OPEN = ("Pending", "Admitted", "Running", "Moving", "Verifying")
Object = dict[str, Any]


@dataclass(slots=True)
class Follower:
    """What was seen of moves and plans; `look` reads them again."""

    cluster: clusters.Cluster
    phases: dict[str, str] = field(default_factory=dict)
    plans: dict[str, Object] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    first: float | None = None
    last: float | None = None

    def look(self) -> None:
        """Read all moves and plans, and note when something changed."""
        for plan in self.cluster.client.list(PLANS):
            self.plans[plan["metadata"]["name"]] = plan
        found = dict[str, str]()
        for move in self.cluster.client.list(MOVES):
            name, status = move["metadata"]["name"], move.get("status") or {}
            found[name] = str(status.get("phase", "Pending"))
            if found[name] in ASTRAY:
                self.refusals[name] = f"{found[name]}: {status.get('reason') or 'no reason told'}"
        if any(self.phases.get(name) != phase for name, phase in found.items()):
            self.last = time.time()
            self.first = self.first or self.last
        self.phases |= found

    @property
    def count(self) -> Counter[str]:
        """Return how many moves are in which phase."""
        return Counter(self.phases.values())

    @property
    def evictions(self) -> int:
        """Return how many pods were evicted for moves."""
        return sum(self.count[phase] for phase in EVICTED)

    def is_quiet(self, seconds: float) -> bool:
        """Tell whether there were moves, all have ended, and nothing changed for a while."""
        ended = all(phase in ENDS for phase in self.phases.values())
        return self.last is not None and ended and time.time() > self.last + seconds

    def is_verified(self) -> bool:
        """Tell whether the operator has measured every plan that it carried out."""
        done = [
            plan
            for plan in self.plans.values()
            if (plan.get("status") or {}).get("phase") == "Done"
        ]
        return bool(done) and all(plan["status"].get("verification") for plan in done)

    def told(self) -> str:
        """Return the policy's own words, for who waits."""
        found = self.cluster.client.list(POLICY, shops.NAMESPACE)
        conditions = (found[0].get("status") or {}).get("conditions", ()) if found else ()
        words = [f"{one['reason']}: {one['message']}" for one in conditions]
        return "; ".join(dict.fromkeys(words)) or "nothing yet"


def summary(plan: Object) -> Mapping[str, Any]:
    """Return what a plan promised and what it says of itself."""
    spec, status = plan["spec"], plan.get("status") or {}
    return {
        "name": plan["metadata"]["name"],
        "phase": status.get("phase", ""),
        "moves": len(spec.get("moves", ())),
        "objective": spec.get("objective", {}),
        "locality": spec.get("locality", {}),
        "verification": status.get("verification", {}),
    }
