"""PodMoves and PlacementPlans as anybody with kubectl sees them, as values for the screen.

The demo reads the operator's objects, never its code: what is not in the API is not shown.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from demoshop import watches
from testbed import connections

Object = dict[str, Any]
Key = tuple[str, str]
GROUP = "/apis/shorthaul.dev/v1alpha1"
ENDS = ("Landed", "Elsewhere", "Failed", "Refused")
PHASES = ("Pending", "Admitted", "Hinted", "Checked", "Evicting", "Evicted", *ENDS)


@dataclass(frozen=True, slots=True)
class Move:
    """One PodMove at one moment."""

    namespace: str
    name: str
    pod: str
    workload: str
    source: str
    target: str
    phase: str
    gain: float
    plan: str
    reason: str = ""
    message: str = ""
    landed_on: str = ""

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will happen to it."""
        return self.phase in ENDS


@dataclass(slots=True)
class Follower:
    """Follows all PodMoves and tells each change of phase, with the seconds since it began."""

    tell: Callable[[float, Move], None]
    began: float = field(default_factory=time.monotonic)
    moves: dict[Key, Move] = field(default_factory=dict)
    first_change: float | None = None
    last_change: float | None = None
    first_eviction: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    silent: bool = False

    @property
    def seconds(self) -> float:
        """Return the seconds since it began."""
        return time.monotonic() - self.began

    def start(self, endpoint: connections.Endpoint) -> watches.Mirror:
        """Begin to follow."""
        path = f"{GROUP}/podmoves"
        return watches.Mirror(endpoint, path, trim=read, on_change=self.see).start()

    def see(self, change: watches.Change) -> None:
        """Take one change; a move that is removed after its end is remembered."""
        move = change.found
        if move is None:
            return
        with self.lock:
            known = self.moves.get(change.key)
            self.moves[change.key] = move
            if known is not None and known.phase == move.phase:
                return
            now = time.time()
            self.last_change = now
            self.first_change = self.first_change or now
            if move.phase in ("Evicting", "Evicted", "Landed", "Elsewhere"):
                self.first_eviction = self.first_eviction or now
        if not self.silent:
            self.tell(self.seconds, move)

    def all(self) -> list[Move]:
        """Return every move as last seen."""
        with self.lock:
            return [self.moves[key] for key in sorted(self.moves)]


def read(found: Object) -> Move:
    """Return a PodMove object as a value."""
    spec, status = found["spec"], found.get("status") or {}
    return Move(
        namespace=found["metadata"]["namespace"],
        name=found["metadata"]["name"],
        pod=spec["pod"]["name"],
        workload=spec["workload"]["name"],
        source=spec["from"],
        target=spec["to"],
        phase=status.get("phase") or "Pending",
        gain=float(spec["gain"]["value"]),
        plan=spec["plan"],
        reason=status.get("reason", ""),
        message=status.get("message", ""),
        landed_on=(status.get("replacement") or {}).get("node", ""),
    )


def by_phase(found: Iterable[Move]) -> Counter[str]:
    """Return how many moves are in each phase."""
    return Counter(move.phase for move in found)


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """What a plan promised for the moves that were made, and what the operator measured of it."""

    name: str
    mode: str
    phase: str
    digest: str
    moves: int
    landed: int
    predicted: float
    promised: float | None
    measured: float | None
    unit: str
    message: str = ""


def outcome(found: Object, known: Iterable[Move]) -> PlanOutcome:
    """Return a PlacementPlan object as a value; `known` are all moves, of other plans too."""
    spec, status = found["spec"], found.get("status") or {}
    predicted = spec.get("predicted") or {}
    own = [move for move in known if move.plan == found["metadata"]["name"]]
    share = 1.0
    if own and status.get("phase") == "Done":
        landed = [move.gain for move in own if move.phase == "Landed"]
        share = sum(landed) / max(sum(move.gain for move in own), 1e-9)
    verification = status.get("verification") or {}
    return PlanOutcome(
        name=found["metadata"]["name"],
        mode=spec.get("mode", ""),
        phase=status.get("phase", ""),
        digest=spec.get("digest", ""),
        moves=len(spec.get("moves") or ()),
        landed=(status.get("progress") or {}).get("landed", 0),
        predicted=float(predicted.get("value", 0.0)) * share,
        promised=verification.get("promised"),
        measured=verification.get("measured"),
        unit=predicted.get("unit", ""),
        message=status.get("message", ""),
    )


def refusals(plans: Iterable[Object], policies: Iterable[Object]) -> dict[str, tuple[int, str]]:
    """Return, by reason, how many pods the latest plans and policies keep, with one example."""
    found: dict[str, tuple[int, str]] = {}
    for plan in plans:
        samples = {one["reason"]: _sample(one) for one in plan["spec"].get("refusals") or ()}
        for one in plan["spec"].get("refusalCounts") or ():
            _keep(found, one["reason"], one["count"], samples.get(one["reason"], ""))
    for policy in policies:
        for one in (policy.get("status") or {}).get("waiting") or ():
            _keep(found, one["reason"], one["count"], one.get("example", ""))
    return found


def standing(policy: Object) -> tuple[str, str]:
    """Return an AffinityPolicy's name with its mode, and what its conditions say."""
    metadata, status = policy["metadata"], policy.get("status") or {}
    said = [
        f"{one['type']} {one['status']}: {one.get('message') or one.get('reason', '')}"
        for one in status.get("conditions") or ()
    ]
    name = f"{metadata['namespace']}/{metadata['name']} ({policy['spec'].get('mode', 'Observe')})"
    return name, "; ".join(said)


def _sample(refusal: Mapping[str, Any]) -> str:
    place = f"{refusal['namespace']}/{refusal['pod']}"
    message = str(refusal.get("message", ""))
    return message if place in message else f"{place}: {message}"


def _keep(found: dict[str, tuple[int, str]], reason: str, count: int, example: str) -> None:
    known, text = found.get(reason, (0, ""))
    found[reason] = max(known, count), text or example
