"""Builds what the kernels see from a problem; linear in groups, links and terms, not in pairs."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from shorthaul.solve import runs
from shorthaul.solve.cells import Cells, cells
from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.kernels.limit_tables import Tables, limit_tables
from shorthaul.solve.kernels.links import Links, entries, link_table
from shorthaul.solve.members import Members, members
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

    def add(self, values: Iterable[int]) -> tuple[int, int]:
        first = len(self.values)
        self.values += values
        return first, len(self.values)


def model(problem: Problem) -> tuple[at.Model, Ints]:
    """The model of a problem, and what stays in each domain of each tally."""
    shape, sizes = cells(problem), problem.sizes
    of_vertex = members(problem)
    rows = _rows(problem, of_vertex)
    links = link_table(problem, shape, sizes, rows.of_vertex)
    seen, ranges, ranks = entries(problem, links, rows.of_vertex)
    tables = limit_tables(problem)
    group, listed = _groups(problem, rows, tables, (ranges, ranks))
    tally = _tallied(tables, listed)
    racks = problem.tiers[0] if len(problem.nodes) else np.zeros(0, dtype=np.int64)
    order = np.argsort(racks, kind="stable")
    columns = shape.of_node - shape.starts[1]
    columns[:, 0] = np.arange(len(problem.nodes))
    made = at.Model(
        group_of=runs.owners(group[:, at.SIZE]).astype(np.int32),
        group=group,
        listed=np.array([*listed.values, 0], dtype=np.int64),
        entry=seen,
        row=_row_table(rows, len(problem.nodes)),
        cell=columns.astype(np.int32),
        zoned=np.ascontiguousarray(problem.zoned, dtype=np.uint8),
        kept=_kept(shape, links),
        request=np.ascontiguousarray(problem.requests),
        open=np.ascontiguousarray(problem.allowed.open, dtype=np.uint8),
        link=links.table,
        price=links.price,
        domain=tables.domain,
        tally=tally,
        limit=tables.limit,
        rack_first=runs.starts(racks[order], int(racks.max(initial=-1)) + 1).astype(np.int32),
        rack_nodes=order.astype(np.int32),
        rack_of=racks.astype(np.int32),
        member_first=of_vertex.first.astype(np.int32),
        member=np.append(of_vertex.groups, 0).astype(np.int32),
    )
    return made, tables.fixed


def _rows(problem: Problem, listed: Members) -> Rows:
    """A vertex that is exactly one group shares the group's row."""
    number = len(problem.groups)
    fixed = problem.background.totals()
    sizes = problem.group_sizes.tolist()
    of_vertex, own = [], [[index] for index in range(number)]
    for vertex, groups in enumerate(listed.lists()):
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
    table[:, at.R_OFFSET] = runs.begins(room)[:-1]
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
    """The columns of each group, in the layout's order, and what their ranges are ranges of."""
    listed, lines, first = _Listed(), [], 0
    classes = problem.allowed.classes.tolist()
    for index, group in enumerate(problem.groups):
        part = tables.parts[index]
        ranges = (
            *seen[0][index],
            *listed.add(rows.of_group[index]),
            *listed.add(group.vertices),
            *listed.add(part.tallies),
            *listed.add(part.repelled_by),
            *listed.add(part.kept),
            *listed.add(part.touched),
        )
        size = len(group.pods)
        caps = (part.host_cap, part.floor, seen[1][index])
        lines.append((classes[index], first, size, *ranges, *caps))
        first += size
    return np.array(lines, dtype=np.int64).reshape(-1, at.GROUP_COLUMNS), listed


def _tallied(tables: Tables, listed: _Listed) -> Ints:
    """The tallies, each with the range of the groups that it counts."""
    counted: list[list[int]] = [[] for _ in tables.tally]
    for index, part in enumerate(tables.parts):
        for tally in part.tallies:
            counted[tally].append(index)
    ranges = np.array([listed.add(groups) for groups in counted], dtype=np.int64)
    return np.ascontiguousarray(np.hstack([tables.tally, ranges]))
