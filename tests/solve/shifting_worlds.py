"""A random world that changes a little, step by step, from a number: rates, places, pods gone."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from shorthaul.plan import drafts
from shorthaul.plan.posing import pose
from shorthaul.plan.requests import Request
from shorthaul.solve.searches import Search
from shorthaul.solve.solvers import Effort
from solve import chance_worlds

WANDERING = Search(turns_per_pod=0, least_turns=20)


def steps(number: int, shape: chance_worlds.Shape, length: int = 4) -> Iterator[Request]:
    """The same world so many times, each time with one more small change."""
    random = np.random.default_rng(number)
    request = chance_worlds.request(number, shape)
    for step in range(length):
        yield request
        request = _shifted(request, random, 7 * number + step)


def _shifted(request: Request, random: np.random.Generator, seed: int) -> Request:
    edges = list(request.edges)
    at = int(random.integers(len(edges)))
    edges[at] = replace(edges[at], rate=edges[at].rate * float(random.uniform(0.7, 1.4)))
    problem = pose(request)
    most = 1 + int(random.integers(2))
    landed = WANDERING.solve(problem, Effort(seed, most_moves=most)).counts
    moves = [(move.pod, move.target_name) for move in drafts.draft(problem, landed)]
    snapshot = request.snapshot.moved(moves)
    if len(snapshot.pods) > 1 and random.random() < 0.3:
        pods = dict(snapshot.pods)
        pods.pop(sorted(pods)[int(random.integers(len(pods)))])
        snapshot = replace(snapshot, pods=pods)
    return replace(request, edges=tuple(edges), snapshot=snapshot)
