"""Everything that a finished demo knows, as one value, and whether it went well.

Each number comes from a witness: the player's account, the API server's audit log, our own count of
ready pods, or the objects that the operator wrote. None is fixed beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from demoshop import measures
from demoshop.budgets import Breach, Budget
from demoshop.evictions import Tally
from demoshop.moves import Move, PlanOutcome, by_phase

Edges = Mapping[tuple[str, str], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Result:
    """What was seen before, meanwhile and after."""

    kubernetes: str
    seconds: float
    before: measures.Measure
    after: measures.Measure
    edges_before: Edges
    edges_after: Edges
    moves: tuple[Move, ...]
    plans: tuple[PlanOutcome, ...]
    refusals: Mapping[str, tuple[int, str]]
    budgets: tuple[Budget, ...]
    lowest: Mapping[tuple[str, str], int]
    breaches: tuple[Breach, ...]
    evictions: Tally
    flows: Mapping[str, int]
    quiet: bool = True
    policies: tuple[tuple[str, str], ...] = ()

    @property
    def gain_percent(self) -> float:
        """Return by how many percent the mean distance of traffic fell."""
        return measures.gain_percent(self.before, self.after)

    @property
    def landed(self) -> int:
        """Return how many pods came to run where they were meant to."""
        return by_phase(self.moves)["Landed"]

    @property
    def predicted(self) -> float:
        """Return what the finished plans said that they would save."""
        return sum(plan.predicted for plan in self.plans if plan.phase == "Done")

    def failures(self) -> Iterator[str]:
        """Yield why the demo did not go well, if it did not."""
        if not self.landed:
            yield f"{self.landed} pods were moved, expected at least 1"
        if self.breaches:
            first = self.breaches[0]
            yield (
                f"budget {first.budget.namespace}/{first.budget.name} had {first.ready} ready pods "
                f"and wants {first.budget.wanted}"
            )
        if self.evictions.repeated:
            yield f"{self.evictions.repeated[0]} was evicted more than once"
        if self.after.mean_distance >= self.before.mean_distance:
            yield (
                f"mean distance was {self.before.mean_distance:.2f} before and "
                f"{self.after.mean_distance:.2f} after"
            )
