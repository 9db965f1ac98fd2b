"""The state machine of one move, as pure functions; every "what if" of a move is decided here.

`next_request` says what to ask of the world next, `after` what the state is once it has answered,
`remember` what this process may know meanwhile. Nothing else decides, and nothing here does.

    Pending → Admitted → Hinted → Checked → Evicting → Evicted → Landed | Elsewhere | Failed
                  └─────────┴─────────┴─────────┴→ Refused (nothing was evicted)

The one request that cannot be fenced or undone is the eviction. It is sent only by the process
that has just written Evicting itself (`memory.armed`). Whoever finds Evicting without having
written it reads the pod: gone or terminating means that it happened, untouched means that it has
not yet, and the move starts again at its hint; it is never sent again blindly. A request that was
given up may still come through at a slow server, so a pod that goes after an eviction was asked for
counts as evicted, whoever ended it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shorthaul.act.moves import ROOM_CLEARING, Observation, Order, State
from shorthaul.act.requests import (
    HintArrived,
    HintMissing,
    PlaceHint,
    Record,
    Rehearse,
    Reply,
    Request,
    SendEviction,
    Wait,
)
from shorthaul.api.podmoves import MovePhase as Phase
from shorthaul.cluster.reasons import Reason
from shorthaul.kube import evictions
from shorthaul.kube.readings import SeenPod
from shorthaul.units import Uid

ATTEMPTS_BEFORE_SYNC = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a move may take before and after its eviction, and how often it looks."""

    landing_seconds: float = 300.0
    poll_seconds: float = 1.0
    longest_pause_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Memory:
    """What only this process knows, and may forget at any time without harm.

    `hinted`: it has proved the hint. `checked`: the pod's version that it has just checked.
    `armed`: the version that it has just written Evicting for. `tries`: answers in a row that put
    the move off. `era`: how often all hints had been taken away when this was remembered.
    `idle`: attempts that it announced by Evicting and that surely evicted nobody: it never sent
    them, since the pod had changed, or the API server refused them.
    """

    hinted: bool = False
    checked: str = ""
    armed: str = ""
    tries: int = 0
    era: int = 0
    idle: int = 0


NOTHING_KNOWN = Memory()


def admitted(state: State, *, epoch: int, now_seconds: float) -> State:
    """The state of a pending move that pacing lets start."""
    return replace(state, phase=Phase.ADMITTED, epoch=epoch, admitted_seconds=now_seconds)


def next_request(
    order: Order, state: State, seen: Observation, memory: Memory, limits: Limits
) -> Request:
    """What to ask of the world next."""
    match state.phase:
        case Phase.ADMITTED | Phase.HINTED | Phase.CHECKED:
            return _before_eviction(order, state, seen, memory, limits)
        case Phase.EVICTING if memory.armed:
            return _armed(order, state, seen, memory)
        case Phase.EVICTING:
            return _in_doubt(order, state, seen)
        case Phase.EVICTED:
            return _until_landed(order, state, seen, limits)
        case _:
            return Wait(limits.longest_pause_seconds)


def after(
    order: Order, state: State, reply: Reply, seen: Observation, memory: Memory = NOTHING_KNOWN
) -> State:
    """The state once the world has answered; an equal state needs no writing."""
    match reply:
        case HintArrived():
            return _to(state, Phase.HINTED) if state.phase is Phase.ADMITTED else state
        case HintMissing(reason=reason, final=True):
            return _refused(state, reason)
        case HintMissing(reason=reason):
            return replace(state, reason=reason)
        case evictions.Evicted() if state.phase is Phase.HINTED:
            return replace(_to(state, Phase.CHECKED), known_uids=_known(order, seen))
        case evictions.Evicted():
            return _evicted(state, seen)
        case evictions.PodGone() if _asked_before(state, memory):
            return _evicted(state, seen)
        case evictions.PodGone():
            return _refused(state, Reason("PodGone", f"pod {order.pod} is gone"))
        case evictions.Denied(message=message):
            return _refused(state, Reason("EvictionDenied", f"cannot evict {order.pod}: {message}"))
        case evictions.SeveralBudgets(message=message):
            return _refused(state, Reason("SeveralBudgets", f"cannot evict {order.pod}: {message}"))
        case _:
            return _put_off(order, state, reply)


