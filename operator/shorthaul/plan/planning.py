"""Makes a plan: vetoes, problem, search, net moves, waves, and the reference's last word.

Whatever cannot be ordered, or is refused by the reference checker, is forbidden and the rest is
planned anew, a few times and while it is worth it; the best of these plans that passes the checker
is the plan. It is never worse than leaving everything where it is. Moves whose gain is not certain
are left out, and nothing is planned in their stead until rates are known better.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shorthaul.cluster import checkers
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Pod
from shorthaul.cluster.worlds import World
from shorthaul.plan import drafts, frontiers, margins, motives, provenance, scores, vetoes, waves
from shorthaul.plan.drafts import Draft
from shorthaul.plan.hops import NOWHERE, Hop, Schedule, Spare
from shorthaul.plan.least_gains import least_gain, settled
from shorthaul.plan.plans import Move, Plan, Value
from shorthaul.plan.posing import effort_of, pose
from shorthaul.plan.refusals import refusals
from shorthaul.plan.requests import KNEE, Request
from shorthaul.plan.returns import Returns
from shorthaul.solve import bounds, closings, costs
from shorthaul.solve.problems import Assignment, Problem
from shorthaul.solve.solvers import Effort
from shorthaul.units import NodeName, PodRef

__all__ = ["KNEE", "Request", "certified", "make_plan"]
ATTEMPTS = 6
OPTIMAL_SHARE = 1e-9
LOST_SHARE = 5e-4


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One feasible plan in the making, what had to be refused on the way, and what is doubtful."""

    problem: Problem
    wanted: tuple[Draft, ...]
    schedule: Schedule
    stuck: Mapping[PodRef, Reason]
    doubts: Mapping[PodRef, Reason]
    cost: int
    lost: float
    limited: bool
    proven: bounds.Bound

    @property
    def moves(self) -> tuple[Draft, ...]:
        return self.schedule.moves


def make_plan(request: Request) -> Plan:
    """The plan for a request; the same for the same request, if not cut short."""
    world = World(request.snapshot, request.rules, request.clients)
    vetting = vetoes.vet(request, world)
    allowed = dict(vetting.allowed)
    refused: dict[PodRef, Reason] = {}
    best: _Attempt | None = None
    bound: bounds.Bound | None = None
    for _ in range(ATTEMPTS):
        problem = pose(request, allowed)
        request = settled(request, problem)
        bound = bound or _bound(request, problem)
        attempt = _attempt(request, problem, world, bound)
        if not refused:
            bound = max(bound, attempt.proven, key=lambda one: one.value)
        if best is None or attempt.cost < best.cost:
            best = attempt
        if attempt.lost <= LOST_SHARE or attempt.limited:
            break
        _forbid(attempt, allowed, refused)
    assert best is not None
    assert bound is not None
    return _plan(request, best, bound, {**best.doubts, **refused, **vetting.vetoed})


def certified(plan: Plan, request: Request) -> Plan:
    """The same plan with the bound that its request asks for, where it was made without one."""
    if request.proof is None:
        return plan
    bound = _bound(request, pose(request))
    return replace(plan, value=_value(request, plan.value.before, plan.value.after, bound))


def _bound(request: Request, problem: Problem) -> bounds.Bound:
    return bounds.NOTHING if request.proof is None else bounds.lower_bound(problem, request.proof)


def _attempt(request: Request, problem: Problem, world: World, bound: bounds.Bound) -> _Attempt:
    """Solves, drops what is not needed, and orders the rest; stuck moves are left out."""
    price = least_gain(request, problem)
    effort = effort_of(request, problem, bound.value)
    solved, proven = _solved(request, problem, effort)
    wanted = drafts.draft(problem, solved.counts)
    doubts: dict[PodRef, Reason] = {}
    found, stuck = _ordered(request, problem, world, wanted, doubts)
    moves = found.moves
    cost = drafts.cost_of(problem, moves) + price * len(found.hops)
    lost = _lost(problem, solved.cost + price * len(wanted), cost) if stuck else 0.0
    return _Attempt(problem, wanted, found, stuck, doubts, cost, lost, solved.limited, proven)


