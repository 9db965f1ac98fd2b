"""The goals of the optimiser, each computed from the rows: reached, not reached, or not measured.

A goal counts as reached only if it is in every row that it is about. Several efforts may have been
measured for one goal; then the best one that keeps the time counts, and where none does the nearest
is told. Ratios to the start differ from world to world: where a goal names one, it is judged on the
research's own worlds, which it was taken from. The solver uses one thread, and goals with a time
are judged by its cpu seconds, since wall seconds depend on what else runs; both are told.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import m3_goals, selections
from benchmarks.selections import Row, done
from benchmarks.verdicts import Verdict, verdict

LARGEST = {"uniform": 0.19, "local": 0.15}
BETTER = {"uniform": 0.20, "local": 0.45}
OURS = ("shorthaul", "shorthaul-quick")
MAPPERS = ("metis", "kahip", "mtkahypar-cut", "mtkahypar-steiner")
JOINT = {"research-2k": 0.08, "research-10k": 0.18}
Rows = Sequence[Row]


@dataclass(frozen=True, slots=True)
class Goal:
    """Its name, what is asked, and how it is judged."""

    name: str
    asked: str
    judge: Callable[[Rows], Verdict]


def judged(rows: Rows) -> list[tuple[Goal, Verdict]]:
    """All goals, in order."""
    return [(goal, goal.judge(rows)) for goal in GOALS]


def _largest(rows: Rows) -> Verdict:
    parts = []
    for mode, ratio in LARGEST.items():
        for row in _quickest(_ours(rows, world="research-150k", routing=mode), 5):
            kept = row["solve_cpu_seconds"] <= 5 and row["solve_peak_mebibytes"] <= 512
            parts.append((kept and row["ratio"] <= ratio and _sound(row), _told(row)))
    return verdict(parts, 2)


def _interactive(rows: Rows) -> Verdict:
    parts = []
    for world, seconds in (("10k", 0.25), ("1k", 0.02)):
        for mode in LARGEST:
            found = _ours(rows, world=world, routing=mode)
            for row in _quickest(found, seconds):
                parts.append((row["solve_cpu_seconds"] <= seconds and _sound(row), _told(row)))
    return verdict(parts, 4)


def _incremental(rows: Rows) -> Verdict:
    parts = []
    for row in done(rows, world="100k", method="incremental"):
        p99, recovered = row["replan_p99_seconds"], row["recovered_mean"]
        kind = "arrays kept" if row["options"].get("arrays") else "remembering"
        told = f"{row['routing']}, {kind}: p99 {1000 * p99:.0f} ms wall"
        if "replan_p99_cpu_seconds" in row:
            told += f" ({1000 * row['replan_p99_cpu_seconds']:.0f} ms cpu)"
        told += f", {recovered:.1%} recovered"
        parts.append((p99 <= 0.05 and recovered >= 0.95 and _sound(row), told))
    return verdict(parts, 4)


def _certified(rows: Rows) -> Verdict:
    parts = []
    for world in ("10k", "100k"):
        for mode in LARGEST:
            for row in _cheapest(_ours(rows, world=world, routing=mode)):
                share = selections.certified(rows, row)
                if share is not None:
                    parts.append((share >= 0.95, f"{_where(row)} {share:.1%}"))
    return verdict(parts, 4)


def _better(rows: Rows) -> Verdict:
    parts = []
    for world in ("2k", "10k"):
        for mode, asked in BETTER.items():
            for seed in _seeds(_ours(rows, world=world, routing=mode)):
                same = {"world": world, "routing": mode, "seed": seed}
                peers = [row for name in MAPPERS for row in done(rows, method=name, **same)]
                peer = selections.best(peers, "cost")
                if peer is not None:
                    met, told = _beside(peer, _ours(rows, **same), asked)
                    told += _none_lower(peer, done(rows, method="bound", **same))
                    parts.append((met, told))
    return verdict(parts, 4)


def _none_lower(peer: Row, bounds: Rows) -> str:
    """How far below a peer any placement could be at most, where that is proven."""
    bound = max((row["bound"] for row in bounds), default=None)
    return "" if bound is None else f", none more than {1 - bound / peer['cost']:.0%}"


def _beside(peer: Row, ours: Rows, asked: float) -> tuple[bool, str]:
    """How much better we are than a peer, in at most its time where that can be had."""
    limit = peer["solve_cpu_seconds"]
    in_time = [row for row in ours if row["solve_cpu_seconds"] <= limit]
    row = selections.best(in_time or ours, "cost")
    if row is None:
        return False, "not measured"
    better = 1 - row["cost"] / peer["cost"]
    told = f"{_where(row)} {better:.0%} below {peer['method']} "
    told += f"({row['solve_cpu_seconds']:.2f} s cpu beside {limit:.2f} s)"
    return bool(in_time) and better >= asked and _sound(row), told


def _few_moves(rows: Rows) -> Verdict:
    parts = []
    for world in ("10k", "100k"):
        for row in done(rows, world=world, method="frontier"):
            same = {name: row[name] for name in ("world", "routing", "seed")}
            full = selections.best(_ours(rows, **same), "cost")
            if full is None:
                continue
            for moved, asked in ((0.05, 0.65), (0.20, 0.92)):
                kept = [p["cost"] for p in row["points"] if p["moved"] <= moved + 1e-9]
                cost = min(kept, default=row["start_cost"])
                share = (row["start_cost"] - cost) / (row["start_cost"] - full["cost"])
                told = f"{_where(row)} {moved:.0%} moved {share:.0%}"
                parts.append((share >= asked, told + _at_most(rows, same, moved, full["cost"])))
    parts += m3_goals.few_moves(rows)
    return verdict(parts, 10)


def _at_most(rows: Rows, same: Row, moved: float, full: float) -> str:
    """The largest share of the full gain that so many moves could have, where that is proven."""
    for row in done(rows, method="bound-few", **same):
        if abs(row["options"].get("moves_percent", 5) - 100 * moved) < 1e-9:
            start = row["start_cost"]
            return f" (none above {(start - row['bound']) / (start - full):.0%})"
    return ""


def _exact(rows: Rows) -> Verdict:
    """Every world at one effort: the one that finds the most optima."""
    proven = [row for row in done(rows, method="cpsat") if row["proven"]]
    efforts: dict[Any, list[Row]] = {}
    for row in _ours(rows):
        if any(_same(row, one) for one in proven):
            effort = (row["method"], *sorted(row["options"].items()))
            efforts.setdefault(effort, []).append(row)
    found = [_against(proven, mine) for mine in efforts.values()]
    best = max(found, default=None)
    return verdict([(best[0] == best[1] == len(proven), best[2])] if best else [], 1)


def _against(proven: Rows, mine: Rows) -> tuple[int, int, str]:
    """How many optima an effort finds, in how many it keeps the time, and both told."""
    pairs = [(ours, one) for one in proven for ours in mine if _same(ours, one)]
    above = [(ours["cost"] - one["cost"]) / one["start_cost"] for ours, one in pairs]
    equal = sum(over <= 1e-6 for over in above)
    quick = sum(ours["solve_cpu_seconds"] <= 0.1 for ours, _ in pairs)
    told = f"{equal} of {len(proven)} proven optima (worst {max(0.0, *above):.2%} of the start "
    return equal, quick, f"{told}above), {quick} in 0.1 s cpu ({_effort(mine[0])})"


def _effort(row: Row) -> str:
    told = " ".join(f"{name}={value:g}" for name, value in row["options"].items())
    return told or "default effort"


def _same(row: Row, other: Row) -> bool:
    return all(row[name] == other[name] for name in ("world", "routing", "seed"))


def _joint(rows: Rows) -> Verdict:
    parts = []
    for world, ratio in JOINT.items():
        for row in done(rows, world=world, method="joint"):
            kept = row["moved"] <= 0.1 + 1e-9 and row["largest_load"] <= 1.5 + 1e-9
            told = f"{_told(row)}, load {row['largest_load']:.2f}"
            parts.append((kept and row["ratio"] <= ratio and _sound(row), told))
    return verdict(parts, 2)


def _million(rows: Rows) -> Verdict:
    parts = []
    for mode in LARGEST:
        for row in _quickest(_ours(rows, world="1M", routing=mode), 60):
            kept = row["solve_cpu_seconds"] <= 60 and row["solve_peak_mebibytes"] <= 4096
            parts.append((kept and _sound(row), _told(row)))
    return verdict(parts, 2)


def _repeated(rows: Rows) -> Verdict:
    """Whether runs that differ by cores or repetition only found the same placement."""
    parts = []
    for row in done(rows, method="shorthaul"):
        if row["options"] and set(row["options"]) <= {"repeat", "cores"}:
            same = {name: row[name] for name in ("world", "routing", "seed", "trial")}
            first = done(rows, method="shorthaul", options={}, **same)
            told = f"{_where(row)} {'one core' if 'cores' in row['options'] else 'again'}"
            parts += [(one["digest"] == row["digest"], told) for one in first]
    return verdict(parts, 2)


def _sound_bounds(rows: Rows) -> Verdict:
    """Whether every bound is at most the least cost that anything found under the same rules."""
    parts = []
    for row in done(rows, method="bound"):
        same = {name: row[name] for name in ("world", "routing", "seed")}
        beside = [one for one in done(rows, **same) if "cost" in one and one["method"] != "joint"]
        costs = [one["cost"] for one in beside if _sound(one) and _hosts(one) == _hosts(row)]
        if costs and row["bound"] > min(costs) * (1 + 1e-9):
            parts.append((False, f"{_where(row)} bound {row['bound'] / min(costs):.4f} of a cost"))
    known = len(done(rows, method="bound"))
    return verdict(parts or [(True, f"{known} bounds")] * min(known, 1), 1)


def _hosts(row: Row) -> float:
    return float(row["options"].get("least_hosts", 1))


def _ours(rows: Rows, **wanted: Any) -> list[Row]:
    """The rows of our solver without a limit of moves, at any effort."""
    found = [row for name in OURS for row in done(rows, method=name, **wanted)]
    return [row for row in found if "moves_percent" not in row["options"]]


def _quickest(rows: Rows, seconds: float) -> list[Row]:
    """For each seed the cheapest row within the time, else the quickest."""
    found = []
    for seed in _seeds(rows):
        mine = [row for row in rows if row["seed"] == seed]
        kept = [row for row in mine if row["solve_cpu_seconds"] <= seconds]
        row = selections.best(kept, "cost") or selections.best(mine, "solve_cpu_seconds")
        found += [row] if row else []
    return found


def _cheapest(rows: Rows) -> list[Row]:
    """For each seed the cheapest row."""
    best = (selections.best(done(rows, seed=seed), "cost") for seed in _seeds(rows))
    return [row for row in best if row]


def _seeds(rows: Iterable[Row]) -> list[Any]:
    return sorted({row["seed"] for row in rows})


def _sound(row: Row) -> bool:
    return bool(row["violations"] == 0)


def _where(row: Row) -> str:
    return f"{row['world']}/{row['seed']} {row['routing']}"


def _told(row: Row) -> str:
    told = (
        f"{_where(row)} {row['solve_cpu_seconds']:.2g} s cpu ({row['solve_seconds']:.2g} s wall), "
    )
    told += f"{row['solve_peak_mebibytes']:.0f} MiB, "
    return told + f"cost {row['ratio']:.3f}"


GOALS = (
    Goal("G1", "M3: mean >= 0.876 in 2 s cpu, >= 0.85 in 0.1 s; all > 0.8495", m3_goals.quality),
    Goal("G1b", "M3: 0.8495 with at most half of the pods moved", m3_goals.half_moved),
    Goal("G2", "M3: certified upper bound <= 0.90", m3_goals.bounded),
    Goal("G3", "150k in 5 s cpu of one thread, 512 MiB, cost <= .19 uniform, .15 local", _largest),
    Goal("G4", "10k in 0.25 s cpu, 1k in 20 ms", _interactive),
    Goal("G5", "1 % of 100k: p99 <= 50 ms, >= 95 % recovered", _incremental),
    Goal("G6", "gain >= 95 % of its upper bound at 10k and 100k", _certified),
    Goal("G7", ">= 20 % uniform, >= 45 % local below the best mapper, in its time", _better),
    Goal("G8", "5 % moved >= 65 %, 20 % >= 92 % of the gain; M3 0.52, 0.80", _few_moves),
    Goal("G9", "tiny: equal to every proven optimum, each <= 0.1 s cpu", _exact),
    Goal("G10", "joint, <= 10 % moved, load <= 1.5: cost <= .08 (2k), .18 (10k)", _joint),
    Goal("sound", "no bound above the cost of anything that was found", _sound_bounds),
    Goal("same", "the same placement twice, and on one core", _repeated),
    Goal("G11", "1M pods in 60 s cpu, 4 GiB", _million),
)
