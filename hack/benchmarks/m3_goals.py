"""The goals about M3: shares of traffic that stay on a machine (gained affinity), and its bound."""

from collections.abc import Sequence

from benchmarks import selections
from benchmarks.selections import Row, done
from benchmarks.verdicts import Part, Verdict, verdict

RASA = 0.8495
SEEDS = 10
Rows = Sequence[Row]


def quality(rows: Rows) -> Verdict:
    """The mean over ten seeds within two times, and the worst seed."""
    groups = [one for one in selections.groups(_ours(rows)) if len(one) >= SEEDS]
    parts = [_within(groups, 2.0, 0.876), _within(groups, 0.1, 0.85)]
    return verdict([part for part in parts if part], 2)


def half_moved(rows: Rows) -> Verdict:
    """The best share that at most half of the pods moved gives."""
    found = [point for point in _points(rows) if point["moved"] <= 0.5]
    best = max(found, key=lambda point: float(point["host_share"]), default=None)
    if best is None:
        return verdict([], 1)
    told = f"{best['host_share']:.4f} at {best['moved']:.1%} moved"
    return verdict([(best["host_share"] >= RASA, told)], 1)


def bounded(rows: Rows) -> Verdict:
    """The largest share that a certificate leaves open: the goal asks for one that is low enough,
    whatever the quicker ones say."""
    found = []
    for row in done(rows, world="m3", routing="local", method="bound"):
        weight = row["start_cost"] / (1 - row["start_host_share"])
        found.append((1 - row["bound"] / weight, row["solve_cpu_seconds"]))
    if not found:
        return verdict([], 1)
    told = "; ".join(f"{upper:.4f} in {cpu:.1f} s cpu" for upper, cpu in sorted(found))
    return verdict([(min(found)[0] <= 0.90, told)], 1)


def few_moves(rows: Rows) -> list[Part]:
    """The shares at 5 % and at 20 % moved, the worst of the seeds."""
    parts = []
    sweeps = done(rows, world="m3", method="frontier")
    for moved, asked in ((0.05, 0.52), (0.20, 0.80)) if sweeps else ():
        worst = min(_best_share(row, moved) for row in sweeps)
        parts.append((worst >= asked, f"m3 {moved:.0%} moved {worst:.3f}"))
    return parts


def _within(groups: Sequence[Rows], seconds: float, asked: float) -> Part | None:
    """The best effort that keeps the time, else the one that comes nearest to it."""
    if not groups:
        return None
    in_time = [one for one in groups if selections.mean(one, "solve_cpu_seconds") <= seconds]
    nearest = min(groups, key=lambda one: selections.mean(one, "solve_cpu_seconds"))
    best = max(in_time or [nearest], key=lambda one: selections.mean(one, "host_share"))
    share, cpu = selections.mean(best, "host_share"), selections.mean(best, "solve_cpu_seconds")
    worst = min(row["host_share"] for row in best)
    sound = all(row["violations"] == 0 for row in best)
    enough = share >= asked and (worst > RASA or seconds < 1)
    wall = selections.mean(best, "solve_seconds")
    told = f"mean {share:.4f} (worst {worst:.4f}) in {cpu:.3g} s cpu ({wall:.3g} s wall)"
    return bool(in_time) and enough and sound, told


def _best_share(row: Row, moved: float) -> float:
    kept = [point["host_share"] for point in row["points"] if point["moved"] <= moved + 1e-9]
    return float(max(kept, default=row["start_host_share"]))


def _points(rows: Rows) -> list[Row]:
    """All that we found on M3, whatever the effort."""
    sweeps = done(rows, world="m3", routing="local", method="frontier")
    return [*_ours(rows), *(point for row in sweeps for point in row["points"])]


def _ours(rows: Rows) -> list[Row]:
    return done(rows, world="m3", routing="local", method="shorthaul")
