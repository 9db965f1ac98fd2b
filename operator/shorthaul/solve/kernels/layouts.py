"""What the kernels see: a problem and a placement as flat arrays, and the names of their columns.

Holders of pods are rows: every group is one, and every traffic vertex that is not exactly one
group. A row lists the nodes that it has pods on (`host`); rows of many pods also have an index by
node (`dense`). Counts per rack, zone and region are kept per vertex (`wide`). All is integers, so
a trial that is undone leaves nothing behind. `kernels.h` says the same to the compiler.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Narrow = NDArray[np.int32]

# Columns of `Model.group`.
CLASS, FIRST, SIZE, ENTRY0, ENTRY1, ROW0, ROW1, VERTEX0, VERTEX1 = range(9)
TALLY0, TALLY1, REPEL0, REPEL1, KEPT0, KEPT1, TOUCH0, TOUCH1 = range(9, 17)
HOST_CAP, FLOOR, RANK = 17, 18, 19
GROUP_COLUMNS = 20

# Columns of `Model.entry`: a link as one of its ends sees it.
KIND, LINK, OWN, OTHER, OWN_ROW, OTHER_ROW, SHIFT, ROLE, OWN_SIZE, OTHER_SIZE = range(10)
COEFFICIENT = 10
PULL = 14
ENTRY_COLUMNS = 15
UNIFORM, LOCAL, ZONE, NODE = range(4)
CLIENT, SERVER, BOTH = range(3)

# Columns of `Model.link`.
L_KIND, L_CLIENT, L_SERVER, L_CLIENT_ROW, L_SERVER_ROW = range(5)
L_CLIENT_SIZE, L_SERVER_SIZE, L_CEILING, L_COEFFICIENT = range(5, 9)
LINK_COLUMNS = 13

# Columns of `Model.tally` and `State.tallied`.
T_OFFSET, T_MAP, T_DOMAINS, T_GROUP0, T_GROUP1 = range(5)
TALLY_COLUMNS = 5

# Columns of `Model.limit`, and its kinds.
K_KIND, K_TALLY, K_OTHER, K_MOST, K_FEWEST, K_TOLERATED = range(6)
LIMIT_COLUMNS = 6
ATTRACTION, SPREAD, FLOORS = range(3)

# Columns of `Model.row`, `State.held` and `State.host`.
R_OFFSET, R_DENSE = range(2)
ROW_COLUMNS, HELD_COLUMNS, HOST_COLUMNS = 2, 3, 4
LENGTH, POSITIVE, PODS = range(3)
H_NODE, H_COUNT, H_START, H_EXCUSED = range(4)

# Places in `State.now`.
COST, MOVED, STAMP, LOGGED, QUEUED, BEST, FRESH, ADDED, FULL, BETTER, MARK = range(11)
NOW = 11
LEVELS = 4
BY_PRICE = 5

# What a group would gain that may be on none of the nodes asked for.
NOWHERE = -(2**62)


SIZES = (
    "pods",
    "groups",
    "nodes",
    "resources",
    "links",
    "tallies",
    "limits",
    "columns",
    "log_size",
    "queue_size",
    "bare",
    "rows",
)


class Model(NamedTuple):
    """A problem; never written to. Shapes: P pods, G groups, N nodes, V vertices, R rows."""

    group_of: Narrow  # (P,)
    group: Ints  # (G, GROUP_COLUMNS)
    listed: Ints  # what the ranges in `group` point into
    entry: Ints  # (entries, ENTRY_COLUMNS)
    row: Ints  # (R, 2)
    cell: Narrow  # (N, LEVELS): the columns of `wide` that a node lies in; level 0 is the node
    zoned: NDArray[np.uint8]  # (N,): whether a node has a zone
    kept: Ints  # (LEVELS, 3): whether counts of a level are kept, first column of `wide`, end
    request: Ints  # (G, resources)
    open: NDArray[np.uint8]  # (classes, N)
    link: Ints  # (links, LINK_COLUMNS)
    price: NDArray[np.float64]  # (links, BY_PRICE): of one client's traffic, for directed links
    domain: Narrow  # (maps, N)
    tally: Ints  # (tallies, TALLY_COLUMNS)
    limit: Ints  # (limits, LIMIT_COLUMNS)
    rack_first: Narrow  # (racks + 1,)
    rack_nodes: Narrow  # (N,)
    rack_of: Narrow  # (N,)
    member_first: Narrow  # (V + 1,): the movable groups of each vertex
    member: Narrow


class State(NamedTuple):
    """A placement under search."""

    place: Narrow  # (P,): the node, or -1 while lifted
    best: Narrow  # (P,)
    head: Narrow  # (N,): first pod of a node
    chain: Narrow  # (P, 2): next and previous pod of the node
    host: Narrow  # (entries of rows, 4)
    held: Ints  # (R, 3)
    dense: Narrow  # place in the row's list + 1, by node, for rows that have it
    wide: Narrow  # (V, cells above the host, and last the nodes without a zone)
    free: Ints  # (N, resources)
    loose: Ints  # (N, resources): taken by pods without traffic
    counts: Ints  # of all tallies, domain by domain
    start: Ints  # the same at the start
    tallied: Ints  # (tallies, 2)
    lifted: Ints  # (G + limits,): pods in hand, of a group and of all groups of a floor
    newcomers: Ints  # (N,): pods that were not there at the start
    now: Ints  # (NOW,)
    dice: NDArray[np.uint64]  # (1,)
    log: Narrow  # (steps, 3): pod, from, to
    gain: Ints  # (N,): scratch of one scan
    seen: Ints  # (N,): the scan in which `gain` was written
    spots: Narrow  # (N,): nodes seen by the scan
    cell_gain: Ints  # (cells,)
    cell_seen: Ints  # (cells,): twice the scan in which `cell_gain` was written, and 1 once whole
    cell_mark: Ints  # (cells,): the link that was gathered there last
    queue: Narrow  # (P,): pods to be placed again


def sizes_of(m: Model, s: State) -> tuple[int, ...]:
    """The numbers of SIZES."""
    return (
        len(m.group_of),
        len(m.group),
        len(m.cell),
        m.request.shape[1],
        len(m.link),
        len(m.tally),
        len(m.limit),
        s.wide.shape[1],
        len(s.log),
        len(s.queue),
        -1 if m.zoned.all() else s.wide.shape[1] - 1,
        len(m.row),
    )


def table_shapes() -> int:
    """The numbers of columns as one number, in base 64, as the library was compiled with."""
    found = 0
    for columns in (
        GROUP_COLUMNS,
        ENTRY_COLUMNS,
        LINK_COLUMNS,
        TALLY_COLUMNS,
        LIMIT_COLUMNS,
        ROW_COLUMNS,
        HELD_COLUMNS,
        HOST_COLUMNS,
        NOW,
    ):
        found = found * 64 + columns
    return found
