"""What an order of moves is made of: hops in waves, what is stuck, and what parking may cost.

A move is one hop; where its pod has to make room for a circle of others it is two, the first to a
node with spare room. A hop disturbs as much as a move, so it is priced and counted as one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shorthaul.cluster.reasons import Reason
from shorthaul.plan.drafts import Draft
from shorthaul.units import NodeName, PodRef


@dataclass(frozen=True, slots=True)
class Hop:
    """One pod from one node to the next, as part of a move; `parks` when it is not the last."""

    move: Draft
    source: NodeName
    target: NodeName
    parks: bool = False

    @property
    def pod(self) -> PodRef:
        """Whose hop it is; after parking, its successor's."""
        return self.move.pod


@dataclass(frozen=True, slots=True)
class Spare:
    """What one hop more has to gain, in cost units, and how many there may be; None: no limit."""

    price: int = 0
    most: int | None = None


NOWHERE = Spare(most=0)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Waves of hops, the moves that cannot be made with the reason, and those of them half made.

    With `strays` the waves are no plan: pods would stay where they were parked.
    """

    waves: tuple[tuple[Hop, ...], ...]
    stuck: Mapping[PodRef, Reason]
    strays: frozenset[PodRef] = frozenset()

    @property
    def hops(self) -> tuple[Hop, ...]:
        """All hops, wave by wave."""
        return tuple(hop for wave in self.waves for hop in wave)

    @property
    def moves(self) -> tuple[Draft, ...]:
        """The moves that are made, each once."""
        return tuple(hop.move for hop in self.hops if not hop.parks)
