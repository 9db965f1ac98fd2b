"""Carries out moves: reads, asks `machines` what to do, does that one thing, writes what it was.

Nothing is chosen here, and nothing is kept that the API does not have, except a `Memory` that may
be forgotten at any time. A step makes at most one request beside its reads and writes at most one
state; every write is guarded by the version that was read and carries the leader's epoch. Each move
goes on by itself, so that one that waits, for its hint or for an answer, holds up nobody else.

Racy by nature: between the last look at the Lease and the arrival of an eviction another leader
may have begun. The eviction's uid and resourceVersion then keep it from hitting anything but the
pod in the state that was checked.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from shorthaul import metrics
from shorthaul.act import machines, records
from shorthaul.act.machines import Limits, Memory
from shorthaul.act.moves import ENDED, Order, State
from shorthaul.act.observers import Check, Observer
from shorthaul.act.requests import (
    HintArrived,
    HintMissing,
    PlaceHint,
    Record,
    Rehearse,
    Reply,
    SendEviction,
    Wait,
)
from shorthaul.api.placementhints import WorkloadHint
from shorthaul.api.podmoves import MovePhase, PodMove
from shorthaul.cluster.reasons import Reason
from shorthaul.kube import evictions
from shorthaul.kube.connections import Connection
from shorthaul.kube.endpoints import MOVES
from shorthaul.kube.failures import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RequestFailed,
    TooManyRequests,
)
from shorthaul.kube.hints import Hints
from shorthaul.kube.leases import LeadershipLost
from shorthaul.kube.probes import Prober
from shorthaul.kube.statuses import write_status
from shorthaul.units import Namespace

_LOG = logging.getLogger(__name__)


class Leadership(Protocol):
    """Whether this process may write, and with which epoch; a Lease is one."""

    @property
    def epoch(self) -> int:
        """The number of the present leadership."""

    @property
    def is_held(self) -> bool:
        """Whether this process still leads."""


@dataclass(frozen=True, slots=True)
class Means:
    """What an executor works with; `check` asks the reference checker, `hint_for` the plan."""

    connection: Connection
    hints: Hints
    prober: Prober
    leadership: Leadership
    check: Check
    hint_for: Callable[[Order], WorkloadHint | None]


@dataclass(frozen=True, slots=True)
class ExecutorSettings:
    """The operator's namespace, times, and how many moves are worked on at once.

    `patience_seconds` is how long the caller waits for moves that could go on at once.
    """

    namespace: Namespace
    limits: Limits = field(default_factory=Limits)
    concurrent: int = 16
    patience_seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Progress:
    """The move after a step, None when it was deleted, and how long to leave it alone."""

    move: PodMove | None
    pause_seconds: float


class Executor:
    """Carries out admitted moves; the constructor only stores."""

    def __init__(
        self,
        means: Means,
        settings: ExecutorSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Store with what to work; nothing is read or written yet."""
        self._means = means
        self._settings = settings
        self._clock = clock
        self._observer = Observer(means.connection, settings.namespace, means.check, clock)
        self._memories: dict[str, Memory] = {}
        self._written: dict[str, PodMove] = {}
        self._due: dict[str, float] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(settings.concurrent)

    async def admit(self, move: PodMove) -> PodMove:
        """Lets a pending move start; raises Conflict when somebody else has written it."""
        self._require_leadership(move)
        self._due.pop(move.metadata.uid, None)
        if records.state(move).phase is not MovePhase.PENDING:
            return move
        epoch = self._means.leadership.epoch
        now = self._clock()
        started = machines.admitted(records.state(move), epoch=epoch, now_seconds=now)
        return await self._write(move, started)

    async def advance(self, moves: Iterable[PodMove]) -> None:
        """Lets each move that is due go as far as it can without a pause; the caller ticks.

        Those that are not that far after a little patience go on beside the caller.
        Moves may come from a watch that is behind: what was written here is newer and counts.
        Raises LeadershipLost, and stops all moves, when this process may not write any more.
        """
        given = {move.metadata.uid: move for move in moves}
        self._forget_all_but(set(given))
        for uid, move in given.items():
            if uid not in self._running:
                self._running[uid] = asyncio.create_task(self._until_pause(move))
        if self._running:
            patience = self._settings.patience_seconds
            await asyncio.wait(self._running.values(), timeout=patience)
        for uid in [uid for uid, task in self._running.items() if task.done()]:
            failure = self._running.pop(uid).exception()
            if failure is not None:
                await self.stop()
                raise failure

    async def stop(self) -> None:
        """Stops all moves where they are; whoever leads next goes on from what is written."""
        running = tuple(self._running.values())
        self._running.clear()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def step(self, move: PodMove) -> Progress:
        """Does the one next thing for a move; raises LeadershipLost when it may not any more."""
        phase, poll = records.state(move).phase, self._settings.limits.poll_seconds
        if phase is MovePhase.PENDING or phase in ENDED:
            return Progress(move, poll)
        self._require_leadership(move)
        try:
            return await self._do(move)
        except NotFound:
            return Progress(None, poll)
        except (Conflict, Invalid) as failure:
            _LOG.info("move %s was written by somebody else: %s", move.metadata.name, failure)
            return await self._read_again(move)
        except RequestFailed as failure:
            return self._put_off(move, failure)

    async def _until_pause(self, move: PodMove) -> None:
        if self._clock() < self._due.get(move.metadata.uid, 0.0):
            return
        progress = Progress(self._newest(move), 0.0)
        async with self._turns:
            while progress.move is not None and not progress.pause_seconds:
                progress = await self.step(progress.move)
        self._due[move.metadata.uid] = self._clock() + progress.pause_seconds

    async def _do(self, move: PodMove) -> Progress:
        order, state = records.order(move), records.state(move)
        memory = self._memory(move)
        limits = self._settings.limits
        seen = await self._observer.observe(order, state, memory)
        request = machines.next_request(order, state, seen, memory, limits)
        match request:
            case Wait(seconds=seconds, reason=reason):
                new = replace(state, reason=reason) if reason else state
                return Progress(await self._go_to(move, new), seconds)
            case Record(state=new):
                self._disarm(move, memory)
                written = await self._go_to(move, new)
                self._memories[move.metadata.uid] = machines.remember(memory, request, None)
                return Progress(written, 0.0)
        self._disarm(move, memory)
        reply = await self._ask(order, request)
        memory = machines.remember(memory, request, reply)
        self._memories[move.metadata.uid] = memory
        written = await self._go_to(move, machines.after(order, state, reply, seen, memory))
        return Progress(written, machines.pause_seconds(reply, memory, limits))

    def _memory(self, move: PodMove) -> Memory:
        known = self._memories.get(move.metadata.uid, Memory())
        return machines.recalled(known, self._means.hints.emptied)

    async def _ask(self, order: Order, request: PlaceHint | Rehearse | SendEviction) -> Reply:
        match request:
            case PlaceHint():
                return await self._place_hint(order)
            case Rehearse(victim=victim):
                return await evictions.rehearse(self._means.connection, victim)
            case SendEviction(victim=victim):
                if not self._means.leadership.is_held:
                    raise LeadershipLost(f"lost the lease before evicting {order.pod}; ending")
                answer = await evictions.evict(self._means.connection, victim)
                metrics.EVICTIONS.labels(type(answer).__name__).inc()
                return answer

    async def _place_hint(self, order: Order) -> HintArrived | HintMissing:
        hint = self._means.hint_for(order)
        if hint is None:
            text = f"no hint of plan {order.plan} for {order.workload} can be told now"
            return HintMissing(Reason("NoHint", text), final=False)
        try:
            await self._means.hints.write(order.workload, hint)
            missing = await self._means.prober.prove_arrival()
        except (Forbidden, Invalid, NotFound) as failure:
            return HintMissing(Reason("HintRefused", f"{failure}"), final=True)
        return HintArrived() if missing is None else HintMissing(missing, final=False)

    async def _go_to(self, move: PodMove, new: State) -> PodMove:
        """Writes a state if it says anything new."""
        old = records.state(move)
        if not records.differs(new, old):
            return move
        written = await self._write(move, new)
        if new.phase is not old.phase:
            metrics.MOVES.labels(new.phase.value).inc()
        return written

    async def _write(self, move: PodMove, new: State) -> PodMove:
        new = replace(new, epoch=self._means.leadership.epoch)
        told = records.status(move, new, self._clock())
        body = await write_status(self._means.connection, MOVES, records.identity(move), told)
        _LOG.info("move %s is %s", records.order(move).pod, new.phase)
        written = records.decode(body)
        self._written[move.metadata.uid] = written
        return written

    async def _read_again(self, move: PodMove) -> Progress:
        self._memories.pop(move.metadata.uid, None)
        path = MOVES.path(move.metadata.namespace, move.metadata.name)
        try:
            found = records.decode(await self._means.connection.get(path))
        except NotFound:
            return Progress(None, self._settings.limits.poll_seconds)
        except RequestFailed as failure:
            return self._put_off(move, failure)
        self._written[move.metadata.uid] = found
        return Progress(found, self._settings.limits.poll_seconds)

    def _put_off(self, move: PodMove, failure: RequestFailed) -> Progress:
        """What was written is not known any more, so the memory of having written it goes."""
        memory = self._memories.get(move.metadata.uid, Memory())
        known = machines.cut_off(memory)
        self._memories[move.metadata.uid] = replace(known, tries=memory.tries + 1)
        limits = self._settings.limits
        pause = min(limits.longest_pause_seconds, limits.poll_seconds * 2.0 ** min(memory.tries, 8))
        if isinstance(failure, TooManyRequests):
            pause = max(pause, failure.retry_after_seconds)
        _LOG.warning("move %s: %s; trying again in %.0f s", move.metadata.name, failure, pause)
        return Progress(move, pause)

    def _disarm(self, move: PodMove, memory: Memory) -> None:
        """Whatever becomes of the request that follows, an eviction is never sent twice by it."""
        self._memories[move.metadata.uid] = replace(memory, armed="", checked="")

    def _forget_all_but(self, uids: set[str]) -> None:
        """What the caller does not know any more has ended or is deleted."""
        for known in (self._memories, self._written, self._due):
            for uid in known.keys() - uids - self._running.keys():
                del known[uid]

    def _newest(self, move: PodMove) -> PodMove:
        written = self._written.get(move.metadata.uid)
        return move if written is None or _version(move) > _version(written) else written

    def _require_leadership(self, move: PodMove) -> None:
        known = self._means.leadership
        if not known.is_held:
            raise LeadershipLost(f"not the leader any more (epoch {known.epoch}); ending")
        if move.status.epoch > known.epoch:
            raise LeadershipLost(
                f"move {move.metadata.name} was written with epoch {move.status.epoch}, ours is "
                f"{known.epoch}; ending"
            )


def _version(move: PodMove) -> int:
    """Versions are integers that grow with time (KEP-5504)."""
    return int(move.metadata.resource_version or 0)
