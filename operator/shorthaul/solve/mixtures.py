"""The best mixture of placements: each node takes over what one of its kind holds in one of them.

Grouping crossover (Falkenauer, "A hybrid grouping genetic algorithm for bin packing", Journal of
Heuristics 2, 1996) with the choice made by a mixed-integer program, as a restricted master problem
of column generation: contents of nodes are columns, and pods of a group are given out at most once.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from shorthaul.solve.kernels.blocks import Tables
from shorthaul.solve.kernels.layouts import Ints, Narrow
from shorthaul.solve.linear_programs import Row, available, choose
from shorthaul.solve.standings import Floats

MOST_CONTENTS = 3000
SEARCHED = 20
SIDES_AT_ONCE = 4096


class _Contents(NamedTuple):
    """Different contents of nodes: (contents, groups) counts, (contents,) kinds and worths."""

    counts: Ints
    kind: Ints
    worth: Floats


def mix(tables: Tables, placements: Sequence[Narrow], price: int) -> Narrow | None:
    """Which nodes hold how many of each group (groups, nodes), perhaps not all pods; None without
    HiGHS or where there is too much to choose from. A net move costs `price`."""
    if not available():
        return None
    kind = _kinds(tables, price)
    found = _contents(tables, placements, kind, price)
    if len(found.kind) > MOST_CONTENTS:
        return None
    taken = choose(
        found.worth / max(1.0, float(found.worth.max(initial=0.0))),
        np.bincount(kind)[found.kind],
        [*_of_kinds(found, kind), *_of_groups(tables, found)],
        nodes=SEARCHED,
    )
    return _placed(found, kind, taken)


def _kinds(tables: Tables, price: int) -> Ints:
    """Which nodes could hold the same for the same worth (nodes,).

    What breaks a rule today may stay where it is and go nowhere else, so such a node is alone.
    """
    own = len(tables.size)
    room = tables.free + tables.across.T.astype(np.int64) @ tables.request
    today = tables.start.T.astype(np.int64)
    strays = (today > 0) & (tables.open[tables.kind].T == 0)
    odd = (strays | (today > tables.cap)).any(axis=1)
    odd |= (today @ tables.request > room).any(axis=1)
    alone = np.where(odd, np.arange(1, len(odd) + 1), 0)
    told = [room, tables.open.T, tables.counts[:, own:], alone[:, np.newaxis]]
    if price > 0:
        told.append(today)
    kinds = np.unique(np.hstack(told).astype(np.int64), axis=0, return_inverse=True)[1]
    return kinds.reshape(-1).astype(np.int64)


def _contents(tables: Tables, placements: Sequence[Narrow], kind: Ints, price: int) -> _Contents:
    columns = np.hstack([kept.astype(np.int64) for kept in placements])
    node = np.tile(np.arange(len(kind)), len(placements))
    worth = np.concatenate([_worths(tables, kept, price) for kept in placements])
    rows = np.column_stack([kind[node], columns.T])
    first = np.sort(np.unique(rows, axis=0, return_index=True)[1])
    first = first[worth[first] > 0]
    return _Contents(columns.T[first], kind[node[first]], worth[first])


def _worths(tables: Tables, placed: Narrow, price: int) -> Floats:
    """What each node saves with what it holds (nodes,); a pair that may both move counts half at
    each end."""
    own = np.repeat(np.arange(len(tables.size)), np.diff(tables.first))
    held = np.vstack([placed, tables.counts[:, len(tables.size) :].T]).astype(np.int64)
    worth: Floats = price * np.minimum(placed, tables.start).sum(axis=0).astype(np.float64)
    for begin in range(0, len(own), SIDES_AT_ONCE):
        part = slice(begin, begin + SIDES_AT_ONCE)
        other, mine, theirs = tables.side[part].T.astype(np.int64)
        ours, others = held[own[part]], held[other]
        joint = np.where(
            (theirs == 0)[:, np.newaxis],
            ours * others,
            np.minimum(ours * theirs[:, np.newaxis], others * mine[:, np.newaxis]),
        )
        halves = np.where(other < len(tables.size), 0.5, 1.0)
        worth += (tables.coefficient[part] * halves) @ joint
    return worth


def _of_kinds(found: _Contents, kind: Ints) -> list[Row]:
    """No more contents of a kind than there are nodes of it."""
    return [
        Row(columns, np.ones(len(columns), dtype=np.int64), 0.0, float(number))
        for each, number in enumerate(np.bincount(kind).tolist())
        if len(columns := np.flatnonzero(found.kind == each))
    ]


def _of_groups(tables: Tables, found: _Contents) -> list[Row]:
    """No more pods of a group than there are, and the others enough for the hosts it needs; where
    it has fewer today, for as many as today."""
    rows = []
    floors = np.minimum(tables.floor, (tables.start > 0).sum(axis=1))
    for group, size in enumerate(tables.size.tolist()):
        columns = np.flatnonzero(found.counts[:, group])
        amounts = found.counts[columns, group]
        rows.append(Row(columns, amounts, 0.0, float(size)))
        spare = size - int(floors[group])
        if floors[group] > 1:
            rows.append(Row(columns, amounts - 1, 0.0, float(spare)))
    return rows


def _placed(found: _Contents, kind: Ints, taken: Ints) -> Narrow:
    """The contents dealt to the nodes of their kinds, in order."""
    placed = np.zeros((found.counts.shape[1], len(kind)), dtype=np.int32)
    for each in range(int(kind.max(initial=-1)) + 1):
        contents = np.flatnonzero(found.kind == each)
        dealt = np.repeat(contents, taken[contents])
        placed[:, np.flatnonzero(kind == each)[: len(dealt)]] = found.counts[dealt].T
    return placed
