"""A settled cluster of which a share of the pods is placed anew by chance, and then put right.

The settled state is found before the clock runs. Each round disturbs it differently and asks the
engine for a plan from there; what counts is the time of a round and how much of the cost that the
disturbance added is gone again.
"""

import time
from dataclasses import replace

import numpy as np

from benchmarks import engines, scorers, views
from benchmarks.outcomes import Outcome, Task
from shorthaul.solve.problems import Problem
from shorthaul.solve.sparse_counts import SparseCounts, from_pods

ROUNDS = 20
SHARE = 0.01
TRIES = 50


def replan(task: Task, budget: engines.Budget) -> Outcome:
    """Settles, then disturbs and plans anew so many times."""
    settled = engines.solve(task.problem, engines.Budget(task.cell.trial, seconds=_settling(task)))
    least = scorers.score(task.problem, settled.counts).cost
    random = np.random.default_rng(task.cell.trial)
    replanner = engines.Replanner(replace(task.problem, start=settled.counts))
    seconds, used, recovered, last = [], [], [], (task.problem, task.problem.start)
    for _ in range(int(task.cell.option("rounds", ROUNDS))):
        start = disturbed(task.problem, settled.counts, random, SHARE)
        problem = replace(task.problem, start=start)
        begin, before = time.perf_counter(), time.process_time()
        found = replanner.plan(problem, budget)
        seconds.append(time.perf_counter() - begin)
        used.append(time.process_time() - before)
        cost = scorers.score(problem, start).cost
        after = scorers.score(problem, found.counts).cost
        recovered.append((cost - after) / max(cost - least, 1e-12))
        last = (problem, found.counts)
    figures = {
        "replan_p50_seconds": float(np.percentile(seconds, 50)),
        "replan_p99_seconds": float(np.percentile(seconds, 99)),
        "replan_p99_cpu_seconds": float(np.percentile(used, 99)),
        "recovered_least": float(min(recovered)),
        "recovered_mean": float(np.mean(recovered)),
    }
    return Outcome(last[0], (last[1],), figures)


def disturbed(
    problem: Problem, counts: SparseCounts, random: np.random.Generator, share: float
) -> SparseCounts:
    """The same placement with a share of the pods on random nodes that can take them."""
    view = views.view(problem)
    owners = np.repeat(np.arange(counts.rows), counts.totals())
    places = np.repeat(counts.nodes, counts.amounts)
    held = views.Held(view, counts)
    for pod in random.choice(len(places), int(len(places) * share), replace=False).tolist():
        group, home = int(owners[pod]), int(places[pod])
        held.put(group, home, -1)
        nodes = random.integers(len(problem.nodes), size=TRIES).tolist()
        places[pod] = next((node for node in nodes if held.fits(group, node)), home)
        held.put(group, int(places[pod]), 1)
    return from_pods(owners, places, counts.rows, counts.width)


def _settling(task: Task) -> float:
    return task.cell.option("settling_seconds", 60)
