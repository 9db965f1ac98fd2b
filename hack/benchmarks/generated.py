"""Worlds drawn by a generator that is not part of the project, read where it is there.

The goals' figures were measured on worlds of the research's own generator; worlds of ours have the
same constants and other draws, and end elsewhere. A generator is a Python file with a function
`generate(pods, seed, pods_per_node=...)` that returns a mapping of arrays: N nodes, `rack` and
`zone` of each, `cap` (nodes, resources), `nrep` replicas of each service, `req` (services,
resources), `allow` (bits of pools), `npool` of each node, `maxn` and `maxz` pods of a service on a
node and in a zone, calls `src`, `dst`, `w`, and `init`, the node of every pod. It is run as it is:
name only a file that you trust. Nothing of it is kept in the project.
"""

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks import bytedance
from benchmarks.shapes import SHAPES
from benchmarks.worlds import UNLIMITED, Bools, World
from shorthaul.errors import BadInput
from shorthaul.solve.problems import Ints

VARIABLE = "SHORTHAUL_BENCH_GENERATOR"
SHARED = "research/solver_proto/gen.py"
MODULE = "outside_generator"
PREFIX = "research-"
FINENESS = 10**12
UNBOUNDED = 1 << 20
NAMES = tuple(PREFIX + name for name in SHAPES)
Drawn = Mapping[str, Any]


def path() -> Path:
    """The generator's file: a variable, or the research beside the checkout; raises NoData."""
    named = os.environ.get(VARIABLE)
    places = [Path(named)] if named else [up / SHARED for up in bytedance.shared()]
    for place in places:
        if place.is_file():
            return place
    raise bytedance.NoData(f"no {named or '../shared/' + SHARED}; set {VARIABLE} to a generator")


def draw(name: str, seed: int) -> World:
    """A named world of the size that a world of ours without the prefix has."""
    shape = SHAPES[name.removeprefix(PREFIX)]
    drawn = _generator()(shape.pods, seed=seed, pods_per_node=shape.pods / shape.nodes)
    return converted(f"{name}-{seed}", drawn)


def converted(name: str, drawn: Drawn) -> World:
    """The world of what was drawn; raises BadInput where its start breaks its own rules."""
    classes, open_ = _pools(np.asarray(drawn["allow"]), np.asarray(drawn["npool"]))
    world = World(
        name=name,
        racks=np.asarray(drawn["rack"], dtype=np.int64),
        zones=np.asarray(drawn["zone"], dtype=np.int64),
        room=_integers(drawn["cap"]).T.copy(),
        sizes=np.asarray(drawn["nrep"], dtype=np.int64),
        requests=_integers(drawn["req"]),
        classes=classes,
        open=open_,
        most_per_node=_limit(drawn["maxn"]),
        most_per_zone=_limit(drawn["maxz"]),
        clients=np.asarray(drawn["src"], dtype=np.int64),
        servers=np.asarray(drawn["dst"], dtype=np.int64),
        weights=np.asarray(drawn["w"], dtype=np.float64),
        places=np.asarray(drawn["init"], dtype=np.int64),
    )
    if not _may_start(world):
        raise BadInput(
            f"world {name}: its first placement breaks its own rules; mend the generator"
        )
    return world


def _generator() -> Callable[..., Drawn]:
    file = path()
    with tempfile.TemporaryDirectory() as copied:
        found = getattr(_module(shutil.copy(file, copied)), "generate", None)
    if not callable(found):
        raise BadInput(f"{file} has no function generate(pods, seed, pods_per_node)")
    return found  # type: ignore[no-any-return]  # whatever the file made of it


def _module(file: str) -> ModuleType:
    """Loads a copy, so that whatever it compiles and caches is not written beside the original."""
    spec = importlib.util.spec_from_file_location(MODULE, file)
    if spec is None or spec.loader is None:
        raise BadInput(f"{file} is no Python file; set {VARIABLE} to one")
    module = sys.modules[MODULE] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _pools(allowed: Ints, pool: Ints) -> tuple[Ints, Bools]:
    """Classes of services by the pools that they may use, and the nodes open to each."""
    kinds, classes = np.unique(allowed, return_inverse=True)
    return classes.astype(np.int64), (kinds[:, None] >> pool[None, :]) & 1 > 0


def _may_start(world: World) -> bool:
    """Whether all fits where it starts, on nodes and in zones that it may use."""
    owners, places = world.owners, world.places
    used = np.zeros_like(world.room)
    np.add.at(used.T, places, world.requests[owners])
    held = world.counts()
    services = np.repeat(np.arange(held.rows), np.diff(held.offsets))
    zones = np.zeros((world.services, int(world.zones.max()) + 1), dtype=np.int64)
    np.add.at(zones, (owners, world.zones[places]), 1)
    return bool(
        (used <= world.room).all()
        and world.open[world.classes[owners], places].all()
        and (held.amounts <= world.most_per_node[services]).all()
        and (zones.max(axis=1) <= world.most_per_zone).all()
    )


def _limit(most: Any) -> Ints:
    told = np.asarray(most, dtype=np.int64)
    return np.where(told >= UNBOUNDED, UNLIMITED, told)


def _integers(told: Any) -> Ints:
    found: Ints = np.rint(np.asarray(told) * FINENESS).astype(np.int64)
    return found
