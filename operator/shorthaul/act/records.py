"""PodMove objects of the API to the values of the state machine, and back.

A status is written whole. What the machine needs again after a crash is in it: the time of the
eviction is that of the last transition to Evicted.
"""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from shorthaul.act.moves import ENDED, Order, State
from shorthaul.api import conditions
from shorthaul.api.podmoves import (
    MovePhase,
    PodMove,
    PodMoveStatus,
    Replacement,
    Transition,
    workload_of,
)
from shorthaul.cluster.reasons import Reason
from shorthaul.kube.lists import ObjectMetadata
from shorthaul.kube.readings import SeenPod
from shorthaul.units import Namespace, NodeName, PodRef, Uid

MOST_KNOWN = 5000
MOST_TRANSITIONS = 64
LONGEST_MESSAGE = 1024

_MOVE = msgspec.json.Decoder(PodMove)


def decode(body: bytes) -> PodMove:
    """Reads a PodMove as the API server sends it."""
    return _MOVE.decode(body)


def identity(move: PodMove) -> ObjectMetadata:
    """Which state of which object it is."""
    about = move.metadata
    return ObjectMetadata(about.name, about.namespace, about.uid, about.resource_version)


def order(move: PodMove) -> Order:
    """What is to be done."""
    spec = move.spec
    namespace = Namespace(move.metadata.namespace)
    return Order(
        name=move.metadata.name,
        pod=PodRef(namespace, spec.pod.name),
        uid=Uid(spec.pod.uid),
        workload=workload_of(move),
        source=NodeName(spec.source),
        target=NodeName(spec.target),
        plan=spec.plan,
    )


def state(move: PodMove) -> State:
    """How far it is."""
    status = move.status
    return State(
        phase=status.phase or MovePhase.PENDING,
        epoch=status.epoch,
        known_uids=tuple(Uid(uid) for uid in status.known_uids),
        admitted_seconds=status.started_at.timestamp() if status.started_at else 0.0,
        evicted_seconds=_evicted_seconds(status),
        attempts=status.attempts,
        reason=Reason(status.reason, status.message) if status.reason else None,
        replacement=_as_seen(status.replacement),
    )


def status(move: PodMove, new: State, now_seconds: float) -> PodMoveStatus:
    """The status that says what the new state is; `now_seconds` is when it began."""
    now = datetime.fromtimestamp(now_seconds, UTC)
    old = move.status
    transitions = old.transitions
    if new.phase is not old.phase:
        transitions = (*transitions, Transition(phase=new.phase, time=now))
    return PodMoveStatus(
        observed_generation=move.metadata.generation,
        conditions=conditions.reported(
            old.conditions, _conditions(new), generation=move.metadata.generation, now=now
        ),
        phase=new.phase,
        epoch=new.epoch,
        known_uids=tuple(new.known_uids[:MOST_KNOWN]),
        replacement=_as_replacement(new.replacement),
        attempts=new.attempts,
        reason=new.reason.code if new.reason else "",
        message=new.reason.message[:LONGEST_MESSAGE] if new.reason else "",
        started_at=_started_at(old, new),
        finished_at=now if new.phase in ENDED else None,
        transitions=transitions[-MOST_TRANSITIONS:],
    )


def differs(new: State, old: State) -> bool:
    """Whether a state has to be written; the numbers in the text of a reason alone do not count."""
    if replace(new, reason=None) != replace(old, reason=None):
        return True
    return (new.reason and new.reason.code) != (old.reason and old.reason.code)


def _started_at(old: PodMoveStatus, new: State) -> datetime | None:
    if old.started_at is not None or not new.admitted_seconds:
        return old.started_at
    return datetime.fromtimestamp(new.admitted_seconds, UTC)


def _evicted_seconds(status: PodMoveStatus) -> float:
    times = [each.time for each in status.transitions if each.phase is MovePhase.EVICTED]
    return times[-1].timestamp() if times else 0.0


def _as_seen(pod: Replacement | None) -> SeenPod | None:
    if pod is None:
        return None
    return SeenPod(
        name=pod.name,
        uid=Uid(pod.uid),
        resource_version="",
        node=NodeName(pod.node) if pod.node else None,
        ready=True,
        terminating=False,
    )


def _as_replacement(pod: SeenPod | None) -> Replacement | None:
    return None if pod is None else Replacement(name=pod.name, uid=pod.uid, node=pod.node or "")


def _conditions(new: State) -> tuple[conditions.State, ...]:
    if new.phase is MovePhase.LANDED:
        return (conditions.ready("the replacement is ready on the target", "Landed"),)
    code = new.reason.code if new.reason else new.phase.value
    text = new.reason.message if new.reason else f"the move is {new.phase.value}"
    going_on = conditions.stalled if new.phase in ENDED else conditions.reconciling
    return (conditions.not_ready(code, text), going_on(code, text))
