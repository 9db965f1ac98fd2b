"""Builds what the kernels see from a problem; linear in groups, links and terms, not in pairs."""

from dataclasses import dataclass, field

import numpy as np

from shorthaul.solve.cells import Cells, cells
from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.kernels.limit_tables import Tables, limit_tables
from shorthaul.solve.kernels.links import Links, entries, link_table
from shorthaul.solve.problems import Ints, Problem

DENSE_PLACES = 2**22
LEAST_DENSE = 6


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The row of each vertex, the rows of each group, and the number of pods of each row."""

    of_vertex: Ints
    of_group: list[list[int]]
    sizes: Ints


@dataclass(slots=True)
class _Listed:
    """Ranges in one long list."""

    values: list[int] = field(default_factory=list)

    def add(self, values: list[int]) -> tuple[int, int]:
        first = len(self.values)
        self.values += values
        return first, len(self.values)


def model(problem: Problem) -> tuple[at.Model, Ints]:
    """The model of a problem, and what stays in each domain of each tally."""
    shape, sizes = cells(problem), problem.sizes
    rows = _rows(problem)
    links = link_table(problem, shape, sizes, rows.of_vertex)
    seen, ranges, ranks = entries(problem, links, rows.of_vertex)
    tables = limit_tables(problem)
    group, listed = _groups(problem, rows, tables, (ranges, ranks))
    tally = _tallied(tables, listed)
    racks = problem.tiers[0] if len(problem.nodes) else np.zeros(0, dtype=np.int64)
    order = np.argsort(racks, kind="stable")
    first, member = _members(problem)
    columns = shape.of_node - shape.starts[1]
    columns[:, 0] = np.arange(len(problem.nodes))
    made = at.Model(
        group_of=np.repeat(np.arange(len(problem.groups)), group[:, at.SIZE]).astype(np.int32),
        group=group,
        listed=np.array([*listed.values, 0], dtype=np.int64),
        entry=seen,
        row=_row_table(rows, len(problem.nodes)),
        cell=columns.astype(np.int32),
        zoned=problem.zoned.astype(np.uint8),
        kept=_kept(shape, links),
        request=np.ascontiguousarray(problem.requests),
        open=problem.allowed.open.astype(np.uint8),
        link=links.table,
        price=links.price,
        domain=tables.domain,
        tally=tally,
        limit=tables.limit,
        rack_first=np.searchsorted(racks[order], np.arange(int(racks.max(initial=-1)) + 2)).astype(
            np.int32
        ),
        rack_nodes=order.astype(np.int32),
        rack_of=racks.astype(np.int32),
        member_first=first,
        member=member,
    )
    return made, tables.fixed


def _rows(problem: Problem) -> Rows:
    """A vertex that is exactly one group shares the group's row."""
    number = len(problem.groups)
    members: list[list[int]] = [[] for _ in range(problem.background.rows)]
    for index, group in enumerate(problem.groups):
        for vertex in group.vertices:
            members[vertex].append(index)
    fixed = problem.background.totals()
    sizes = [len(group.pods) for group in problem.groups]
    of_vertex, own = [], [[index] for index in range(number)]
    for vertex, groups in enumerate(members):
        if len(groups) == 1 and fixed[vertex] == 0:
            of_vertex.append(groups[0])
            continue
        row = len(sizes)
        of_vertex.append(row)
        sizes.append(int(fixed[vertex]) + sum(sizes[index] for index in groups))
        for index in groups:
            own[index].append(row)
    return Rows(np.array(of_vertex, dtype=np.int64), own, np.array(sizes, dtype=np.int64))


def _row_table(rows: Rows, nodes: int) -> Ints:
    """Room for each row's list, and an index by node for the largest rows while memory lasts."""
    room = np.minimum(2 * rows.sizes, nodes)
    table = np.full((len(rows.sizes), 2), -1, dtype=np.int64)
    table[:, at.R_OFFSET] = np.concatenate([[0], np.cumsum(room)[:-1]]) if len(room) else 0
    large = np.argsort(-rows.sizes, kind="stable")
    large = large[rows.sizes[large] >= LEAST_DENSE][: DENSE_PLACES // max(1, nodes)]
    table[large, at.R_DENSE] = np.arange(len(large)) * nodes
    return table


def _kept(shape: Cells, links: Links) -> Ints:
    """Which levels need counts: 2 where their step is a saving, 1 where only routing asks."""
    kept = np.zeros((at.LEVELS, 3), dtype=np.int64)
    for level in range(at.LEVELS):
        saved = bool((links.table[:, at.L_COEFFICIENT + level] > 0).any())
        kept[level, 0] = 2 if saved else int(links.directed)
        kept[level, 1:] = shape.starts[level], shape.starts[level + 1]
    kept[:, 1:] -= shape.starts[1]
    return kept


def _groups(
    problem: Problem, rows: Rows, tables: Tables, seen: tuple[list[tuple[int, int]], list[int]]
) -> tuple[Ints, _Listed]:
    table = np.zeros((len(problem.groups), at.GROUP_COLUMNS), dtype=np.int64)
    listed = _Listed()
    first = 0
    for index, group in enumerate(problem.groups):
        line = table[index]
        line[at.CLASS], line[at.FIRST] = problem.allowed.classes[index], first
        line[at.SIZE], first = len(group.pods), first + len(group.pods)
        line[at.ENTRY0], line[at.ENTRY1] = seen[0][index]
        line[at.RANK] = seen[1][index]
        line[at.ROW0], line[at.ROW1] = listed.add(rows.of_group[index])
        line[at.VERTEX0], line[at.VERTEX1] = listed.add(list(group.vertices))
        part = tables.parts[index]
        line[at.TALLY0], line[at.TALLY1] = listed.add(part.tallies)
        line[at.REPEL0], line[at.REPEL1] = listed.add(part.repelled_by)
        line[at.KEPT0], line[at.KEPT1] = listed.add(part.kept)
        line[at.TOUCH0], line[at.TOUCH1] = listed.add(part.touched)
        line[at.HOST_CAP], line[at.FLOOR] = part.host_cap, part.floor
    return table, listed


def _tallied(tables: Tables, listed: _Listed) -> Ints:
    """The tallies, each with the range of the groups that it counts."""
    counted: list[list[int]] = [[] for _ in tables.tally]
    for index, part in enumerate(tables.parts):
        for tally in part.tallies:
            counted[tally].append(index)
    ranges = np.array([listed.add(groups) for groups in counted], dtype=np.int64)
    return np.ascontiguousarray(np.hstack([tables.tally, ranges]))


def _members(problem: Problem) -> tuple[at.Narrow, at.Narrow]:
    """The movable groups of each vertex."""
    pairs = sorted(
        (vertex, index) for index, group in enumerate(problem.groups) for vertex in group.vertices
    )
    vertices = np.array([vertex for vertex, _ in pairs], dtype=np.int64)
    first = np.searchsorted(vertices, np.arange(problem.background.rows + 1))
    groups = np.array([*(group for _, group in pairs), 0], dtype=np.int32)
    return first.astype(np.int32), groups
