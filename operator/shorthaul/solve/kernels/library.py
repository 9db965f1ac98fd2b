"""The one door to the compiled kernels: loads the library and hands it arrays.

The library is compiled when the package is built (see operator/hatch_build.py), for any processor
of its kind and without contracted floating point, so it costs a user nothing at the first plan and
gives the same plan on every machine. Calls run without the interpreter's lock.
"""

import ctypes
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shorthaul import compiled_libraries
from shorthaul.solve.kernels import layouts
from shorthaul.solve.kernels.blocks import Tables
from shorthaul.solve.kernels.layouts import Ints, Model, Narrow, State
from shorthaul.solve.sparse_counts import SparseCounts

Floats = NDArray[np.float64]
PACKAGE, NAME = "shorthaul.solve.kernels", "_kernels.so"
ENGINE = "native/2"
LONGEST_HAND = 512
POINTERS = ("groups", "chances", "hand", "key", "table", "heats")
ROUTED_LISTS = ("link_first", "link", "touched_first", "touched", "ways", "server", "rate")
ROUTED_SCRATCH = ("value", "kept", "way", "by_node", "by_cell", "spilled")
ROUTED = ("groups", "chances", "table", "heats", *ROUTED_LISTS, *ROUTED_SCRATCH)
SHAPES = ("groups", "columns", "nodes", "resources")
BLOCK_NUMBERS = (*SHAPES, "turns", "stages", "price", "largest", "blink", "log_size")


class _Sizes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in layouts.SIZES]


class _Model(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in Model._fields]


class _State(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in State._fields]


class _Search(ctypes.Structure):
    _fields_ = [("n", _Sizes), ("m", _Model), ("s", _State)]


class _Counts(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("first", "node", "amount")]


class _Ruin(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in POINTERS]
    _fields_ += [
        (name, ctypes.c_int64)
        for name in ("number", "turns", "stages", "price", "moves", "size", "blink")
    ]


class _Sweep(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in ("price", "most", "heat")]
    _fields_ += [("table", ctypes.c_void_p)]


class _Routed(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ROUTED]
    _fields_ += [(name, ctypes.c_double) for name in ("limit", "fine")]
    _fields_ += [
        (name, ctypes.c_int64)
        for name in ("number", "servers", "turns", "stages", "price", "moves")
    ]


class _Blocks(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in (*Tables._fields, "heats")]
    _fields_ += [(name, ctypes.c_int64) for name in BLOCK_NUMBERS]


STRUCTURES: Mapping[str, type[ctypes.Structure]] = {
    "search_bytes": _Search,
    "ruin_bytes": _Ruin,
    "sweep_bytes": _Sweep,
    "routed_bytes": _Routed,
    "blocks_bytes": _Blocks,
}
"""What both sides know, by the function that tells its size there."""
COUNTING = ("count_pods", "apart")
ROUTING = ("value_all", "route")
SEARCHING = ("total", "follow", "sweep", "gather", "ruin", "mix_blocks")
NUMBERS = (*STRUCTURES, "table_shapes", *SEARCHING, *COUNTING, *ROUTING)


@cache
def _loaded() -> ctypes.CDLL:
    return compiled_libraries.load(PACKAGE, NAME, NUMBERS, _fits)


def _fits(found: ctypes.CDLL) -> bool:
    made = all(getattr(found, name)() == ctypes.sizeof(one) for name, one in STRUCTURES.items())
    return made and bool(found.table_shapes() == layouts.table_shapes())


def available() -> bool:
    """Whether the library was built."""
    return compiled_libraries.is_built(PACKAGE, NAME)


def deal(order: Ints, sizes: Ints, rows: tuple[Narrow, Narrow, Narrow], left: Floats) -> Ints:
    """The part of each vertex, dealt out in order; `rows` are each one's neighbours and weights,
    `left` the room of each part, which is used up."""
    found, pull = np.zeros(len(sizes), dtype=np.int64), np.zeros(len(left), dtype=np.int64)
    _loaded().deal(
        ctypes.c_int64(len(sizes)),
        ctypes.c_int64(len(left)),
        *_pointers(order, sizes, *rows, left, pull, found),
    )
    return found


def count_pods(first: Ints, places: Narrow, width: int) -> SparseCounts:
    """Counts pods row by row; `first` is where each row's pods begin, and last how many there are.
    Sorts the places within each row."""
    rows, pods = len(first) - 1, len(places)
    offsets, nodes, amounts = (np.empty(n, dtype=np.int64) for n in (rows + 1, pods, pods))
    arrays = _pointers(first, places, offsets, nodes, amounts)
    number = _loaded().count_pods(ctypes.c_int64(rows), *arrays)
    return SparseCounts(offsets, nodes[:number], amounts[:number], width)


def apart(one: SparseCounts, other: SparseCounts) -> tuple[Narrow, Narrow]:
    """The fewest pods that have to move from one placement to another of as many pods in each row,
    and where to; pods are numbered row by row in order of their node."""
    pods, nodes = np.empty((2, int(one.amounts.sum())), dtype=np.int32)
    number = _loaded().apart(
        ctypes.c_int64(one.rows),
        *(ctypes.byref(_counts(counts)) for counts in (one, other)),
        *_pointers(pods, nodes),
    )
    return pods[:number], nodes[:number]


def _counts(counts: SparseCounts) -> _Counts:
    return _Counts(*(_pointer(array) for array in (counts.offsets, counts.nodes, counts.amounts)))


def ruin_blocks(tables: Tables, heats: Ints, numbers: tuple[int, ...]) -> None:
    """Ruins and recreates by counts; `numbers` are turns, price, the most pods lifted, blink."""
    _loaded().ruin_blocks(ctypes.byref(_blocks(tables, heats, numbers)))


