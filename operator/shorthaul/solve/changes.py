"""What differs between two problems: which groups have to be looked at again, and how much it is.

Pods, nodes and vertices are compared by name, traffic by shares of the whole, so that traffic that
rises everywhere is no change. A link's share is held against that of when its ends were last
searched, not of the last cycle, so that small steps add up. Other nodes, tiers, prices or resources
change everything.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shorthaul.solve.facts import facts, names_of
from shorthaul.solve.kernels.layouts import Narrow
from shorthaul.solve.problems import Bools, Problem

Floats = NDArray[np.float64]
Key = tuple[Hashable, ...]
NOTICED = 0.1
LARGE = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A problem that has an answer, and each link's share of the traffic when it was searched."""

    problem: Problem
    shares: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """The groups of the new problem that changed; `large` when it is as good as another one.

    `moved`: some pod came, went, is elsewhere or is bound by other rules. `shares` are those to
    know the new problem with, once these groups have been searched.
    """

    groups: Narrow
    large: bool
    moved: bool
    shares: Floats


def first_known(problem: Problem) -> Known:
    """A problem all of which has just been searched."""
    return Known(problem, _shares(problem))


def compare(known: Known, problem: Problem) -> Change:
    """What changed since a problem was known."""
    if not _same_ground(known.problem, problem):
        everything = np.arange(len(problem.groups), dtype=np.int32)
        return Change(everything, True, True, _shares(problem))
    pods, part = _pods(known.problem, problem)
    room, grown = _room(known.problem, problem)
    links, drift, shares = _traffic(known, problem)
    groups = np.flatnonzero(pods | room | links).astype(np.int32)
    return Change(groups, max(part, grown, drift) > LARGE, part > 0, shares)


def _same_ground(old: Problem, new: Problem) -> bool:
    one, other = old.pricing, new.pricing
    return (
        (old.nodes, old.resources) == (new.nodes, new.resources)
        and (one.objective, one.unit, one.tiers) == (other.objective, other.unit, other.tiers)
        and np.array_equal(old.tiers, new.tiers)
        and np.array_equal(old.zoned, new.zoned)
    )


def _pods(old: Problem, new: Problem) -> tuple[Bools, float]:
    """Groups with a pod that is new, elsewhere, or bound by other rules; the share of such pods.

    Where a pod is gone, its fellows changed too.
    """
    ours, theirs, homes = facts(new), facts(old), old.homes
    group_of = {ref: index for index, group in enumerate(old.groups) for ref in group.pods}
    same: dict[tuple[int, int], bool] = {}
    changed = np.zeros(len(new.groups), dtype=np.bool_)
    number = 0
    for index, group in enumerate(new.groups):
        for ref, home in zip(group.pods, new.start.places(index).tolist(), strict=True):
            pair = (group_of.pop(ref, -1), index)
            if pair not in same:
                same[pair] = pair[0] >= 0 and theirs[pair[0]] == ours[index]
            if not same[pair] or homes[ref] != home:
                changed[index] = True
                number += 1
    gone = {old.groups[index].workload for index in group_of.values()}
    for index, group in enumerate(new.groups):
        changed[index] |= group.workload in gone
    total = sum(len(group.pods) for group in new.groups)
    return changed, (number + len(group_of)) / max(1, total)


def _room(old: Problem, new: Problem) -> tuple[Bools, float]:
    """Groups on nodes that got room to spare; the largest share of room that came or went."""
    before, now = old.room.clip(min=0), new.room.clip(min=0)
    total = np.maximum(1, np.maximum(before, now).sum(axis=1))
    more = (now - before) * len(new.nodes) > NOTICED * total[:, None]
    roomier = more.any(axis=0)
    changed = np.zeros(len(new.groups), dtype=np.bool_)
    owners = np.repeat(np.arange(new.start.rows), np.diff(new.start.offsets))
    changed[owners[roomier[new.start.nodes]]] = True
    return changed, float((np.abs(now - before).sum(axis=1) / total).max(initial=0.0))


def _traffic(known: Known, problem: Problem) -> tuple[Bools, float, Floats]:
    """Groups whose traffic changed; half of what changed in all; the shares to go on with."""
    before = dict(zip(_keys(known.problem), known.shares.tolist(), strict=True))
    keys, shares = _keys(problem), _shares(problem)
    known_shares = np.array([before.pop(key, 0.0) for key in keys], dtype=np.float64)
    differs, larger = np.abs(shares - known_shares), np.maximum(shares, known_shares)
    difference = np.zeros(problem.background.rows)
    total = np.zeros(problem.background.rows)
    ends = [[link.client for link in problem.links], [link.server for link in problem.links]]
    for end in np.array(ends, dtype=np.int64):
        np.add.at(difference, end, differs)
        np.add.at(total, end, larger)
    named = {name: vertex for vertex, name in enumerate(names_of(problem))}
    for key, share in before.items():
        for vertex in (named[end] for end in key[:2] if end in named):
            difference[vertex] += share
            total[vertex] += share
    noticed = difference > NOTICED * total
    searched = noticed[ends[0]] | noticed[ends[1]]
    drift = (float(differs.sum()) + sum(before.values())) / 2
    return _groups_of(problem, noticed), drift, np.where(searched, shares, known_shares)


def _groups_of(problem: Problem, vertices: Bools) -> Bools:
    return np.array(
        [any(vertices[vertex] for vertex in group.vertices) for group in problem.groups],
        dtype=np.bool_,
    )


def _keys(problem: Problem) -> list[Key]:
    """Each link by name."""
    names = names_of(problem)
    return [
        (names[link.client], names[link.server], link.routing, link.prices)
        for link in problem.links
    ]


def _shares(problem: Problem) -> Floats:
    """Each link's share of all traffic."""
    weights = np.array([link.weight for link in problem.links], dtype=np.float64)
    found: Floats = weights / max(float(weights.sum()), 1e-300)
    return found
