"""A settled cluster of which a share of the pods is placed anew by chance, and then put right.

The settled state is found before the clock runs: plans are carried out until one moves nothing.
Each round carries out the last answer, lets the engine see that, disturbs it, and asks for a plan;
what counts is the time of that and how much of the cost that the disturbance added is gone again.
The engine is what the operator uses, which is given a whole problem each time and compares pods by
name; with the option `arrays` it is the arrays kept for one problem, which follow counts.
"""

import time
from dataclasses import replace

import numpy as np

from benchmarks import engines, scorers, views
from benchmarks.outcomes import Outcome, Task
from shorthaul.solve.matches import groups_of, homes_of, places_of
from shorthaul.solve.problems import Assignment, Ints, Problem
from shorthaul.solve.sparse_counts import from_pods

ROUNDS = 30
SHARE = 0.01
TRIES = 50
SETTLING = 20


def replan(task: Task, budget: engines.Budget) -> Outcome:
    """Settles, then disturbs and plans anew so many times."""
    random = np.random.default_rng(task.cell.trial)
    arrays = bool(task.cell.option("arrays", 0))
    replanner = engines.Replanner(task.problem, budget, arrays=arrays)
    problem, found = _settled(task.problem, replanner)
    seconds, used, quiet, recovered = [], [], [], []
    for _ in range(int(task.cell.option("rounds", ROUNDS))):
        problem = moved(problem, places_of(problem, found.counts))
        before = time.process_time()
        found = replanner.plan(problem)
        quiet.append(time.process_time() - before)
        problem = moved(problem, places_of(problem, found.counts))
        least = scorers.score(problem, problem.start).cost
        problem = moved(problem, disturbed(problem, random, SHARE))
        begin, before = time.perf_counter(), time.process_time()
        found = replanner.plan(problem)
        seconds.append(time.perf_counter() - begin)
        used.append(time.process_time() - before)
        cost = scorers.score(problem, problem.start).cost
        after = scorers.score(problem, found.counts).cost
        recovered.append((cost - after) / max(cost - least, 1e-12))
    figures = {
        "replan_p50_seconds": float(np.percentile(seconds, 50)),
        "replan_p99_seconds": float(np.percentile(seconds, 99)),
        "replan_p99_cpu_seconds": float(np.percentile(used, 99)),
        "quiet_p50_cpu_seconds": float(np.percentile(quiet, 50)),
        "recovered_least": float(min(recovered)),
        "recovered_mean": float(np.mean(recovered)),
    }
    return Outcome(problem, (found.counts,), figures)


def _settled(problem: Problem, replanner: engines.Replanner) -> tuple[Problem, Assignment]:
    """The cluster when the first plans have been carried out, one after the other."""
    found = replanner.settled
    for _ in range(SETTLING):
        problem = moved(problem, places_of(problem, found.counts))
        found = replanner.plan(problem)
        if found.counts.same(problem.start):
            break
    return problem, found


def moved(problem: Problem, places: Ints) -> Problem:
    """The same cluster with each pod on a node, which pods keep their names on."""
    owners, ends = groups_of(problem), np.cumsum(problem.start.totals())
    groups = []
    for group, end in zip(problem.groups, ends.tolist(), strict=True):
        order = np.argsort(places[end - len(group.pods) : end], kind="stable").tolist()
        groups.append(replace(group, pods=tuple(group.pods[at] for at in order)))
    start = from_pods(owners, places, problem.start.rows, problem.start.width)
    return replace(problem, groups=tuple(groups), start=start)


def disturbed(problem: Problem, random: np.random.Generator, share: float) -> Ints:
    """Each pod's node when a share of the pods is on random nodes that can take them."""
    owners, places = groups_of(problem), homes_of(problem)
    held = views.Held(views.view(problem), problem.start)
    for pod in random.choice(len(places), int(len(places) * share), replace=False).tolist():
        group, home = int(owners[pod]), int(places[pod])
        held.put(group, home, -1)
        nodes = random.integers(len(problem.nodes), size=TRIES).tolist()
        places[pod] = next((node for node in nodes if held.fits(group, node)), home)
        held.put(group, int(places[pod]), 1)
    return places
