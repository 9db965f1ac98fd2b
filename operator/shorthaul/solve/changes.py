"""What differs between two problems: which groups have to be looked at again, and how much it is.

Pods, nodes and vertices are compared by name, traffic by shares of the whole, so that traffic that
rises everywhere is no change. A link's share is held against that of when its ends were last
searched, not of the last cycle, so that small steps add up. Other nodes, tiers, prices or resources
change everything.
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shorthaul.solve.facts import facts, names_of
from shorthaul.solve.kernels.layouts import Narrow
from shorthaul.solve.kernels.library import apart
from shorthaul.solve.likenesses import only_places_differ
from shorthaul.solve.lumps import Lumps
from shorthaul.solve.matches import groups_of, homes_of, matches, missing, places_of
from shorthaul.solve.problems import Bools, Ints, Problem, same_prices, same_rules
from shorthaul.solve.sparse_counts import SparseCounts
from shorthaul.solve.warm_starts import pod_targets

Floats = NDArray[np.float64]
Key = tuple[Hashable, ...]
NOTICED = 0.1
LARGE = 0.25
MOST_ASKED = 1 << 18
NO_NODES = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A problem and its answer, and each link's share of the traffic when its ends were last
    searched, and `now`."""

    problem: Problem
    counts: SparseCounts
    shares: Floats
    now: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """The pods of the new problem that changed; `large` when it is as good as another one.

    A pod that went where the old answer has it makes it no larger. `landed` are pods that should be
    elsewhere by the old answer, of groups of which some pod is elsewhere than it was (within a
    group, which pod goes is open); `roomier` are the nodes that have more to spare than before,
    `targets` the node that the old answer has for each pod, -1 where it does not say; `firm` when
    it may be taken as it is, since no rule or room is tighter. `moved`: some pod came, went, is
    elsewhere, or is bound by other rules. `shares` are those to know the new problem with, once all
    this has been searched, and `now`. `placed`: nothing differs but where pods are.
    """

    pods: Narrow
    landed: Narrow
    roomier: Ints
    targets: Ints
    firm: bool
    large: bool
    moved: bool
    shares: Floats
    now: Floats
    placed: bool = False

    def as_it_was(self) -> "Change":
        """The old answer with nothing to search around it."""
        nobody = NO_NODES.astype(np.int32)
        return replace(self, pods=nobody, landed=nobody, roomier=NO_NODES)


def known(problem: Problem, counts: SparseCounts) -> Known:
    """A problem with its answer, when all of it has been searched as it is."""
    now = _shares(problem)
    return Known(problem, counts, now, now)


def compare(before: Known, problem: Problem) -> Change:
    """What changed since a problem was known."""
    old = before.problem
    if only_places_differ(old, problem):
        return _placed_anew(before, problem)
    places = places_of(old, before.counts)
    matched = matches(old, places, problem)
    targets = _targets((old, places), problem, matched)
    if not _same_ground(old, problem):
        everything = np.arange(len(matched), dtype=np.int32)
        now = _shares(problem)
        nobody = everything[:0]
        return Change(everything, nobody, NO_NODES, targets, False, True, True, now, now)
    pods, elsewhere, part = _pods(old, problem, matched)
    homes = homes_of(problem)
    owners = groups_of(problem)
    shifted = np.bincount(owners[elsewhere], minlength=len(problem.groups)) > 0
    landed = shifted[owners] & (targets >= 0) & (targets != homes)
    planned = elsewhere & ~pods & (targets == homes)
    surprising = part - int(planned.sum()) / max(1, len(homes))
    pods |= elsewhere & (targets < 0)
    roomier, grown = _room((old, places), (problem, np.where(targets < 0, homes, targets)))
    now = before.now if problem.links is old.links else _shares(problem)
    groups, drift, shares = _traffic(before, problem, now)
    changed = np.flatnonzero(pods | groups[owners]).astype(np.int32)
    strayed = np.flatnonzero(landed).astype(np.int32)
    large = max(surprising, grown, drift) > LARGE
    firm = _as_free(old, problem)
    return Change(changed, strayed, roomier, targets, firm, large, part > 0, shares, now)


