"""What one cell can keep around one vertex: all that a star's bound looks at, as flat arrays.

A pattern is a number of pods of the middle vertex in a cell. A term is a pattern with one of its
neighbours: how many of its pods are worth having there (two candidates, `few` and `many`), and what
they keep. All is told per pod of the middle. Above MOST_EXACT pods, patterns stand for ranges of
counts and take the better end of each for every part, which only loosens the bound.
"""

from dataclasses import dataclass

import numpy as np

from shorthaul.solve import runs
from shorthaul.solve.envelopes import Envelope
from shorthaul.solve.packings import UNBOUNDED, Links, room_for
from shorthaul.solve.problems import Bools, Ints
from shorthaul.solve.standings import Floats

MOST_EXACT = 32
RANGE = 1.1


@dataclass(frozen=True, slots=True, eq=False)
class Spokes:
    """Each link from either end: its middle, its other end, its link; sorted by middle."""

    middles: Ints
    others: Ints
    links: Ints
    of_client: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Patterns with their range of counts and the spokes of each as terms.

    `kept` and `pods` are (candidates, terms), both per pod of the middle.
    """

    spokes: Spokes
    middles: Ints
    low: Ints
    high: Ints
    patterns: Ints
    terms: Ints
    kept: Floats
    pods: Floats


def spokes_of(links: Links) -> Spokes:
    """Both ends of each link."""
    number = len(links.clients)
    middles = np.concatenate([links.clients, links.servers])
    order = np.argsort(middles, kind="stable")
    others = np.concatenate([links.servers, links.clients])[order]
    both = np.concatenate([np.arange(number), np.arange(number)])
    return Spokes(middles[order], others, both[order], order < number)


def table(links: Links, known: Envelope) -> Table:
    """The patterns of all stars."""
    spokes = spokes_of(links)
    degrees = np.bincount(spokes.middles, minlength=len(known.sizes))
    middles, low, high = _patterns(known, degrees)
    lengths = degrees[middles]
    patterns = runs.owners(lengths)
    terms = runs.spans(np.searchsorted(spokes.middles, middles), lengths)
    counts = low[patterns], high[patterns]
    kept, pods = _candidates(links, spokes, known, terms, counts)
    return Table(spokes, middles, low, high, patterns, terms, kept, pods)


def _patterns(known: Envelope, degrees: Ints) -> tuple[Ints, Ints, Ints]:
    """The middle and the range of counts of each pattern."""
    most = _most_that_fit(known)
    grids: dict[int, list[tuple[int, int]]] = {}
    found: list[tuple[int, int, int]] = []
    for middle in np.flatnonzero(degrees).tolist():
        count = int(most[middle])
        if count not in grids:
            grids[count] = _ranges(count)
        found += [(middle, *each) for each in grids[count]]
    columns = np.array(found, dtype=np.int64).reshape(-1, 3).T.copy()
    return columns[0], columns[1], columns[2]


def _ranges(count: int) -> list[tuple[int, int]]:
    """1 to count, singly at first, then in ranges that grow."""
    found = [(one, one) for one in range(1, min(count, MOST_EXACT) + 1)]
    low = MOST_EXACT + 1
    while low <= count:
        high = min(count, int(low * RANGE))
        found.append((low, high))
        low = high + 1
    return found


def _most_that_fit(known: Envelope) -> Ints:
    most = known.most
    for resource in range(known.room.shape[1]):
        asked = known.requests[:, resource]
        fit = np.where(asked > 0, known.room[:, resource] // np.maximum(1, asked), UNBOUNDED)
        most = np.minimum(most, fit + known.fixed)
    return most


def _candidates(
    links: Links, spokes: Spokes, known: Envelope, terms: Ints, counts: tuple[Ints, Ints]
) -> tuple[Floats, Floats]:
    """What few or many pods of the other end keep, and how many they are."""
    middle, other, link = spokes.middles[terms], spokes.others[terms], spokes.links[terms]
    low, high = counts
    own, theirs = known.sizes[middle], known.sizes[other]
    most = room_for(known, (middle, low), other)
    match = low * theirs
    exact = low == high
    few = np.where(exact, np.minimum(match // own, most), np.minimum(match / own, most))
    many = np.where(exact, np.minimum(-(-match // own), most), few)
    kept = [np.minimum(1.0 / own, pods / (theirs * low)) for pods in (few, many)]
    pods = [few / low, many / low]
    uniform = links.uniform[link]
    served = links.directed[link] & spokes.of_client[terms]
    serving = links.directed[link] & ~spokes.of_client[terms]
    cases = (
        (uniform, most / (own * theirs), most / high),
        (served, np.minimum(1, most) / own, np.minimum(1, most) / high),
        (serving, most / (theirs * low), most / low),
    )
    for case, worth, amount in cases:
        kept = [np.where(case, worth, one) for one in kept]
        pods = [np.where(case, amount, one) for one in pods]
    return np.array(kept), np.array(pods)
