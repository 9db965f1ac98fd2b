"""From options to the request that plans are made from; shared by plan, score, explain, frontier.

Without policies every movable pod may be moved and only --min-hosts binds; with policies only
what they select may be, as they say, whatever their mode: nothing is carried out here. Time is that
of the end of the recording, so that the same files give the same plan on any day; for a live
cluster it is now.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from shorthaul.api import latencies
from shorthaul.api import policies as rulebooks
from shorthaul.api.affinitypolicies import AffinityPolicy
from shorthaul.api.policies import Policy
from shorthaul.cli import cores, digests, inputs, versions
from shorthaul.cli.inputs import Inputs, Paths
from shorthaul.cli.object_files import read_objects
from shorthaul.cli.options import KNEE, LIVE, NONE, QUICK, SERVICES, THOROUGH
from shorthaul.cli.progress import Progress
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.errors import BadInput
from shorthaul.plan import scopes
from shorthaul.plan.requests import Request
from shorthaul.report.routing_texts import doubt_notes
from shorthaul.solve import bounds
from shorthaul.solve.solvers import never
from shorthaul.units import Objective, WorkloadRef

PROOFS: Mapping[str, bounds.Work | None] = {
    QUICK: bounds.QUICK,
    THOROUGH: bounds.THOROUGH,
    NONE: None,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asks of a plan, by the names of the options."""

    cluster: Sequence[str]
    flows: Sequence[str]
    policy: Sequence[str] = ()
    topology: str | None = None
    objective: str | None = None
    routing: str = SERVICES
    max_moves: int | str | None = None
    max_moves_percent: float | None = None
    time_limit: float | None = None
    min_hosts: int = 2
    seed: int = 0
    recommend_routing: bool = False
    endpoint_load_limit: float = 1.5
    bound: str = QUICK


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request, what it was made from, and what its reader should know."""

    request: Request
    found: Inputs
    notes: tuple[str, ...]
    asked: Asked


def prepare(asked: Asked, progress: Progress) -> Prepared:
    """Reads everything and puts the request together."""
    if asked.max_moves is not None and asked.max_moves_percent is not None:
        raise BadInput("--max-moves and --max-moves-percent exclude each other; give one")
    if asked.recommend_routing and asked.routing != SERVICES:
        raise BadInput(
            f"--recommend-routing asks what Services should do, --routing {asked.routing} says so "
            "already; give one"
        )
    policies = _read_policies(asked.policy)
    objective = _objective(asked, policies)
    paths = Paths(asked.cluster, asked.flows, asked.topology)
    found = inputs.read_inputs(paths, objective, asked.routing, progress)
    aim = inputs.objective_of(objective, found.graph)
    prices, told = inputs.prices_of(aim, found)
    found = replace(found, notes=(*found.notes, *told, *doubt_notes(found.routings)))
    request = Request(
        snapshot=found.snapshot,
        edges=found.routed,
        unit=found.graph.unit,
        distances=found.distances,
        rules=Rules(WorkloadRules(least_hosts=asked.min_hosts)),
        objective=aim,
        prices=prices,
        max_moves=asked.max_moves,
        max_moves_percent=asked.max_moves_percent,
        seed=asked.seed,
        mapper=cores.side_by_side,
        proof=PROOFS[asked.bound],
        expired=_deadline(asked.time_limit),
        now_seconds=_now(asked.cluster, found),
        digests={**digests.digests(paths, asked.policy), **_settings(asked)},
    )
    _ = request.pricing  # A unit or a price that is missing is told before the search.
    if not policies:
        return Prepared(request, found, found.notes, asked)
    governed, notes = _governed(request, policies, found.snapshot)
    return Prepared(governed, found, (*found.notes, *notes), asked)


def _settings(asked: Asked) -> Mapping[str, str]:
    """What a plan depends on beside the files and what the request itself tells."""
    settings = {"routing": asked.routing, "shorthaul": versions.own()}
    if asked.recommend_routing:
        settings["endpointLoadLimit"] = repr(asked.endpoint_load_limit)
    if asked.bound != QUICK:
        settings["bound"] = asked.bound
    return settings if asked.policy else {**settings, "minHosts": str(asked.min_hosts)}


def _read_policies(paths: Sequence[str]) -> tuple[Policy, ...]:
    if not paths:
        return ()
    found = read_objects(paths, AffinityPolicy)
    for one in found:
        if not one.metadata.namespace:
            raise BadInput(
                f"{', '.join(paths)}: AffinityPolicy {one.metadata.name} has no "
                "metadata.namespace; name the namespace that it is for"
            )
    return tuple(rulebooks.read(policy) for policy in found)


def _objective(asked: Asked, policies: Sequence[Policy]) -> Objective | None:
    if asked.objective:
        return Objective(asked.objective)
    wanted = sorted({policy.spec.objective for policy in policies})
    if len(wanted) > 1:
        raise BadInput(
            f"the policies have several objectives ({', '.join(wanted)}); "
            "say which one with --objective"
        )
    return wanted[0] if wanted else None


def _deadline(limit_seconds: float | None) -> Callable[[], bool]:
    if limit_seconds is None:
        return never
    end = time.monotonic() + limit_seconds
    return lambda: time.monotonic() >= end


def _now(cluster: Sequence[str], found: Inputs) -> float:
    """An edge list tells no time; then every pod is taken as old enough."""
    if LIVE in cluster:
        return time.time()
    return found.graph.end_seconds or math.inf


def _governed(
    request: Request, policies: Sequence[Policy], snapshot: Snapshot
) -> tuple[Request, Sequence[str]]:
    governance = rulebooks.govern(policies, snapshot.workloads.values())
    acting = [policy.ref for policy in policies]
    selected: frozenset[WorkloadRef] = frozenset().union(*governance.workloads.values())
    most, percent = request.max_moves, request.max_moves_percent
    governed = replace(
        request,
        rules=rulebooks.rules(policies, governance, acting),
        selected=selected,
        targets=latencies.targets(policies, governance.workloads),
        max_moves=_target(policies) if most is None and percent is None else most,
        move_price=scopes.move_price(policies),
    )
    return governed, _policy_notes(policies, governance)


def _target(policies: Sequence[Policy]) -> int | str | None:
    """The most careful of the limits that the policies name; none is no limit."""
    given = [policy.spec.target.max_moves for policy in policies]
    numbers = [limit for limit in given if isinstance(limit, int)]
    return min(numbers) if numbers else KNEE if KNEE in given else None


def _policy_notes(policies: Sequence[Policy], governance: rulebooks.Governance) -> Sequence[str]:
    notes = [
        f"policy {ref} selects no workload"
        for ref, all_ in governance.workloads.items()
        if not all_
    ]
    for ref, conflicts in governance.conflicts.items():
        first = conflicts[0]
        notes.append(
            f"policy {ref} moves nothing: {first.other} is for {first.workload} too "
            f"({len(conflicts)} workloads in conflict)"
        )
    for ref, peers in rulebooks.unanswered(policies).items():
        notes.append(
            f"policy {ref} names {', '.join(peers)}, where no policy names {ref.namespace}; "
            "that traffic attracts nobody"
        )
    return notes
