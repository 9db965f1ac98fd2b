"""Tables of counts for the ruin by blocks (blocks.h): small worlds where only hosts save anything.

The groups that may move here are those whose limits are their own (nodes open to them, a cap and a
floor of hosts) and whose traffic is one vertex's, with others. Pods without traffic and without
such limits are not there at all: their room is free, and they are packed in what is left by whoever
puts the pods down. All other groups stay where they are. So what is found here is where pods should
go, not a placement.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shorthaul.solve import pod_sizes, runs
from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.kernels.chances import chances
from shorthaul.solve.kernels.dice import exponentials, seeded
from shorthaul.solve.kernels.layouts import Ints, Model, Narrow, State

MOST_CELLS = 2**20
LOG, ITEMS = 8192, 4096
SAVED, MOST_SAVED, TURN, LAGS = range(4)
"""Places in `now`, as in blocks.h."""


class Tables(NamedTuple):
    """What blocks.h sees, in its order. Groups, columns, nodes, resources: F, K, N, R."""

    first: Narrow  # (F + 1,): the sides of each group
    side: Narrow  # (sides, 3): the other's column, own pods, its pods (0 where spread evenly)
    coefficient: Ints
    pull: Ints  # (sides + 1,): running sums of traffic
    size: Ints  # (F,)
    request: Ints  # (F, R)
    cap: Ints
    floor: Ints
    kind: Ints  # (F,): the row of `open`
    traffic: Ints
    dense: Ints  # (F,): traffic for the size of a pod
    chances: Ints  # (F,): running sums
    open: NDArray[np.uint8]  # (classes, N)
    start: Narrow  # (F, N): today's counts
    table: Ints
    counts: Narrow  # (N, K)
    across: Narrow  # (F, N): the same, group by group
    best: Narrow  # (F, N)
    free: Ints  # (N, R)
    hosts: Ints  # (F,): nodes with pods of it
    hand: Ints  # (F,)
    key: Ints
    seen: Ints  # (N,)
    now: Ints
    item: Narrow
    log: Narrow
    spots: Narrow
    dice: NDArray[np.uint64]


def flat(m: Model) -> bool:
    """Whether only hosts save anything, in a world small enough for a table of counts."""
    layered = bool((m.kept[1:, 0] > 0).any())
    return not layered and len(m.cell) * len(m.group) <= MOST_CELLS


def plain(m: Model) -> NDArray[np.bool_]:
    """The groups whose limits are their own, with one vertex or none, that do not talk to
    themselves."""
    group, entry = m.group, m.entry
    alone: NDArray[np.bool_] = group[:, at.ROW1] - group[:, at.ROW0] == 1
    for first, end in ((at.TALLY0, at.TALLY1), (at.REPEL0, at.REPEL1), (at.KEPT0, at.KEPT1)):
        alone &= group[:, first] == group[:, end]
    alone &= group[:, at.TOUCH0] == group[:, at.TOUCH1]
    owner = runs.owners(group[:, at.ENTRY1] - group[:, at.ENTRY0])
    listed = _listed(m)
    looping = entry[listed, at.OWN_ROW] == entry[listed, at.OTHER_ROW]
    alone[owner[looping | (entry[listed, at.OWN_ROW] != owner)]] = False
    return alone


def tables(
    m: Model, s: State, start: Narrow, seed: int, *, stay: bool = False
) -> tuple[Tables, Narrow]:
    """The tables of a placement, and the groups that may move in them; `start` is the node of each
    pod today; `stay`: pods without traffic do not give way."""
    free_groups = plain(m)
    talks = m.group[:, at.ENTRY1] > m.group[:, at.ENTRY0]
    movers = np.flatnonzero(free_groups & talks)
    nodes = len(m.cell)
    here = _counts(m.group_of, s.place, len(m.group), nodes)
    listed = _listed(m, movers)
    side, columns = _sides(m, movers, listed)
    counts = np.zeros((nodes, columns.number), dtype=np.int32)
    counts[:, : len(movers)] = here[movers].T
    for row, column in columns.others:
        counts[s.host[_held(m, s, row), at.H_NODE], column] = s.host[_held(m, s, row), at.H_COUNT]
    room = s.free.copy()
    loose = np.flatnonzero(free_groups & ~talks)[: 0 if stay else None]
    room += here[loose].T.astype(np.int64) @ m.request[loose]
    group = m.group[movers]
    across = np.ascontiguousarray(here[movers])
    made = Tables(
        first=runs.begins(group[:, at.ENTRY1] - group[:, at.ENTRY0]).astype(np.int32),
        side=side,
        coefficient=np.ascontiguousarray(m.entry[listed, at.COEFFICIENT]),
        pull=runs.begins(m.entry[listed, at.PULL]),
        size=np.ascontiguousarray(group[:, at.SIZE]),
        request=np.ascontiguousarray(m.request[movers]),
        cap=np.ascontiguousarray(group[:, at.HOST_CAP]),
        floor=np.ascontiguousarray(group[:, at.FLOOR]),
        kind=np.ascontiguousarray(group[:, at.CLASS]),
        traffic=np.ascontiguousarray(group[:, at.RANK]),
        dense=_dense(group[:, at.RANK], m.request[movers], room),
        chances=chances(group),
        open=m.open,
        start=np.ascontiguousarray(_counts(m.group_of, start, len(m.group), nodes)[movers]),
        table=exponentials(),
        counts=counts,
        across=across,
        best=across.copy(),
        free=room,
        hosts=(across > 0).sum(axis=1).astype(np.int64),
        hand=np.zeros(len(movers), dtype=np.int64),
        key=np.zeros(ITEMS, dtype=np.int64),
        seen=np.zeros(nodes, dtype=np.int64),
        now=np.array([0, 0, 0, 1], dtype=np.int64),
        item=np.zeros((ITEMS, 2), dtype=np.int32),
        log=np.zeros((LOG, 3), dtype=np.int32),
        spots=np.zeros(nodes, dtype=np.int32),
        dice=seeded(seed),
    )
    return made, movers.astype(np.int32)


def targets(m: Model, places: Narrow, movers: Narrow, best: Narrow) -> Ints:
    """The node that each pod should go to, -1 for those of groups that do not move; as many as can
    stay where they are."""
    found = np.full(len(places), -1, dtype=np.int64)
    for index, group in enumerate(movers.tolist()):
        first = int(m.group[group, at.FIRST])
        pods = np.arange(first, first + int(m.group[group, at.SIZE]))
        where = places[pods].astype(np.int64)
        order = np.argsort(where, kind="stable")
        rank = np.arange(len(pods)) - np.searchsorted(where[order], where[order])
        left = best[index].astype(np.int64)
        stays = rank < left[where[order]]
        found[pods[order[stays]]] = where[order[stays]]
        left -= np.bincount(where[order[stays]], minlength=len(left))
        found[pods[order[~stays]]] = runs.owners(left)
    return found


def _dense(traffic: Ints, request: Ints, room: Ints) -> Ints:
    """Traffic of a pod for its size."""
    found = traffic / np.maximum(pod_sizes.shares(request, room.T), 1e-6)
    scaled: Ints = np.rint(found / max(1.0, float(found.max(initial=0.0))) * 2**40).astype(np.int64)
    return scaled


class _Columns(NamedTuple):
    """How many columns there are, and those that never change: (row, column)."""

    number: int
    others: list[tuple[int, int]]


def _sides(m: Model, movers: Ints, listed: Ints) -> tuple[Narrow, _Columns]:
    """What the links of the groups that may move look like from there."""
    entry = m.entry[listed]
    column = np.full(len(m.row), -1, dtype=np.int64)
    column[movers] = np.arange(len(movers))
    others = np.unique(entry[:, at.OTHER_ROW])
    others = others[column[others] < 0]
    column[others] = len(movers) + np.arange(len(others))
    even = entry[:, at.KIND] == at.UNIFORM
    side = np.stack(
        [
            column[entry[:, at.OTHER_ROW]],
            entry[:, at.OWN_SIZE],
            np.where(even, 0, entry[:, at.OTHER_SIZE]),
        ],
        axis=1,
    ).astype(np.int32)
    fixed = [(int(row), int(column[row])) for row in others]
    return np.ascontiguousarray(side), _Columns(len(movers) + len(others), fixed)


def _listed(m: Model, groups: Ints | None = None) -> Ints:
    """The entries of some groups, or of all, in order."""
    group = m.group if groups is None else m.group[groups]
    return runs.spans(group[:, at.ENTRY0], group[:, at.ENTRY1] - group[:, at.ENTRY0])


def _held(m: Model, s: State, row: int) -> slice:
    """Where the hosts of a row are listed."""
    first = int(m.row[row, at.R_OFFSET])
    return slice(first, first + int(s.held[row, at.LENGTH]))


def _counts(group_of: Narrow, places: Narrow, groups: int, nodes: int) -> Narrow:
    keys = group_of.astype(np.int64) * nodes + places
    return np.bincount(keys, minlength=groups * nodes).reshape(groups, nodes).astype(np.int32)
