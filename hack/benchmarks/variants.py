"""M3 made different, so that nothing can be tuned to the one cluster that everybody has.

`relabelled` shuffles names and order only: the same optimum. `rescaled` doubles machines and
replicas. `ruled` adds what M3 leaves out: zones, pools, anti-affinity and spread, with a fresh
start by the scheduler's rules; a machine grows by a tenth, or the start would not exist.
"""

from dataclasses import replace

import numpy as np

from benchmarks import bytedance, starts
from benchmarks.worlds import TREE, UNLIMITED, World
from shorthaul.solve.problems import Ints

GROWTH = 1.1
ZONES = 3
RACKS_PER_ZONE = 2
ATTEMPTS = 20
NAMES = ("m3", "m3-relabelled", "m3-rescaled", "m3-ruled")


def load(name: str, seed: int) -> World:
    """M3 or a variant of it; only the variants depend on the seed."""
    world = bytedance.load()
    if name == "m3":
        return world
    random = np.random.default_rng([seed, NAMES.index(name)])
    made = {"m3-relabelled": relabelled, "m3-rescaled": rescaled, "m3-ruled": ruled}[name]
    return replace(made(world, random), name=f"{name}-{seed}")


def relabelled(world: World, random: np.random.Generator) -> World:
    """The same world with services, machines and edges in another order."""
    services, nodes = random.permutation(world.services), random.permutation(world.nodes)
    edges = random.permutation(len(world.weights))
    new_service, new_node = np.argsort(services), np.argsort(nodes)
    pods = np.concatenate([np.flatnonzero(world.owners == one) for one in services.tolist()])
    return replace(
        world,
        racks=world.racks[nodes],
        zones=world.zones[nodes],
        room=world.room[:, nodes],
        sizes=world.sizes[services],
        requests=world.requests[services],
        classes=world.classes[services],
        open=world.open[:, nodes],
        most_per_node=world.most_per_node[services],
        most_per_zone=world.most_per_zone[services],
        clients=new_service[world.clients[edges]],
        servers=new_service[world.servers[edges]],
        weights=world.weights[edges],
        places=new_node[world.places[pods]],
    )


def rescaled(world: World, random: np.random.Generator) -> World:
    """Twice the machines and replicas, volumes changed by up to a factor of two."""
    factors = 2.0 ** random.uniform(-1, 1, len(world.weights))
    places = np.concatenate([world.places, world.places + world.nodes])
    owners = np.tile(world.owners, 2)
    weights = world.weights * factors
    return replace(
        world,
        racks=np.tile(world.racks, 2),
        zones=np.tile(world.zones, 2),
        room=np.tile(world.room, 2),
        sizes=world.sizes * 2,
        open=np.tile(world.open, 2),
        weights=weights / weights.sum(),
        places=places[np.argsort(owners, kind="stable")],
    )


def ruled(world: World, random: np.random.Generator) -> World:
    """With zones and racks, two pools, and rules of every kind; placed anew."""
    racks = random.permutation(world.nodes) % (ZONES * RACKS_PER_ZONE)
    pool = random.random(world.nodes) < 0.7
    wanted = starts.Wanted(
        sizes=world.sizes,
        requests=world.requests,
        room=(world.room * GROWTH).astype(np.int64),
        zones=racks // RACKS_PER_ZONE,
        classes=_classes(world, random),
        open=np.array([np.ones(world.nodes, bool), pool]),
        most_per_node=_apart(world, random),
        most_per_zone=_spread(world, random),
    )
    places = _placed(random, wanted)
    return replace(world, racks=racks, places=places, distances=TREE, **wanted._asdict())


def _placed(random: np.random.Generator, wanted: starts.Wanted) -> Ints:
    """The first of some attempts in which every pod finds a node."""
    for attempt in range(ATTEMPTS):
        try:
            return starts.place(random, wanted)
        except starts.Unplaceable:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _classes(world: World, random: np.random.Generator) -> Ints:
    """One service in seven is held to a pool, the very large ones are not."""
    asked = world.sizes * world.requests[:, 0]
    held = (random.random(world.services) < 0.15) & (asked < 10 * asked.mean())
    found: Ints = held.astype(np.int64)
    return found


def _apart(world: World, random: np.random.Generator) -> Ints:
    chosen = (random.random(world.services) < 0.10) & (world.sizes <= world.nodes // 4)
    return np.where(chosen, 1, UNLIMITED)


def _spread(world: World, random: np.random.Generator) -> Ints:
    chosen = (random.random(world.services) < 0.20) & (world.sizes >= 3)
    return np.where(chosen, -(-world.sizes // ZONES) + 1, UNLIMITED)
