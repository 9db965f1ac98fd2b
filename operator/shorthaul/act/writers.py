"""Carries out commands: each is one write, or two for an object with its first status.

A command that comes too late (somebody else has written the object, or it is gone) is dropped, and
so is one that the API server refuses (a quota, a missing right), so that one namespace never holds
up the others: the next cycle decides again on what is there then. Everything that was written goes
on the board at once, so that the next cycle sees its own writes.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shorthaul import metrics
from shorthaul.act import records
from shorthaul.act.executors import Executor, Leadership
from shorthaul.api import planconditions
from shorthaul.api.placementhints import HintTerm, WorkloadHint
from shorthaul.api.placementplans import PlacementPlan
from shorthaul.api.podmoves import MovePhase
from shorthaul.kube import endpoints, plans, statuses
from shorthaul.kube.boards import Board
from shorthaul.kube.connections import Connection
from shorthaul.kube.endpoints import Endpoint
from shorthaul.kube.events import Happening, Regarding, Teller
from shorthaul.kube.failures import Conflict, Forbidden, Invalid, NotFound
from shorthaul.kube.hints import Hints
from shorthaul.kube.lists import ObjectMetadata
from shorthaul.plan.commands import (
    Command,
    CreateMove,
    CreatePlan,
    Forget,
    SetHint,
    SetMovePhase,
    SetPlanStatus,
    SetPolicyStatus,
    Tell,
)
from shorthaul.plan.hints import Term

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tools:
    """What commands are carried out with."""

    connection: Connection
    board: Board
    hints: Hints
    executor: Executor
    leadership: Leadership
    teller: Teller


async def carry_out(command: Command, tools: Tools, now: datetime) -> None:
    """Does what a command says; raises RequestFailed when the API server cannot be reached."""
    try:
        await _do(command, tools, now)
    except (Conflict, NotFound) as failure:
        _LOG.info("%s comes too late: %s", type(command).__name__, failure)
    except (Forbidden, Invalid) as failure:
        _LOG.warning("%s is refused: %s; going on", type(command).__name__, failure)


async def _do(command: Command, tools: Tools, now: datetime) -> None:
    match command:
        case CreatePlan(plan=plan):
            await _create_plan(plan, tools, now)
        case CreateMove(move=move):
            body = await plans.create_move(tools.connection, move.metadata.namespace, move)
            tools.board.written("PodMove", body)
        case SetPlanStatus(plan=plan, status=status):
            told = planconditions.with_conditions(plan, status, now)
            await _write(endpoints.PLANS, plan, told, tools)
            if status.phase is not None and status.phase is not plan.status.phase:
                metrics.PLANS.labels(status.phase.value).inc()
        case SetPolicyStatus(policy=policy, status=status):
            await _write(endpoints.POLICIES, policy, status, tools)
        case SetMovePhase():
            await _set_move_phase(command, tools, now)
        case SetHint(workload=workload, terms=terms, plan=name) if terms:
            await tools.hints.write(workload, as_hint(terms, name))
        case SetHint(workload=workload):
            await tools.hints.remove(workload)
            await tools.hints.prune(now)
        case Forget(made=made):
            endpoint = endpoints.PLANS if isinstance(made, PlacementPlan) else endpoints.MOVES
            await plans.delete_old(tools.connection, endpoint, _identity(made))
        case Tell(about=about, reason=reason, warning=warning):
            where = Regarding(about.api_version, about.kind, about.namespace, about.name, about.uid)
            await tools.teller.tell(Happening(where, reason.code, "Place", reason.message, warning))


def as_hint(terms: tuple[Term, ...], plan: str) -> WorkloadHint:
    """Terms as they are written into a PlacementHint."""
    return WorkloadHint(
        terms=tuple(
            HintTerm(weight=term.weight, key=term.key, values=term.values) for term in terms
        ),
        plan=plan,
    )


async def _create_plan(plan: PlacementPlan, tools: Tools, now: datetime) -> None:
    body = await plans.create_plan(tools.connection, plan)
    tools.board.written("PlacementPlan", body)
    made = tools.board.get(PlacementPlan, "", plan.metadata.name)
    if made is not None and made.status.phase is None:
        told = planconditions.with_conditions(made, plan.status, now)
        await _write(endpoints.PLANS, made, told, tools)
        metrics.PLANS.labels("Proposed").inc()


async def _set_move_phase(command: SetMovePhase, tools: Tools, now: datetime) -> None:
    move = command.move
    metrics.MOVES.labels(command.phase.value).inc()
    if command.phase is MovePhase.ADMITTED:
        tools.board.put("PodMove", await tools.executor.admit(move))
        return
    refused = replace(
        records.state(move),
        phase=command.phase,
        reason=command.reason,
        epoch=tools.leadership.epoch,
    )
    await _write(endpoints.MOVES, move, records.status(move, refused, now.timestamp()), tools)


async def _write(endpoint: Endpoint, made: Any, status: Any, tools: Tools) -> None:
    body = await statuses.write_status(tools.connection, endpoint, _identity(made), status)
    tools.board.written(endpoint.kind, body)


def _identity(made: Any) -> ObjectMetadata:
    about = made.metadata
    return ObjectMetadata(about.name, about.namespace, about.uid, about.resource_version)
