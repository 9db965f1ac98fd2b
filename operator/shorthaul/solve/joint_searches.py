"""Places and routing searched together: each server's links in the way that costs least within a
limit of load, whatever the pods' places make of it.

Simulated annealing of single pods (Kirkpatrick and others, 1983) over the compiled kernel. What an
endpoint gets beyond the limit pays a fine that rises by the stage until it is out of the question,
so that places are found which let a server be routed near; the price of a move follows the number
of moves, as in `searches`. The draws are from the seed: same problem and effort, same answer. It
takes no quiet pod off a node to make room.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shorthaul.solve import runs
from shorthaul.solve.engine import UNLIMITED, Engine
from shorthaul.solve.kernels import layouts as at
from shorthaul.solve.kernels import library
from shorthaul.solve.kernels.dice import exponentials
from shorthaul.solve.kernels.layouts import Ints, Narrow
from shorthaul.solve.move_prices import bearable, dearer
from shorthaul.solve.problems import Assignment, Problem
from shorthaul.solve.searches import HEAT_OF_A_POD, MOST_HEAT
from shorthaul.solve.solvers import Effort
from shorthaul.units import Routing

WAYS = (Routing.UNIFORM, Routing.ZONE, Routing.NODE)
STARTS = 2
STAGES = 64
WARMTH, COOLING = 0.05, 0.002
FINES = (0.05, 2.0)
PROHIBITIVE = 1e4
FIRST_PRICE = 0.3
PRICE_STEPS, PRICE_RATIO = 60, 1.15
DESCENTS = 12
TURNS_PER_POD, MOST_TURNS = 1000, 2_500_000
ROUNDING = 1e-10


@dataclass(frozen=True, slots=True)
class Ways:
    """What a server's links may be routed as, beside what they are today, which no load forbids."""

    most_load: float
    open: Mapping[int, tuple[Routing, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """A placement, the routing of each server's links in it, and what that costs."""

    assignment: Assignment
    routings: Mapping[int, Routing]


def search(
    problem: Problem, effort: Effort, ways: Ways, turns_per_pod: int = TURNS_PER_POD
) -> Found:
    """The best placement found within the budget of moves, for a problem that it fits."""
    found = []
    for start in range(STARTS):
        run = _Run(problem, replace(effort, seed=STARTS * effort.seed + start), ways)
        if len(run.engine.groups) and effort.most_moves != 0:
            wanted = turns_per_pod * len(run.engine.talking)
            run.anneal(max(STAGES, min(wanted, MOST_TURNS) // STARTS))
        found.append(run.found())
    return min(found, key=lambda one: _objective(problem, effort, one))


def _objective(problem: Problem, effort: Effort, found: Found) -> int:
    assignment = found.assignment
    return assignment.cost + effort.move_price * assignment.counts.left_from(problem.start)


def fits(problem: Problem) -> bool:
    """Whether every server's links are routed alike, and as a proxy can route them."""
    today: dict[int, Routing] = {}
    alike = all(
        today.setdefault(link.server, link.routing) is link.routing for link in problem.links
    )
    return alike and Routing.LOCAL not in today.values() and library.available()


class _Run:
    """One search: an engine for places and rules, and the arrays of servers beside it."""

    def __init__(self, problem: Problem, effort: Effort, ways: Ways) -> None:
        self._problem, self._effort = problem, effort
        near = tuple(replace(link, routing=Routing.NODE) for link in problem.links)
        self.engine = Engine(replace(problem, links=near), effort.seed)
        self._servers = sorted({link.server for link in problem.links})
        self._limit = ways.most_load * (1 + ROUNDING)
        self._arrays = self._listed(ways)
        self._limited = False
        pods, asked = len(self.engine.model.group_of), effort.most_moves
        self._most = UNLIMITED if asked is None or asked >= pods else asked

    def anneal(self, turns: int) -> None:
        """Under falling heat and rising fines; then what is too much goes home, and a descent."""
        engine, floor = self.engine, self._effort.move_price
        pods = len(engine.talking)
        price = FIRST_PRICE * self._value(PROHIBITIVE) / min(self._most, pods)
        share = WARMTH * min(MOST_HEAT, HEAT_OF_A_POD / pods)
        first = max(1.0, share * engine.all_traffic)
        heats = np.geomspace(first, max(1.0, first * COOLING), STAGES).astype(np.int64)
        fines = np.geomspace(*FINES, STAGES).tolist()
        for stage, fine in enumerate(fines):
            here = max(floor, int(price)) if self._most < UNLIMITED else floor
            self._value(fine)
            self._route(turns // STAGES, here, heats[stage : stage + 1], fine)
            price = bearable(price * dearer(engine.moved, self._most), pods)
            if self._out_of_time():
                break
        self._value(FINES[1])
        for _ in range(PRICE_STEPS):
            if engine.moved <= self._most:
                break
            price = bearable(price * PRICE_RATIO, pods)
            self._route(turns // STAGES, int(price), np.zeros(1, dtype=np.int64), FINES[1])
        if engine.moved > self._most:
            engine.go_home()
        self._value(PROHIBITIVE)
        for _ in range(DESCENTS):
            self._route(turns // STAGES, floor, np.zeros(1, dtype=np.int64), PROHIBITIVE)

    def found(self) -> Found:
        """Where it is now; today's placement if that is as good."""
        engine, price = self.engine, self._effort.move_price
        cost, counts = self._value(PROHIBITIVE), engine.counts()
        objective = cost + price * engine.moved
        chosen = self._arrays["way"].tolist()
        engine.go_home()
        home = self._value(PROHIBITIVE)
        if home <= objective:
            cost, counts, chosen = home, engine.counts(), self._arrays["way"].tolist()
        routings = {server: WAYS[way] for server, way in zip(self._servers, chosen, strict=True)}
        return Found(Assignment(counts, cost, self._limited, engine.tries), routings)

    def _value(self, fine: float) -> int:
        return self.engine.kernels.value_all(tuple(self._arrays.values()), self._numbers(fine))

    def _route(self, turns: int, price: int, heats: Ints, fine: float) -> None:
        self._arrays["heats"] = heats
        self.engine.tries += turns
        most = self._most if fine == PROHIBITIVE else UNLIMITED
        numbers = self._numbers(fine, turns, price, most)
        self.engine.kernels.route(tuple(self._arrays.values()), numbers)

    def _numbers(
        self, fine: float, turns: int = 0, price: int = 0, most: int = UNLIMITED
    ) -> tuple[float, ...]:
        farthest = max(self._problem.pricing.tiers.values()) * self._problem.scale
        heats = len(self._arrays["heats"])
        counts = (len(self.engine.groups), len(self._servers), turns, heats, price, most)
        return (self._limit, fine * farthest, *counts)

    def _out_of_time(self) -> bool:
        self._limited = self._limited or self._effort.expired()
        return self._limited

    def _listed(self, ways: Ways) -> dict[str, Any]:
        """The arrays of the kernel by name, in its order."""
        problem, engine = self._problem, self.engine
        number = {server: index for index, server in enumerate(self._servers)}
        into: list[list[int]] = [[] for _ in number]
        near: dict[int, set[int]] = {}
        for index, link in enumerate(problem.links):
            into[number[link.server]].append(index)
            for end in (link.client, link.server):
                near.setdefault(end, set()).add(number[link.server])
        touched = [
            sorted(set[int]().union(*(near.get(one, ()) for one in group.vertices)))
            for group in problem.groups
        ]
        table = engine.model.link
        rows = dict(
            zip(table[:, at.L_SERVER].tolist(), table[:, at.L_SERVER_ROW].tolist(), strict=True)
        )
        sizes, cells = problem.sizes, engine.state.wide.shape[1]
        return {
            "groups": engine.groups,
            "chances": engine.chances,
            "table": exponentials(),
            "heats": np.zeros(1, dtype=np.int64),
            **_ranges("link", into),
            **_ranges("touched", touched),
            "ways": self._bits(ways),
            "server": np.array([(one, rows[one]) for one in self._servers], dtype=np.int64),
            "rate": np.array([one.weight / sizes[one.client] for one in problem.links]),
            "value": np.zeros(len(number), dtype=np.int64),
            "kept": np.zeros(max(map(len, touched), default=0) + 1, dtype=np.int64),
            "way": np.zeros(len(number), dtype=np.int32),
            "by_node": np.zeros(len(problem.nodes)),
            "by_cell": np.zeros(cells),
            "spilled": np.zeros(cells),
        }

    def _bits(self, ways: Ways) -> Narrow:
        """Which ways are open to each server, and which of them pay no fine: today's."""
        today = {link.server: WAYS.index(link.routing) for link in self._problem.links}
        found = []
        for server in self._servers:
            bits = 1 << today[server] | 1 << (today[server] + len(WAYS) + 1)
            for routing in ways.open.get(server, ()):
                bits |= 1 << WAYS.index(routing)
            found.append(bits)
        return np.array(found, dtype=np.int32)


def _ranges(name: str, lists: list[list[int]]) -> dict[str, Narrow]:
    """Lists one after the other, and where each begins."""
    first = runs.begins(np.array([len(one) for one in lists], dtype=np.int64)).astype(np.int32)
    return {f"{name}_first": first, name: np.array([i for one in lists for i in one], np.int32)}
