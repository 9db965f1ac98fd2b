"""A world as plain arrays: what the generator draws, what M3 says, what a file keeps.

It is one step short of a `Problem`: routing and the least number of hosts are chosen when a problem
is posed from it, so that one world serves every mode. A service is one group of interchangeable
pods; pods are listed service by service. All nodes lie in one region.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shorthaul.solve.problems import Ints
from shorthaul.solve.sparse_counts import SparseCounts, from_pods

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
TREE = (0.0, 1.0, 3.0, 10.0, 30.0)
HOST_ONLY = (0.0, 1.0, 1.0, 1.0, 1.0)
UNLIMITED = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Nodes (rack, zone, room), services (sizes, requests, limits, reach), traffic and places.

    room (resources, nodes); requests (services, resources); open (classes, nodes); most_*: pods of
    one service on one node or in one zone; places: the node of every pod; distances: per tier.
    """

    name: str
    racks: Ints
    zones: Ints
    room: Ints
    sizes: Ints
    requests: Ints
    classes: Ints
    open: Bools
    most_per_node: Ints
    most_per_zone: Ints
    clients: Ints
    servers: Ints
    weights: Floats
    places: Ints
    distances: tuple[float, ...] = TREE

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.racks)

    @property
    def services(self) -> int:
        """How many services there are."""
        return len(self.sizes)

    @property
    def owners(self) -> Ints:
        """The service of every pod."""
        return np.repeat(np.arange(self.services), self.sizes)

    def counts(self, places: Ints | None = None) -> SparseCounts:
        """Pods per service and node, of today or of other places."""
        where = self.places if places is None else places
        return from_pods(self.owners, where, self.services, self.nodes)


def save(world: World, path: Path) -> None:
    """Writes a world to a file, whole or not at all."""
    arrays = {field.name: np.asarray(getattr(world, field.name)) for field in fields(world)}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub confuses names and options
    partial.rename(path)


def load(path: Path) -> World:
    """Reads a world from a file."""
    with np.load(path) as file:
        arrays = {field.name: file[field.name] for field in fields(World)}
    name, distances = str(arrays.pop("name")), tuple(arrays.pop("distances").tolist())
    return World(name=name, distances=distances, **arrays)