def mix_blocks(tables: Tables, price: int) -> bool:
    """Goes to the counts in `best`, and with pods that it does not tell of where they save most."""
    heats = np.zeros(1, dtype=np.int64)
    return bool(_loaded().mix_blocks(ctypes.byref(_blocks(tables, heats, (0, price, 0, 0)))))


def _blocks(tables: Tables, heats: Ints, numbers: tuple[int, ...]) -> _Blocks:
    turns, price, largest, blink = numbers
    nodes, columns = tables.counts.shape
    return _Blocks(
        *(_pointer(array) for array in (*tables, heats)),
        *(len(tables.size), columns, nodes, tables.request.shape[1]),
        *(turns, len(heats), price, largest, blink, len(tables.log)),
    )


class Kernels:
    """The kernels of one search; keeps the arrays alive."""

    def __init__(self, m: Model, s: State) -> None:
        self._arrays = (m, s)
        self._search = _Search(
            _Sizes(*layouts.sizes_of(m, s)),
            _Model(*(_pointer(array) for array in m)),
            _State(*(_pointer(array) for array in s)),
        )
        self._at = ctypes.byref(self._search)
        self._library = _loaded()

    def begin(self, vertices: Ints, nodes: Ints, rows: Ints) -> None:
        """Places the pods that stay, then all others, as `best` has them."""
        arrays, number = _pointers(vertices, nodes, rows), ctypes.c_int64(len(vertices))
        self._library.begin(self._at, *arrays, number)

    def total(self) -> int:
        """The cost from the counts alone."""
        return int(self._library.total(self._at))

    def go_to(self, places: Narrow) -> None:
        """Goes to another placement."""
        self._library.go_to(self._at, *_pointers(places))

    def come_to(self, places: Narrow, cost: int) -> None:
        """Goes to another placement, of which the cost is known."""
        self._library.come_to(self._at, *_pointers(places), ctypes.c_int64(cost))

    def follow(self, places: Narrow, left: Ints, changed: Narrow) -> int:
        """Goes to another placement with as few moves as can be; how many of `changed` it wrote."""
        nodes = np.empty(len(places), dtype=np.int32)
        return int(self._library.follow(self._at, *_pointers(places, left, changed, nodes)))

    def restart(self, places: Narrow) -> None:
        """Begins from another placement, as if the search had never been elsewhere."""
        scratch = np.zeros(len(self._arrays[0].cell), dtype=np.int64)
        pods, nodes = np.empty((2, len(places)), dtype=np.int32)
        self._library.restart(self._at, *_pointers(places, scratch, pods, nodes))

    def rebase(self) -> None:
        """Makes the placement now the start."""
        self._library.rebase(self._at)

    def shift(self, group: int, node: int, sign: int) -> None:
        """Adds or takes any pod of a group on a node; the cost is not followed."""
        self._library.shift(self._at, *(ctypes.c_int64(value) for value in (group, node, sign)))

    def field(self, group: int, nodes: Ints) -> Ints:
        """What one pod more of a group would add to the cost, on each of some nodes."""
        found = np.zeros(len(nodes), dtype=np.int64)
        number = ctypes.c_int64(len(nodes))
        at, into = _pointers(nodes, found)
        self._library.field(self._at, ctypes.c_int64(group), at, number, into)
        return found

    def drawn(self, groups: Narrow, nodes: Ints) -> Ints:
        """What each group would gain most, or lose least, by a pod that goes from one of its nodes
        to one of these; NOWHERE where it may be on none of them."""
        found = np.zeros(len(groups), dtype=np.int64)
        number, many = ctypes.c_int64(len(groups)), ctypes.c_int64(len(nodes))
        of, at, into = _pointers(groups, nodes, found)
        self._library.drawn(self._at, of, number, at, many, into)
        return found

    def sweep(self, pods: Narrow, price: int, most: int, heat: int, table: Ints) -> int:
        """Tries each pod once; returns how many changed."""
        made, number = _Sweep(price, most, heat, _pointer(table)), ctypes.c_int64(len(pods))
        return int(self._library.sweep(self._at, *_pointers(pods), number, ctypes.byref(made)))

    def gather(self, pods: Narrow, targets: Narrow) -> bool:
        """Sends pods to their targets; whether all are down and every limit holds."""
        number = ctypes.c_int64(len(pods))
        return bool(self._library.gather(self._at, *_pointers(pods, targets), number))

    def ruin(self, arrays: tuple[Any, ...], numbers: tuple[int, ...], least: int) -> int:
        """Ruins and recreates; the fields of `Ruin` in kernels, pointers first."""
        made = _Ruin(*(_pointer(array) for array in arrays), *numbers)
        return int(self._library.ruin(self._at, ctypes.byref(made), ctypes.c_int64(least)))

    def route(self, arrays: tuple[Any, ...], numbers: tuple[float, ...]) -> None:
        """Tries single pods elsewhere, places and routing together; see `Routed` in kernels."""
        self._library.route(self._at, ctypes.byref(_routed(arrays, numbers)))

    def value_all(self, arrays: tuple[Any, ...], numbers: tuple[float, ...]) -> int:
        """The values of all servers, left in their array; their sum."""
        return int(self._library.value_all(self._at, ctypes.byref(_routed(arrays, numbers))))


def _routed(arrays: tuple[Any, ...], numbers: tuple[float, ...]) -> _Routed:
    return _Routed(*(_pointer(array) for array in arrays), *numbers)


def _pointers(*arrays: Any) -> tuple[ctypes.c_void_p, ...]:
    return tuple(ctypes.c_void_p(_pointer(array)) for array in arrays)


def _pointer(array: Any) -> int:
    assert array.flags.c_contiguous
    return int(array.ctypes.data)
