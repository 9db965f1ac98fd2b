"""Whether a plan that waits for its turn still fits, after other plans have moved pods.

An Auto plan is simply made anew: its gain was reckoned for pods that are elsewhere now. A plan that
a person was asked about stands as long as each of its moves can still be made.
"""

from collections.abc import Sequence

from shorthaul.api.placementplans import PlacementPlan
from shorthaul.cluster import checkers
from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.cluster.waves import Step, Verdict
from shorthaul.cluster.worlds import World
from shorthaul.plan.views import View
from shorthaul.units import Namespace, NodeName, PodRef


def overtaken(plan: PlacementPlan, view: View) -> Reason | None:
    """Which pod another plan has moved since this one was made."""
    made = plan.metadata.creation_timestamp
    for move in view.moves:
        began, ended = move.status.started_at, move.status.finished_at
        if made is None or began is None or ended is None or ended <= made:
            continue
        if move.spec.plan != plan.metadata.name and move.status.replacement is not None:
            pod = f"{move.metadata.namespace}/{move.spec.pod.name}"
            return Reason("OtherMovesMade", f"plan {move.spec.plan} has moved pod {pod} since")
    return None


def misfit(plan: PlacementPlan, view: View, rules: Rules) -> Reason | None:
    """Why some move of a plan can no longer be made at all; what only has to wait is no reason."""
    waves = steps(plan)
    world = World(view.snapshot, rules)
    known = [[step for step in wave if world.has(step[0])] for wave in waves]
    verdicts = checkers.check_moves(view.snapshot, known, rules, view.seconds)
    for verdict in verdicts:
        if not _passes(verdict, world, view.seconds):
            ref, reason = verdict
            return Reason(reason.code, f"{ref} can no longer be moved as planned: {reason.message}")
    return None


def steps(plan: PlacementPlan) -> Sequence[Sequence[Step]]:
    """The moves of a plan wave by wave, as the referee takes them."""
    found: dict[int, list[Step]] = {}
    for move in plan.spec.moves:
        step = (PodRef(Namespace(move.namespace), move.pod), NodeName(move.target))
        found.setdefault(move.wave, []).append(step)
    return [found[wave] for wave in sorted(found)]


def _passes(verdict: Verdict, world: World, now_seconds: float) -> bool:
    """Whether it speaks of the pod itself, today (its age, its rest), or of a budget's moment."""
    ref, reason = verdict
    answers = checkers.check_pod(world.pod(ref), world, world.rules, now_seconds)
    return reason.code == "BudgetSpent" or reason.code in {one.code for one in answers}
