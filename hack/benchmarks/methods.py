"""What each method's name means: a call into the solver under test, or one peer.

A peer is one module in `peers` with a function `place(task)`; its libraries are imported there, so
that one that is missing skips its own cells only.
"""

import importlib
from collections.abc import Callable, Mapping

from benchmarks import disturbances, engines, few_bounds
from benchmarks.outcomes import Outcome, Skipped, Task
from shorthaul.solve import joint_searches

Method = Callable[[Task], Outcome]
PERCENTS = (0.5, 1, 2, 5, 10, 20, 30, 50)
FEW_PERCENTS = (5, 20)
QUICK = "shorthaul-quick"
SETTINGS = ("turns", "hand", "heat", "sweeps")
PEERS: Mapping[str, str] = {
    "greedy": "greedy_scoring",
    "louvain": "louvain",
    "metis": "metis",
    "kahip": "kahip_cuts",
    "mtkahypar-cut": "mtkahypar_cuts",
    "mtkahypar-steiner": "mtkahypar_steiner",
    "cpsat": "cpsat",
    "published-rasa": "published",
    "published-applsci19": "published",
    "published-pop": "published",
}


def named(name: str) -> Method:
    """The method of a name; a missing library is a reason to skip."""
    if name in _OWN:
        return _OWN[name]
    try:
        module = importlib.import_module(f"benchmarks.peers.{PEERS[name]}")
    except ModuleNotFoundError as error:
        raise Skipped(f"{error}; install requirements/bench.txt") from error
    found: Method = module.place
    return found


def names() -> tuple[str, ...]:
    """All methods that there are."""
    return (*_OWN, *PEERS)


def ours(name: str) -> bool:
    """Whether a method is the solver under test."""
    return name in _OWN


def _start(task: Task) -> Outcome:
    return Outcome(task.problem, (task.problem.start,))


def _search(task: Task) -> Outcome:
    found = engines.solve(task.problem, _budget(task))
    return Outcome(task.problem, (found.counts,), {"limited": found.limited})


def _frontier(task: Task) -> Outcome:
    pods = int(task.problem.start.amounts.sum())
    percents = FEW_PERCENTS if task.cell.option("few", 0) else PERCENTS
    moves = [int(pods * percent / 100) for percent in percents]
    found = engines.frontier(task.problem, moves, _budget(task))
    return Outcome(task.problem, tuple(one.counts for one in found))


def _bound(task: Task) -> Outcome:
    rounds = task.cell.options.get("rounds")
    turns = int(task.cell.option("turns", 0))
    value, method = engines.bound(task.problem, None if rounds is None else int(rounds), turns)
    return Outcome(task.problem, (), {"bound": value, "bound_method": method})


def _bound_of_few(task: Task) -> Outcome:
    pods = int(task.problem.start.amounts.sum())
    moves = max(1, int(pods * task.cell.option("moves_percent", 5) / 100))
    value = few_bounds.least_cost(task.problem, moves, int(task.cell.option("rounds", 40)))
    return Outcome(task.problem, (), {"bound": value, "bound_method": "racks, tree-reweighted"})


def _incremental(task: Task) -> Outcome:
    return disturbances.replan(task, _budget(task))


def _joint(task: Task) -> Outcome:
    pods = int(task.problem.start.amounts.sum())
    most = int(pods * task.cell.option("moves_percent", 10) / 100)
    most_load = task.cell.option("most_load", 1.5)
    turns = int(task.cell.option("pod_turns", joint_searches.TURNS_PER_POD))
    problem, found = engines.plan_jointly(task.problem, most, most_load, _budget(task), turns)
    return Outcome(problem, (found.counts,))


def _budget(task: Task) -> engines.Budget:
    cell = task.cell
    percent = cell.options.get("moves_percent")
    pods = int(task.problem.start.amounts.sum())
    return engines.Budget(
        seed=cell.trial,
        most_moves=None if percent is None else int(pods * percent / 100),
        move_price=int(cell.option("move_price", 0)),
        seconds=cell.options.get("seconds"),
        quick=cell.method == QUICK,
        search={name: cell.options[name] for name in SETTINGS if name in cell.options},
    )


_OWN: Mapping[str, Method] = {
    "start": _start,
    "shorthaul": _search,
    QUICK: _search,
    "frontier": _frontier,
    "bound": _bound,
    "bound-few": _bound_of_few,
    "incremental": _incremental,
    "joint": _joint,
}
