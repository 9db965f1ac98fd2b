"""Makes a plan: vetoes, problem, search, net moves, waves, and the reference's last word.

Whatever cannot be ordered, or is refused by the reference checker, is forbidden and the rest is
planned anew, a few times and while it is worth it; the best of these plans that passes the checker
is the plan. It is never worse than leaving everything where it is.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shorthaul.cluster import checkers
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World
from shorthaul.plan import drafts, frontiers, motives, provenance, scores, vetoes, waves
from shorthaul.plan.drafts import Draft
from shorthaul.plan.plans import Move, Plan, Value
from shorthaul.plan.posing import effort_of, least_gain, pose
from shorthaul.plan.refusals import refusals
from shorthaul.plan.requests import KNEE, Request
from shorthaul.solve import bounds, costs
from shorthaul.solve.problems import Problem
from shorthaul.units import NodeName, PodRef

__all__ = ["KNEE", "Request", "make_plan"]
ATTEMPTS = 6
OPTIMAL_SHARE = 1e-9
LOST_SHARE = 5e-4


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One feasible plan in the making, and what had to be refused on the way."""

    problem: Problem
    wanted: tuple[Draft, ...]
    schedule: waves.Schedule
    cost: int
    lost: float
    limited: bool

    @property
    def moves(self) -> tuple[Draft, ...]:
        return tuple(move for wave in self.schedule.waves for move in wave)


def make_plan(request: Request) -> Plan:
    """The plan for a request; the same for the same request, if not cut short."""
    world = World(request.snapshot, request.rules, request.clients)
    vetting = vetoes.vet(request, world)
    allowed = dict(vetting.allowed)
    refused: dict[PodRef, Reason] = {}
    best: _Attempt | None = None
    first: Problem | None = None
    for _ in range(ATTEMPTS):
        problem = pose(request, allowed)
        first = first or problem
        attempt = _attempt(request, problem, world)
        if best is None or attempt.cost < best.cost:
            best = attempt
        if attempt.lost <= LOST_SHARE or attempt.limited:
            break
        _forbid(attempt, allowed, refused)
    assert best is not None
    assert first is not None
    return _plan(request, best, first, {**refused, **vetting.vetoed})


def _attempt(request: Request, problem: Problem, world: World) -> _Attempt:
    """Solves, drops what is not needed, and orders the rest; stuck moves are left out."""
    price = least_gain(request, problem)
    effort = effort_of(request, problem)
    solved = (
        frontiers.knee(problem, request.solver, effort)
        if request.max_moves == KNEE
        else request.solver.solve(problem, effort)
    )
    wanted = drafts.draft(problem, solved.counts)
    found = _scheduled(request, problem, world, wanted)
    stuck = dict(found.stuck)
    while found.stuck:
        kept = [move for wave in found.waves for move in wave]
        found = _scheduled(request, problem, world, kept)
        stuck.update(found.stuck)
    moves = tuple(move for wave in found.waves for move in wave)
    cost = drafts.cost_of(problem, moves) + price * len(moves)
    lost = _lost(problem, solved.cost + price * len(wanted), cost) if stuck else 0.0
    return _Attempt(problem, wanted, waves.Schedule(found.waves, stuck), cost, lost, solved.limited)


def _lost(problem: Problem, hoped: int, cost: int) -> float:
    """The share of the hoped gain that went with the moves that cannot be made."""
    gain = drafts.cost_of(problem, ()) - hoped
    return (cost - hoped) / gain if gain > 0 else 0.0


def _scheduled(
    request: Request, problem: Problem, world: World, moves: Sequence[Draft]
) -> waves.Schedule:
    """Prunes and orders moves, and asks the reference about the whole."""

    home = {move.pod: world.move(move.pod, move.target_name) for move in moves}

    def sent_home(move: Draft, kept: Sequence[Draft]) -> bool:
        return _sent_home(request, world, move, kept)

    kept = drafts.prune(problem, moves, least_gain(request, problem), sent_home)
    for ref, node in home.items():
        world.move(ref, node)
    found = waves.schedule(kept, world, request.now_seconds)
    steps = [[(move.pod, move.target_name) for move in wave] for wave in found.waves]
    verdicts = checkers.check_moves(
        request.snapshot, steps, request.rules, request.now_seconds, clients=request.clients
    )
    if not verdicts:
        return found
    refused = dict(reversed(verdicts))
    passed = tuple(tuple(move for move in wave if move.pod not in refused) for wave in found.waves)
    return waves.Schedule(passed, {**found.stuck, **refused})


