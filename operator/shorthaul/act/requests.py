"""The requests that a move may make of the world, one per step, and what came of them.

A `Record` changes the state in the API; all others change nothing there, except `SendEviction`,
which is only ever made by the process whose own `Record` of Evicting was accepted just before.
"""

from dataclasses import dataclass

from shorthaul.act.moves import State
from shorthaul.cluster.reasons import Reason
from shorthaul.kube.evictions import Answer, Victim


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to ask for now; look again after some seconds."""

    seconds: float
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """Write this state, guarded by the version that was read."""

    state: State


@dataclass(frozen=True, slots=True)
class PlaceHint:
    """Write the workload's hint and prove that the API server acts upon it."""


@dataclass(frozen=True, slots=True)
class Rehearse:
    """Ask whether the eviction would be admitted."""

    victim: Victim


@dataclass(frozen=True, slots=True)
class SendEviction:
    """Evict."""

    victim: Victim


Request = Wait | Record | PlaceHint | Rehearse | SendEviction


@dataclass(frozen=True, slots=True)
class HintArrived:
    """The API server adds the hint to new pods."""


@dataclass(frozen=True, slots=True)
class HintMissing:
    """The hint could not be written or did not show; `final` when waiting will not help."""

    reason: Reason
    final: bool


Reply = Answer | HintArrived | HintMissing
"""What PlaceHint, Rehearse and SendEviction are answered with."""