def _placed_anew(before: Known, problem: Problem) -> Change:
    """The change where nothing differs but how many pods of each group are on each node.

    How large it is follows from the distances between three placements: a pod that went where the
    answer has it came as much nearer as it moved, and is no surprise.
    """
    old, targets = before.problem, homes_of(problem)
    left, _ = apart(old.start, problem.start)
    strays, wanted = apart(problem.start, before.counts)
    planned, _ = apart(old.start, before.counts)
    unplanned = (len(left) + len(strays) - len(planned)) / 2
    targets[strays] = wanted
    ends = np.cumsum(problem.start.totals())
    shifted = np.zeros(len(ends), dtype=np.bool_)
    shifted[np.searchsorted(ends, left, side="right")] = True
    nobody = NO_NODES.astype(np.int32)
    return Change(
        pods=nobody,
        landed=strays[shifted[np.searchsorted(ends, strays, side="right")]],
        roomier=NO_NODES,
        targets=targets,
        firm=not len(left),
        large=max(unplanned / max(1, len(targets)), _drift(before)) > LARGE,
        moved=len(left) > 0,
        shares=before.shares,
        now=before.now,
        placed=True,
    )


def _same_ground(old: Problem, new: Problem) -> bool:
    return (old.nodes, old.resources) == (new.nodes, new.resources) and same_prices(old, new)


def _as_free(old: Problem, new: Problem) -> bool:
    """Whether the same pods in the same places may be wherever they might before."""
    return (
        old.start.same(new.start)
        and [group.pods for group in old.groups] == [group.pods for group in new.groups]
        and same_rules(old, new)
        and bool((new.room >= old.room).all())
    )


def _targets(before: tuple[Problem, Ints], new: Problem, matched: Ints) -> Ints:
    """The old places by the new problem's numbers, such that as many pods as can be stay."""
    old, places = before
    places = _of_matched(places, matched)
    if old.nodes != new.nodes:
        number = {node: at for at, node in enumerate(new.nodes)}
        renumbered = [number.get(node, -1) for node in old.nodes]
        places = _of_matched(np.array(renumbered, dtype=np.int64), places)
    width, told = len(new.nodes), places >= 0
    keys, counts = np.unique(
        groups_of(new)[told] * np.int64(width) + places[told], return_counts=True
    )
    return pod_targets(new, Lumps(keys % max(1, width), keys // max(1, width), counts))


def _pods(old: Problem, new: Problem, matched: Ints) -> tuple[Bools, Bools, float]:
    """Pods that are new, bound by other rules, or that lost a fellow of their workload; pods that
    are elsewhere; and the share of all these but the fellows, and of those that are gone."""
    changed = _bound(old, new, matched)
    homes = homes_of(new)
    elsewhere = homes != _of_matched(homes_of(old), matched)
    group_of = groups_of(old)
    gone = np.flatnonzero(missing(matched, len(group_of)))
    part = (int((changed | elsewhere).sum()) + len(gone)) / max(1, len(homes))
    if len(gone):
        short = {old.groups[group].workload for group in np.unique(group_of[gone]).tolist()}
        fellows = np.array([group.workload in short for group in new.groups], dtype=np.bool_)
        changed = changed | fellows[groups_of(new)]
    return changed, elsewhere, part


def _bound(old: Problem, new: Problem, matched: Ints) -> Bools:
    """Pods that are new or bound by other rules; facts are only looked up where what they are
    made from is not the same, or pods are in another group."""
    group_of, number = groups_of(old), len(new.groups)
    mine, theirs = groups_of(new), _of_matched(group_of, matched)
    if _same_facts(old, new) and np.array_equal(mine, theirs):
        return np.zeros(len(mine), dtype=np.bool_)
    now, before = facts(new), facts(old)
    kinds, kind = np.unique((theirs + 1) * number + mine, return_inverse=True)
    each = [divmod(pair, number) for pair in kinds.tolist()]
    bound = np.array(
        [one == 0 or before[one - 1] != now[other] for one, other in each], dtype=np.bool_
    )
    found: Bools = bound[kind.reshape(-1)]
    return found


def _same_facts(old: Problem, new: Problem) -> bool:
    """Whether groups of the same number are bound alike; by what facts are made from."""
    return (
        same_rules(old, new)
        and (old.vertices is new.vertices or names_of(old) == names_of(new))
        and [group.workload for group in old.groups] == [group.workload for group in new.groups]
        and [group.vertices for group in old.groups] == [group.vertices for group in new.groups]
    )


def _of_matched(values: Ints, matched: Ints) -> Ints:
    """The values at some numbers, -1 where the number is -1."""
    found: Ints = np.append(values, -1)[matched]
    return found


def _room(old: tuple[Problem, Ints], new: tuple[Problem, Ints]) -> tuple[Ints, float]:
    """Nodes with more to spare than before, by the old answer, and the largest share of room that
    came or went."""
    before, now = _free(*old), _free(*new)
    total = np.maximum(1, np.maximum(old[0].room, new[0].room).clip(min=0).sum(axis=1))
    more = (now - before) * len(new[0].nodes) > NOTICED * total[:, None]
    share = float((np.abs(now - before).sum(axis=1) / total).max(initial=0.0))
    return np.flatnonzero(more.any(axis=0) | _fitting(new[0], before, now)), share


def _fitting(problem: Problem, before: Ints, now: Ints) -> Bools:
    """Nodes where pods of some size have room now and had none; of too many sizes nobody asks."""
    found = np.zeros(len(problem.nodes), dtype=np.bool_)
    nodes = np.flatnonzero((now > before).any(axis=0))
    sizes = _different(problem.requests) if len(nodes) else problem.requests[:0]
    if len(sizes) * len(nodes) <= MOST_ASKED:
        had, has = (
            (sizes[:, None, :] <= free[:, nodes].T[None, :, :]).all(axis=2)
            for free in (before, now)
        )
        found[nodes] = (has & ~had).any(axis=0)
    return found


def _different(rows: Ints) -> Ints:
    """The rows without repeats: as `numpy.unique` of them, in a fraction of its time."""
    ordered = rows[np.lexsort(rows.T)]
    first = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))[: len(rows)]
    found: Ints = ordered[first]
    return found