def _solved(request: Request, problem: Problem, effort: Effort) -> tuple[Assignment, bounds.Bound]:
    """The placement, and what its search has proven on the way."""
    if request.max_moves == KNEE:
        found = frontiers.knee(problem, request.solver, effort, request.mapper)
        return found, bounds.NOTHING
    found = request.solver.solve(problem, effort)
    if request.proof is None or not request.proof.closing:
        return found, bounds.NOTHING
    closed = closings.close(problem, effort, found, request.proof.closing)
    return closed.assignment, bounds.Bound(closed.lower, bounds.EXACT, bounds.EXACT_ASSUMES)


def _ordered(
    request: Request,
    problem: Problem,
    world: World,
    wanted: Sequence[Draft],
    doubts: dict[PodRef, Reason],
) -> tuple[Schedule, Mapping[PodRef, Reason]]:
    """An order of all the moves that are needed and can be made, and why the others cannot."""
    stuck: dict[PodRef, Reason] = {}
    kept = _certain(request, problem, world, wanted, doubts)
    while True:
        found = _scheduled(request, problem, world, kept)
        stuck.update(found.stuck)
        left = [move for move in kept if move.pod not in found.stuck]
        kept = _certain(request, problem, world, left, doubts) if found.stuck else kept
        if not found.strays and len(kept) == len(found.moves):
            return found, stuck


def _certain(
    request: Request,
    problem: Problem,
    world: World,
    moves: Sequence[Draft],
    doubts: dict[PodRef, Reason],
) -> tuple[Draft, ...]:
    """The moves that are needed, but for those of doubtful gain that none needs for its room.

    None at all where those that are left would cost more than what is today.
    """
    kept = _pruned(request, problem, world, moves)
    while found := margins.doubts(request, problem, kept):
        returns = Returns(world, request.rules, kept)
        home = {each.pod for each in kept if each.pod in found and returns.send_home(each)}
        returns.close()
        if not home:
            break
        doubts.update((pod, found[pod]) for pod in sorted(home))
        left = [each for each in kept if each.pod not in home]
        kept = _pruned(request, problem, world, left)
        if drafts.cost_of(problem, kept) > drafts.cost_of(problem, ()):
            return ()
    return kept


def _lost(problem: Problem, hoped: int, cost: int) -> float:
    """The share of the hoped gain that went with the moves that cannot be made."""
    gain = drafts.cost_of(problem, ()) - hoped
    return (cost - hoped) / gain if gain > 0 else 0.0


def _pruned(
    request: Request, problem: Problem, world: World, moves: Sequence[Draft]
) -> tuple[Draft, ...]:
    """The moves that are needed, with their gains."""
    returns = Returns(world, request.rules, moves)
    kept = drafts.prune(problem, moves, least_gain(request, problem), returns.send_home)
    returns.close()
    return kept


def _scheduled(
    request: Request, problem: Problem, world: World, moves: Sequence[Draft]
) -> Schedule:
    """Orders moves, and asks the reference about the whole."""
    left = None if request.limit is None else max(0, request.limit - len(moves))
    spare = Spare(least_gain(request, problem), left) if request.parking else NOWHERE
    found = waves.schedule(moves, world, request.now_seconds, spare)
    if found.strays:
        return found
    steps = [[(hop.pod, hop.target) for hop in wave] for wave in found.waves]
    verdicts = checkers.check_moves(
        request.snapshot, steps, request.rules, request.now_seconds, clients=request.clients
    )
    if not verdicts:
        return found
    refused = dict(reversed(verdicts))
    return Schedule(found.waves, {**found.stuck, **refused}, frozenset(refused))


