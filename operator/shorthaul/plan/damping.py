"""Whether a plan may be acted upon at all: large enough, for long enough, on traffic we trust.

Hysteresis is what keeps a placement engine from flapping: a gain must be worth the disturbance in
every one of the last windows by itself, not only on average, so that noise never moves a pod.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shorthaul.cluster.reasons import Reason


@dataclass(frozen=True, slots=True)
class Damping:
    """Least gain as a share of the present cost and in the objective's unit; windows to persist."""

    least_gain_share: float
    least_gain: float
    persistence_windows: int


@dataclass(frozen=True, slots=True)
class Sample:
    """The cost of today's placement and the planned one, priced by one window's traffic alone."""

    before: float
    after: float

    @property
    def gain(self) -> float:
        """What the plan would have saved in that window."""
        return self.before - self.after


def objection(samples: Sequence[Sample], overall: Sample, damping: Damping) -> Reason | None:
    """Why a plan is held back; None when it is worth acting upon. Samples are the last windows."""
    small = too_small(overall, damping)
    if small is not None:
        return small
    recent = samples[-damping.persistence_windows :]
    if len(recent) < damping.persistence_windows:
        return Reason(
            "NotYetPersistent",
            f"{len(recent)} of {damping.persistence_windows} usable windows seen",
        )
    lasting = [sample for sample in recent if too_small(sample, damping) is None]
    if len(lasting) < len(recent):
        return Reason(
            "GainDoesNotPersist",
            f"the gain held in {len(lasting)} of the last {len(recent)} windows, "
            f"{len(recent)} are needed",
        )
    return None


def too_small(sample: Sample, damping: Damping) -> Reason | None:
    """Why a gain is not worth the disturbance."""
    share = sample.gain / sample.before if sample.before > 0 else 0.0
    if sample.gain <= 0 or share < damping.least_gain_share:
        return Reason(
            "GainTooSmall",
            f"gain is {share:.1%} of today's cost, "
            f"at least {damping.least_gain_share:.1%} is asked",
        )
    if sample.gain < damping.least_gain:
        return Reason(
            "GainTooSmall", f"gain is {sample.gain:.6g}, at least {damping.least_gain:.6g} is asked"
        )
    return None