def _free(problem: Problem, places: Ints) -> Ints:
    """What a placement leaves of each resource on each node."""
    found, owners = problem.room.copy(), groups_of(problem)
    for resource, asked in enumerate(problem.requests.T):
        np.subtract.at(found[resource], places, asked[owners])
    return found


def _drift(before: Known) -> float:
    """Half of what changed in all since it was searched, where nothing did since."""
    return float(np.abs(before.now - before.shares).sum()) / 2


def _traffic(before: Known, problem: Problem, shares: Floats) -> tuple[Bools, float, Floats]:
    """Groups whose traffic changed; half of what changed in all; the shares to go on with."""
    if problem.links is before.problem.links and names_of(before.problem) == names_of(problem):
        return np.zeros(len(problem.groups), dtype=np.bool_), _drift(before), before.shares
    known_shares, gone = _known_shares(before, problem)
    differs, larger = np.abs(shares - known_shares), np.maximum(shares, known_shares)
    difference = np.zeros(problem.background.rows)
    total = np.zeros(problem.background.rows)
    ends = [[link.client for link in problem.links], [link.server for link in problem.links]]
    for end in np.array(ends, dtype=np.int64):
        np.add.at(difference, end, differs)
        np.add.at(total, end, larger)
    named = {name: vertex for vertex, name in enumerate(names_of(problem))}
    for key, share in gone.items():
        for vertex in (named[end] for end in key[:2] if end in named):
            difference[vertex] += share
            total[vertex] += share
    noticed = difference > NOTICED * total
    searched = noticed[ends[0]] | noticed[ends[1]]
    drift = (float(differs.sum()) + sum(gone.values())) / 2
    return _groups_of(problem, noticed), drift, np.where(searched, shares, known_shares)


def _known_shares(before: Known, problem: Problem) -> tuple[Floats, dict[Key, float]]:
    """The known share of each link, and those of links that are gone; keys are only made where the
    links are not the same ones in the same order."""
    if _same_links(before.problem, problem):
        return before.shares, {}
    gone = dict(zip(_keys(before.problem), before.shares.tolist(), strict=True))
    found = [gone.pop(key, 0.0) for key in _keys(problem)]
    return np.array(found, dtype=np.float64), gone


def _same_links(old: Problem, new: Problem) -> bool:
    if len(old.links) != len(new.links) or names_of(old) != names_of(new):
        return False
    return all(
        (one.client, one.server, one.routing, one.prices)
        == (other.client, other.server, other.routing, other.prices)
        for one, other in zip(old.links, new.links, strict=True)
    )


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
