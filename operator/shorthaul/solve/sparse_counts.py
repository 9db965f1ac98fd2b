"""Pods per (row, node) without the zeros: a million pods fit, a table of all pairs would not.

A row is a group or a traffic vertex. Within a row nodes rise and amounts are positive, so equal
placements are equal arrays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from shorthaul.solve import runs
from shorthaul.solve.runs import Ints


@dataclass(frozen=True, slots=True, eq=False)
class SparseCounts:
    """Row i has `amounts[offsets[i]:offsets[i + 1]]` pods on the nodes of the same places.

    `width` is the number of nodes. Arrays are never written to.
    """

    offsets: Ints
    nodes: Ints
    amounts: Ints
    width: int

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.offsets) - 1

    def row(self, index: int) -> tuple[Ints, Ints]:
        """The nodes that a row has pods on, and how many on each."""
        part = slice(self.offsets[index], self.offsets[index + 1])
        return self.nodes[part], self.amounts[part]

    def places(self, index: int) -> Ints:
        """The node of every pod of a row, in order of node."""
        nodes, amounts = self.row(index)
        return np.repeat(nodes, amounts)

    def totals(self) -> Ints:
        """The number of pods of each row."""
        return np.diff(runs.begins(self.amounts)[self.offsets])

    def owners(self) -> Ints:
        """The row of each entry."""
        return runs.owners(np.diff(self.offsets))

    def pod_owners(self) -> Ints:
        """The row of every pod, row by row."""
        return runs.owners(self.totals())

    def pod_nodes(self) -> Ints:
        """The node of every pod, row by row, in order of node."""
        return np.repeat(self.nodes, self.amounts)

    def dense(self) -> Ints:
        """The same with the zeros: (rows, width)."""
        found = np.zeros((self.rows, self.width), dtype=np.int64)
        found[self.owners(), self.nodes] = self.amounts
        return found

    def same(self, other: "SparseCounts") -> bool:
        """Whether both hold the same pods on the same nodes."""
        return (
            np.array_equal(self.offsets, other.offsets)
            and np.array_equal(self.nodes, other.nodes)
            and np.array_equal(self.amounts, other.amounts)
        )

    def left_from(self, before: "SparseCounts") -> int:
        """How many pods left their node since `before`: the net moves."""
        return int(before.amounts.sum()) - _common(self, before)


def from_dense(counts: Ints) -> SparseCounts:
    """Leaves the zeros out of (rows, nodes)."""
    rows, nodes = np.nonzero(counts)
    offsets = runs.starts(rows.astype(np.int64), counts.shape[0])
    return SparseCounts(offsets, nodes.astype(np.int64), counts[rows, nodes], counts.shape[1])


def from_places(rows: Sequence[Iterable[int]], width: int) -> SparseCounts:
    """Counts the pods of each row by their nodes."""
    listed = [list(row) for row in rows]
    owners = runs.owners(np.array([len(row) for row in listed], dtype=np.int64))
    nodes = np.array([node for row in listed for node in row], dtype=np.int64)
    return from_pods(owners, nodes, len(listed), width)


def from_pods(owners: Ints, nodes: Ints, rows: int, width: int) -> SparseCounts:
    """Counts pods by their row and their node, one of each per pod."""
    found = np.sort(owners * np.int64(width) + nodes, kind="stable")
    begins = np.flatnonzero(np.diff(found, prepend=-1))
    keys, amounts = found[begins], np.diff(begins, append=len(found))
    offsets = runs.starts(keys, rows, width)
    return SparseCounts(offsets, keys % max(1, width), amounts.astype(np.int64), width)


def _common(one: SparseCounts, other: SparseCounts) -> int:
    """How many pods both have in the same places."""
    _, mine, others = np.intersect1d(
        _keys(one), _keys(other), assume_unique=True, return_indices=True
    )
    return int(np.minimum(one.amounts[mine], other.amounts[others]).sum())


def _keys(counts: SparseCounts) -> Ints:
    """Each (row, node) as one number."""
    keys: Ints = counts.owners() * counts.width + counts.nodes
    return keys