def _sent_home(request: Request, world: World, move: Draft, kept: Sequence[Draft]) -> bool:
    """Undoes a move in the world of all moves, unless a pod that was moved minds.

    A pod may always stay where it is, so only others are asked: those that came to its node, its
    own siblings, those whose terms may speak of it, and everybody if it has such terms itself.
    """
    pod = request.snapshot.pods[move.pod]
    world.move(move.pod, pod.node)
    asked = (
        world.pod(other.pod)
        for other in kept
        if other.pod != move.pod
        and (
            other.target_name == pod.node
            or _minds(pod)
            or _minds(request.snapshot.pods[other.pod])
            or request.snapshot.pods[other.pod].workload == pod.workload
        )
    )
    stands = all(
        one.node is not None
        and not checkers.check_target(one, world.nodes[one.node], world, request.rules)
        for one in asked
    )
    if not stands:
        world.move(move.pod, move.target_name)
    return stands


def _minds(pod: Pod) -> bool:
    """Whether a pod has terms about where other pods are."""
    return bool(pod.affinity or pod.anti_affinity or pod.spread)


def _forbid(
    attempt: _Attempt,
    allowed: dict[PodRef, frozenset[NodeName]],
    refused: dict[PodRef, Reason],
) -> None:
    """Takes the refused targets from the pods that wanted them, and from those beside them."""
    homes = attempt.problem.homes
    for move in attempt.wanted:
        reason = attempt.schedule.stuck.get(move.pod)
        if reason is None:
            continue
        refused.setdefault(move.pod, reason)
        for ref in attempt.problem.groups[move.group].pods:
            if homes[ref] == move.source:
                allowed[ref] = allowed[ref] - {move.target_name}


def _plan(
    request: Request, best: _Attempt, first: Problem, refused: Mapping[PodRef, Reason]
) -> Plan:
    steps = [(move.pod, move.target_name) for move in best.moves]
    scored = scores.score(request, steps)
    bound = bounds.lower_bound(first)
    world = World(request.snapshot.moved(steps), request.rules, request.clients)
    counts = drafts.counts_of(best.problem, best.moves)
    moving = {ref for ref, _ in steps}
    staying = {ref: reason for ref, reason in refused.items() if ref not in moving}
    return Plan(
        moves=_moves(request, best),
        value=Value(
            request.objective,
            scored.unit,
            scored.before,
            scored.after,
            _proven(bound.value, scored.after),
            bound.method,
        ),
        locality=scored.locality,
        refusals=refusals(request, world, best.problem, counts, staying),
        inputs=provenance.inputs(request),
        notes=_notes(request),
        time_limited=best.limited,
    )


def _proven(bound: float, after: float) -> float:
    """The bound; where the plan meets it but for rounding, the plan is optimal."""
    return after if bound >= after * (1 - OPTIMAL_SHARE) else bound


def _moves(request: Request, best: _Attempt) -> tuple[Move, ...]:
    """The moves with gains and reasons; what undoing one alone costs is told by the reference."""
    steps = [(move.pod, move.target_name) for move in best.moves]
    where = costs.places(request.snapshot).moved(steps)
    edges, pricing = request.attracting, request.pricing
    found = []
    for number, wave in enumerate(best.schedule.waves, start=1):
        for step in wave:
            pod = request.snapshot.pods[step.pod]
            source = best.problem.nodes[step.source]
            drawn = motives.pulls(pod, source, edges, where, request.distances, pricing)
            gain = math.fsum(pull.gain for pull in drawn)
            found.append(
                Move(
                    pod=step.pod,
                    uid=pod.uid,
                    workload=pod.workload,
                    source=source,
                    target=step.target_name,
                    wave=number,
                    gain=gain,
                    reason=motives.motive(gain, drawn),
                )
            )
    return tuple(sorted(found, key=lambda move: (move.wave, -move.gain, move.pod)))


def _notes(request: Request) -> tuple[str, ...]:
    left_out = len(request.edges) - len(request.attracting)
    if not left_out:
        return ()
    return (
        f"{left_out} of {len(request.edges)} edges attract nobody: one side's policy does not "
        "name the other's namespace",
    )
