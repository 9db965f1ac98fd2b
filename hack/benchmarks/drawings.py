"""Draws a synthetic world of a shape from a seed: the same for the same shape and seed.

Requests are lognormal, three in ten nodes are twice as large, node pools are open to most but not
to all; the room is such that a given share of the cpu is requested, and 5 % less of the memory.
"""

import numpy as np

from benchmarks import starts, traffic_drawings
from benchmarks.shapes import SHAPES, Shape
from benchmarks.worlds import UNLIMITED, Bools, World
from shorthaul.solve.problems import Ints

PODS_PER_NODE = 110
ATTEMPTS = 20
POOL_SHARES = (0.7, 0.2, 0.1)


def draw(name: str, seed: int) -> World:
    """A named world; now and then the first draw cannot be filled, then the next one is taken."""
    return draw_shape(name, SHAPES[name], seed)


def draw_shape(name: str, shape: Shape, seed: int) -> World:
    """A world of any shape."""
    for attempt in range(ATTEMPTS):
        try:
            return _draw(f"{name}-{seed}", shape, np.random.default_rng([seed, attempt]))
        except starts.Unplaceable:
            continue
    raise starts.Unplaceable(f"no world {name} of seed {seed} in {ATTEMPTS} draws; change the seed")


def _draw(name: str, shape: Shape, random: np.random.Generator) -> World:
    sizes = _sizes(random, shape)
    racks, zones = _places(shape)
    calls = traffic_drawings.draw(random, sizes, shape.sigma)
    requests = _requests(random, len(sizes))
    large = np.where(random.random(shape.nodes) < 0.3, 2, 1)
    room = _room(shape, sizes, requests, large)
    open_ = _open(random, shape)
    classes = _classes(random, shape, sizes, requests)
    apart = (random.random(len(sizes)) < shape.apart_share) & (sizes <= shape.nodes // 4)
    spread = (random.random(len(sizes)) < shape.spread_share) & (sizes >= 3)
    wanted = starts.Wanted(
        sizes=sizes,
        requests=requests,
        room=room,
        zones=zones,
        classes=classes,
        open=open_,
        most_per_node=np.where(apart, 1, UNLIMITED),
        most_per_zone=np.where(spread, -(-sizes // shape.zones) + 1, UNLIMITED),
    )
    return World(
        name=name,
        racks=racks,
        clients=calls.clients,
        servers=calls.servers,
        weights=calls.weights,
        places=starts.place(random, wanted),
        **wanted._asdict(),
    )


def _sizes(random: np.random.Generator, shape: Shape) -> Ints:
    """Replicas with a Pareto tail, cut where the world is full."""
    most = max(3, shape.pods // 40)
    drawn = np.clip(random.pareto(1.1, shape.pods) * 1.6 + 1, 1, most).astype(np.int64)
    ends = np.cumsum(drawn)
    last = int(np.searchsorted(ends, shape.pods))
    drawn[last] -= ends[last] - shape.pods
    return random.permutation(drawn[: last + 1])


def _places(shape: Shape) -> tuple[Ints, Ints]:
    """The rack and the zone of every node; few nodes are a rack of their own per zone."""
    nodes = np.arange(shape.nodes)
    if shape.nodes <= shape.nodes_per_rack * (shape.zones - 1):
        return nodes % shape.zones, nodes % shape.zones
    racks = nodes // shape.nodes_per_rack
    return racks, racks % shape.zones


def _requests(random: np.random.Generator, services: int) -> Ints:
    """Thousandths of a core, MiB, and one pod."""
    cores = np.clip(random.lognormal(-1.2, 0.9, services), 0.05, 4.0)
    gibibytes = np.clip(cores * random.lognormal(0.9, 0.6, services), 0.1, 16.0)
    ones = np.ones(services)
    return np.ceil(np.stack([cores * 1000, gibibytes * 1024, ones], axis=1)).astype(np.int64)


def _room(shape: Shape, sizes: Ints, requests: Ints, large: Ints) -> Ints:
    asked = sizes @ requests[:, :2]
    used = np.array([shape.used, shape.used - 0.05])
    each = np.outer(asked / used / large.sum(), large)
    least = requests[:, :2].max(axis=0)[:, None] * 1.05
    return np.vstack([np.maximum(each, least).astype(np.int64), PODS_PER_NODE * large])


def _open(random: np.random.Generator, shape: Shape) -> Bools:
    """Which nodes each class of services may use: all, the first pool, the second."""
    shares = np.array(POOL_SHARES[: shape.pools])
    pools = random.choice(shape.pools, shape.nodes, p=shares / shares.sum())
    second = min(1, shape.pools - 1)
    return np.array([np.ones(shape.nodes, dtype=bool), pools == 0, pools == second])


def _classes(random: np.random.Generator, shape: Shape, sizes: Ints, requests: Ints) -> Ints:
    """0: every pool, 1: the first, 2: the second; what is very large goes anywhere."""
    asked = sizes * requests[:, 0]
    found = np.where(random.random(len(sizes)) < 0.15, 1, 0)
    if shape.pools > 1:
        found[random.random(len(sizes)) < 0.03] = 2
    found[asked > 20 * asked.mean()] = 0
    return found
