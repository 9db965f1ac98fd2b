"""What a plan is asked for: the world, the traffic, the objective and how far to go.

A plain value: whoever asks reads files or the API, knows the time and brings the solver. Prices and
gains are in the objective's unit. `max_moves` None means no limit, KNEE the knee of the frontier.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import floor
from typing import Final

from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.cluster.targets import LatencyTarget, targeted
from shorthaul.cluster.worlds import Clients
from shorthaul.errors import BadInput
from shorthaul.plan.consents import consented
from shorthaul.solve import bounds
from shorthaul.solve.choices import best_solver
from shorthaul.solve.pricings import Pricing, price
from shorthaul.solve.solvers import Mapper, Solver, never, one_by_one
from shorthaul.topology.distances import Distances
from shorthaul.traffic.graphs import Vertex
from shorthaul.traffic.rate_errors import RateError
from shorthaul.units import Objective, Tier, Unit, WorkloadRef

Errors = Mapping[tuple[Vertex, Vertex], RateError]
KNEE: Final = "knee"
NO_RULES = Rules()
SOLVER = best_solver()


def unheard(share: float, cost: float, bound: float) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Request:
    """All that a plan depends on, and nothing else.

    `prices` are dollars per GB for cost, milliseconds for latency, by tier; `targets` are wishes
    for latency. `move_price` is what each net move must gain at least, None for a share of what an
    average pod's traffic costs; `errors` are those of rates as shares of them, where they are
    known: no move is made whose gain is within its margin.
    `selected` names the workloads that may be moved, None for all; `clients` are the pods that use
    each Service, None when nobody knows;
    with `parking` a pod may move twice to open a circle of moves, else circles are cut;
    `tell` is told the share of the search that is done, the least cost so far and its bound;
    `mapper` may let several searches go on at the same time;
    `proof` is how hard to look for a bound; None where nobody asks for one;
    `digests` of the inputs are handed on to the plan.
    """

    snapshot: Snapshot
    edges: tuple[RoutedEdge, ...]
    unit: Unit
    distances: Distances
    rules: Rules = NO_RULES
    objective: Objective = Objective.BYTES
    prices: Mapping[Tier, float] | None = None
    targets: tuple[LatencyTarget, ...] = ()
    max_moves: int | str | None = None
    max_moves_percent: float | None = None
    move_price: float | None = 0.0
    errors: Errors = field(default_factory=dict)
    seed: int = 0
    solver: Solver = SOLVER
    mapper: Mapper = one_by_one
    proof: bounds.Work | None = bounds.QUICK
    expired: Callable[[], bool] = never
    tell: Callable[[float, float, float], None] = unheard
    now_seconds: float = 0.0
    selected: frozenset[WorkloadRef] | None = None
    clients: Clients | None = None
    parking: bool = True
    digests: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.max_moves, str) and self.max_moves != KNEE:
            raise BadInput(f"max-moves is {self.max_moves!r}; give a number or {KNEE}")
        if isinstance(self.max_moves, int) and self.max_moves < 0:
            raise BadInput(f"max-moves is {self.max_moves}; it may not be negative")
        percent = self.max_moves_percent
        if percent is not None and not 0 <= percent <= 100:
            raise BadInput(f"max-moves-percent is {percent}; give 0 to 100")

    @property
    def pricing(self) -> Pricing:
        """The objective as prices per tier, and per edge where there are targets."""
        found = price(self.objective, self.unit, self.distances.scale, self.prices)
        if not self.targets:
            return found
        return found.aiming(targeted(self.attracting, self.snapshot, self.targets))

    @property
    def attracting(self) -> tuple[RoutedEdge, ...]:
        """The edges whose both ends agree to be attracted."""
        return consented(self.edges, self.snapshot, self.rules)

    @property
    def limit(self) -> int | None:
        """The most moves by number and by percent of the pods on nodes; KNEE sets none."""
        given = [self.max_moves] if isinstance(self.max_moves, int) else []
        if self.max_moves_percent is not None:
            pods = sum(1 for pod in self.snapshot.pods.values() if pod.active and pod.node)
            given.append(floor(pods * self.max_moves_percent / 100 + 1e-9))
        return min(given, default=None)