def remember(memory: Memory, request: Request, reply: Reply | None) -> Memory:
    """What this process knows after a request; `reply` is None for an accepted Record."""
    match request:
        case Record(state=state) if state.phase is Phase.EVICTING:
            return replace(memory, armed=memory.checked, checked="")
        case SendEviction() | Rehearse() if isinstance(reply, evictions.InDoubt):
            known = cut_off(memory)
        case Record() | SendEviction():
            idle = memory.idle + _evicted_nobody(memory, request, reply)
            known = replace(memory, armed="", checked="", idle=idle)
        case Rehearse(victim=victim) if isinstance(reply, evictions.Evicted):
            return replace(memory, checked=victim.resource_version, tries=0)
        case PlaceHint():
            known = replace(memory, hinted=isinstance(reply, HintArrived))
        case _:
            known = memory
    return replace(known, tries=known.tries + 1) if _puts_off(reply) else known


def _evicted_nobody(memory: Memory, request: Record | SendEviction, reply: Reply | None) -> bool:
    """Whether an attempt that was announced has surely come to nothing."""
    if isinstance(request, Record):
        return bool(memory.armed) and request.state.phase is Phase.HINTED
    return isinstance(reply, evictions.Changed | evictions.BlockedByBudget)


def cut_off(memory: Memory) -> Memory:
    """What is left to know when the API server could not be reached.

    It may have been started again, and one that has just started makes pods without their hints
    until it has read policies and hints, so the hint has to be proved again.
    """
    return Memory(tries=memory.tries)


def recalled(memory: Memory, era: int) -> Memory:
    """What is still known; a hint that was proved before all hints were taken away is not."""
    return memory if memory.era == era else Memory(tries=memory.tries, era=era)


def pause_seconds(reply: Reply | None, memory: Memory, limits: Limits) -> float:
    """How long to wait after an answer; 0 unless it put the move off.

    The first conflict is repeated at once, from the check on: a status of the pod has changed.
    """
    tries = max(0, memory.tries - 1)
    growing = min(limits.longest_pause_seconds, limits.poll_seconds * 2.0 ** min(tries, 16))
    match reply:
        case evictions.Overloaded(retry_after_seconds=asked):
            return max(asked, growing)
        case evictions.Changed():
            return growing if tries else 0.0
        case _:
            return growing if _puts_off(reply) else 0.0


def _before_eviction(
    order: Order, state: State, seen: Observation, memory: Memory, limits: Limits
) -> Request:
    if _asked_before(state, memory) and _is_going(order, seen):
        return Record(_evicted(state, seen))
    refusal = _stands_against(order, seen)
    waits_for = refusal if refusal is not None and refusal.code == ROOM_CLEARING else None
    if refusal is None or waits_for is not None:
        refusal = _overdue(order, replace(state, reason=waits_for or state.reason), seen, limits)
    if refusal is not None:
        return Record(_refused(state, refusal))
    if waits_for is not None:
        return Wait(limits.poll_seconds, waits_for)
    victim = _victim(order, seen.pod.resource_version if seen.pod else "")
    if state.phase is Phase.CHECKED:
        is_fresh = memory.checked == victim.resource_version
        return Record(_evicting(state) if is_fresh else _to(state, Phase.HINTED))
    if state.phase is Phase.ADMITTED or not memory.hinted:
        return PlaceHint()
    if state.attempts >= ATTEMPTS_BEFORE_SYNC and seen.holding_budgets:
        names = ", ".join(seen.holding_budgets)
        text = f"budget {names} still counts {order.pod} as being evicted; waiting for its sync"
        return Wait(limits.poll_seconds, Reason("BudgetNotSynced", text))
    return Rehearse(victim)


def _armed(order: Order, state: State, seen: Observation, memory: Memory) -> Request:
    """The last look: a conflict that can be foreseen would only cost the budget a disruption."""
    if _asked_before(state, memory) and _is_going(order, seen):
        return Record(_evicted(state, seen))
    refusal = _stands_against(order, seen)
    if refusal is not None:
        return Record(_refused(state, refusal))
    if seen.pod is None or seen.pod.resource_version != memory.armed:
        return Record(_to(state, Phase.HINTED))
    return SendEviction(_victim(order, memory.armed))


def _in_doubt(order: Order, state: State, seen: Observation) -> Request:
    return Record(_evicted(state, seen) if _is_going(order, seen) else _to(state, Phase.HINTED))


def _asked_before(state: State, memory: Memory) -> bool:
    """Whether an eviction may have been sent before the one that Evicting announces, if it is that
    far; whoever has not announced it cannot know that it was not sent.
    """
    return state.attempts - memory.idle > (1 if state.phase is Phase.EVICTING else 0)


def _is_going(order: Order, seen: Observation) -> bool:
    return seen.pod is None or seen.pod.uid != order.uid or seen.pod.terminating