def _forbid(
    attempt: _Attempt,
    allowed: dict[PodRef, frozenset[NodeName]],
    refused: dict[PodRef, Reason],
) -> None:
    """Takes the refused targets from the pods that wanted them, and from those beside them."""
    homes = attempt.problem.homes
    for move in attempt.wanted:
        reason = attempt.stuck.get(move.pod)
        if reason is None:
            continue
        refused.setdefault(move.pod, reason)
        for ref in attempt.problem.groups[move.group].pods:
            if homes[ref] == move.source:
                allowed[ref] = allowed[ref] - {move.target_name}


def _plan(
    request: Request, best: _Attempt, bound: bounds.Bound, refused: Mapping[PodRef, Reason]
) -> Plan:
    steps = [(move.pod, move.target_name) for move in best.moves]
    scored = scores.score(request, steps)
    world = World(request.snapshot.moved(steps), request.rules, request.clients)
    counts = drafts.counts_of(best.problem, best.moves)
    moving = {ref for ref, _ in steps}
    staying = {ref: reason for ref, reason in refused.items() if ref not in moving}
    return Plan(
        moves=_moves(request, best),
        value=_value(request, scored.before, scored.after, bound),
        locality=scored.locality,
        refusals=refusals(request, world, best.problem, counts, staying),
        inputs=provenance.inputs(request),
        notes=_notes(request),
        time_limited=best.limited,
    )


def _value(request: Request, before: float, after: float, bound: bounds.Bound) -> Value:
    proven, unit = _proven(bound.value, after), request.pricing.unit
    return Value(request.objective, unit, before, after, proven, bound.method, bound.assumes)


def _proven(bound: float, after: float) -> float:
    """The bound; where the plan meets it but for rounding, the plan is optimal."""
    return after if bound >= after * (1 - OPTIMAL_SHARE) else bound


def _moves(request: Request, best: _Attempt) -> tuple[Move, ...]:
    """The moves with gains and reasons; what undoing one alone costs is told by the reference."""
    steps = [(move.pod, move.target_name) for move in best.moves]
    where = costs.places(request.snapshot).moved(steps)
    told = motives.Motives(request.attracting, where, request.distances, request.pricing)
    lands = {
        hop.pod: number
        for number, wave in enumerate(best.schedule.waves, start=1)
        for hop in wave
        if not hop.parks
    }
    parked = {hop.pod for hop in best.schedule.hops if hop.parks}
    found = []
    for number, wave in enumerate(best.schedule.waves, start=1):
        for hop in wave:
            pod = request.snapshot.pods[hop.pod]
            gain, reason = _told(told, pod, best.problem.nodes[hop.move.source], hop)
            if hop.parks:
                reason = motives.parked(hop.move.target_name, lands[hop.pod])
            elif hop.pod in parked:
                reason = f"{reason}; the successor goes on from where it was parked"
            found.append(
                Move(
                    pod=hop.pod,
                    uid=pod.uid,
                    workload=pod.workload,
                    source=hop.source,
                    target=hop.target,
                    wave=number,
                    gain=gain,
                    reason=reason,
                )
            )
    return tuple(sorted(found, key=lambda move: (move.wave, -move.gain, move.pod)))


def _told(told: motives.Motives, pod: Pod, home: NodeName, hop: Hop) -> tuple[float, str]:
    """What a move gains against staying at home, and why; parking by itself gains nothing."""
    if hop.parks:
        return 0.0, ""
    drawn = told.pulls(pod, home)
    gain = math.fsum(pull.gain for pull in drawn)
    return gain, motives.motive(gain, drawn)


def _notes(request: Request) -> tuple[str, ...]:
    left_out = len(request.edges) - len(request.attracting)
    if not left_out:
        return ()
    return (
        f"{left_out} of {len(request.edges)} edges attract nobody: one side's policy does not "
        "name the other's namespace",
    )
