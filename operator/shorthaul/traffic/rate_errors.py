"""How far a rate over windows may be off: its standard error, and the interval that covers it.

A rate is a ratio of two weighted sums over windows, Σwx / Σws, of what came and of seconds. With
the windows' shares v = ws / Σws the variance of such a mean is Σv²(x/s - rate)² (Cochran, Sampling
Techniques, 3rd ed. 1977, §2.11 and §6.4; for weighted means Gatz and Smith, Atmospheric Environment
29, 1995, 1185-1193), times Σv² / (Σv² - 2Σv³ + (Σv²)²), which makes it unbiased for windows that
differ by chance alone and is n / (n - 1) where all weigh the same. It is known from as many degrees
of freedom as (Σv²)² / Σv⁴ - 1 (Satterthwaite, Biometrics Bulletin 2, 1946, 110-114).

The spread between windows holds all that differs between them by chance, sampling too: what a
sampler of one in N packets makes of a window varies by (N - 1) times the sum of the squares of its
packets' sizes (Horvitz and Thompson, J. Am. Stat. Assoc. 47, 1952, 663-685). One window alone has
no spread; events in it are a count, which by chance alone varies by itself (Poisson), and covers
the truth as often as it says from some twenty events on. Sampled bytes in it have the error that
the sampler makes. A record tells no sizes of packets but their mean, of which the squares' sum is
bounded (Bhatia and Davis, Am. Math. Monthly 107, 2000, 353-357), and reached where packets are
either full or empty, as most are; so that interval covers what was sent in the window at least as
often as it says. Windows that are alike because what goes
on outlives them make the true error larger than the one told.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STUDENT_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""By degrees of freedom from 1: the two-sided 95 % points; the last one stands for all above."""

LEAST_PACKET, LARGEST_PACKET = 40, 1_500
"""Bytes of packets on most networks; where the mean is outside, all are taken to be alike."""
_NORMAL = 1.960
_DEGREES = [0.0, *(1 / degrees for degrees in range(len(STUDENT_T), 0, -1))]
_POINTS = [_NORMAL, *reversed(STUDENT_T)]
_LEAST_FREEDOM = 0.8
"""Two windows of a half-life of four have 0.95; below it t of one degree would tell too little."""
_Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RateError:
    """The standard error of a rate, in its unit, and from how many degrees of freedom it is known.

    These are infinite where it comes from counts alone.
    """

    standard: float
    freedom: float = math.inf

    def __post_init__(self) -> None:
        if not (0 <= self.standard < math.inf and self.freedom > 0):
            raise ValueError(f"a standard error of {self.standard}, {self.freedom} degrees")

    @property
    def margin(self) -> float:
        """Half the 95 % interval around the rate."""
        return float(np.interp(1 / self.freedom, _DEGREES, _POINTS)) * self.standard


NONE = RateError(0.0)
"""That of a rate whose error stands elsewhere, with what it is counted together with."""


def counted(events: float, seconds: float) -> RateError:
    """The error of the rate of so many events in so many seconds."""
    return RateError(math.sqrt(events) / seconds)


def summed(errors: Sequence[RateError | None]) -> RateError | None:
    """That of a sum of rates, no less than if all go up and down together; None if one's is."""
    known = [each for each in errors if each is not None]
    if not known or len(known) < len(errors):
        return None
    return RateError(
        math.fsum(each.standard for each in known), min(each.freedom for each in known)
    )


def independent(errors: Iterable[RateError]) -> RateError:
    """That of a sum of what differs by chance of its own: variances add (Satterthwaite)."""
    known = [each for each in errors if each.standard > 0]
    variance = math.fsum(each.standard**2 for each in known)
    doubt = math.fsum(each.standard**4 / each.freedom for each in known)
    return RateError(math.sqrt(variance), variance**2 / doubt if doubt else math.inf)


def sampling_variance(size: int, packets: int, one_of: int) -> int:
    """That of so many times the bytes that a sampler of one packet in so many counted."""
    if one_of <= 1 or not size:
        return 0
    squares = size * size // max(1, packets)
    if packets > 1 and LEAST_PACKET * packets <= size <= LARGEST_PACKET * packets:
        squares = (LEAST_PACKET + LARGEST_PACKET) * size - LEAST_PACKET * LARGEST_PACKET * packets
    return one_of * (one_of - 1) * squares


class Shares:
    """The shares of windows in rates, row by row, as far as errors need them."""

    def __init__(self, rows: int) -> None:
        self._two, self._three, self._four = (np.zeros(rows) for _ in range(3))

    def add(self, shares: _Column | float) -> None:
        """Takes those of one more window."""
        squares = shares * shares
        self._two += squares
        self._three += squares * shares
        self._four += squares * squares

    def errors(self, spread: _Column, counts: _Column) -> list[RateError | None]:
        """Row by row, from Σv²(x/s - rate)², else from the variance of counts, else None."""
        freedom = self._two**2 / self._four - 1
        several = freedom >= _LEAST_FREEDOM
        left = self._two - 2 * self._three + self._two**2
        factor = np.divide(self._two, left, out=np.zeros_like(left), where=several)
        variance = np.where(several, factor * np.maximum(spread, 0.0), counts)
        columns = np.sqrt(variance), np.where(several, freedom, math.inf), several | (counts > 0)
        rows = zip(*(each.tolist() for each in columns), strict=True)
        return [RateError(error, degrees) if known else None for error, degrees, known in rows]