def _until_landed(order: Order, state: State, seen: Observation, limits: Limits) -> Request:
    fresh = [
        pod
        for pod in seen.siblings
        if pod.uid not in state.known_uids and not pod.terminating and not pod.finished
    ]
    ready = sorted(
        (pod for pod in fresh if pod.ready), key=lambda pod: (pod.node != order.target, pod.name)
    )
    if ready:
        return Record(_landed(order, state, ready[0]))
    failure = _will_not_land(order, state, seen, fresh, limits)
    if failure is not None:
        return Record(replace(_to(state, Phase.FAILED), reason=failure))
    return Wait(limits.poll_seconds)


def _will_not_land(
    order: Order, state: State, seen: Observation, fresh: Sequence[SeenPod], limits: Limits
) -> Reason | None:
    if not seen.workload_exists:
        return Reason("WorkloadGone", f"workload {order.workload} was deleted after the eviction")
    waited = seen.now_seconds - state.evicted_seconds
    if waited < limits.landing_seconds:
        return None
    names = ", ".join(f"{pod.name} on {pod.node or 'no node'}" for pod in fresh[:3]) or "none"
    return Reason(
        "NotReadyInTime",
        f"no replacement of {order.pod} is ready after {waited:.0f} s of "
        f"{limits.landing_seconds:.0f} s; new pods: {names}",
    )


def _stands_against(order: Order, seen: Observation) -> Reason | None:
    pod = seen.pod
    if pod is None:
        return Reason("PodGone", f"pod {order.pod} is gone")
    if pod.uid != order.uid:
        return Reason("PodReplaced", f"pod {order.pod} has uid {pod.uid}, planned was {order.uid}")
    if pod.terminating or pod.finished:
        return Reason("PodEnding", f"pod {order.pod} is ending already")
    if pod.node != order.source:
        text = f"pod {order.pod} is on {pod.node}, planned was {order.source}"
        return Reason("PodElsewhere", text)
    if not seen.workload_exists:
        return Reason("WorkloadGone", f"workload {order.workload} was deleted")
    return seen.refusal


def _overdue(order: Order, state: State, seen: Observation, limits: Limits) -> Reason | None:
    waited = seen.now_seconds - state.admitted_seconds
    if waited < limits.landing_seconds:
        return None
    cause = state.reason or Reason("NotEvictedInTime", "it could not be evicted")
    return Reason(
        cause.code,
        f"gave up on {order.pod} after {waited:.0f} s of {limits.landing_seconds:.0f} s: "
        f"{cause.message}",
    )


def _put_off(order: Order, state: State, reply: Reply) -> State:
    """Nothing was evicted, and the move is checked again; in doubt, only reading can tell."""
    match reply:
        case evictions.BlockedByBudget(message=message):
            return replace(state, phase=Phase.HINTED, reason=Reason("BlockedByBudget", message))
        case evictions.Changed() | evictions.Overloaded() if state.phase is Phase.EVICTING:
            text = f"pod {order.pod} changed, or the server was busy, while it was evicted"
            return replace(state, phase=Phase.HINTED, reason=Reason("EvictionPutOff", text))
        case _:
            return state


def _puts_off(reply: Reply | None) -> bool:
    return isinstance(
        reply,
        evictions.BlockedByBudget
        | evictions.Changed
        | evictions.Overloaded
        | evictions.InDoubt
        | HintMissing,
    )


def _known(order: Order, seen: Observation) -> tuple[Uid, ...]:
    return tuple(sorted({order.uid, *(pod.uid for pod in seen.siblings)}))


def _victim(order: Order, version: str) -> evictions.Victim:
    return evictions.Victim(order.pod, order.uid, version, f"PodMove {order.name}")


def _evicting(state: State) -> State:
    return replace(_to(state, Phase.EVICTING), attempts=state.attempts + 1)


def _evicted(state: State, seen: Observation) -> State:
    return replace(_to(state, Phase.EVICTED), evicted_seconds=seen.now_seconds)


def _landed(order: Order, state: State, pod: SeenPod) -> State:
    arrived = pod.node == order.target
    text = f"replacement {pod.name} of {order.pod} is ready on {pod.node}, not on {order.target}"
    return replace(
        state,
        phase=Phase.LANDED if arrived else Phase.ELSEWHERE,
        reason=None if arrived else Reason("LandedElsewhere", text),
        replacement=pod,
    )


def _refused(state: State, reason: Reason) -> State:
    return replace(state, phase=Phase.REFUSED, reason=reason)


def _to(state: State, phase: Phase) -> State:
    return replace(state, phase=phase, reason=None)
