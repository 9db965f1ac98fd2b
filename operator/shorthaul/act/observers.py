"""Reads what a move has to know in its present phase, and no more, as one Observation.

All reads go to the API server and are consistent; the reference checker's snapshot is the only
thing that may be a little behind, and it is asked through the function that is given.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shorthaul.act.machines import ATTEMPTS_BEFORE_SYNC, Memory
from shorthaul.act.moves import Observation, Order, State
from shorthaul.api.podmoves import MovePhase
from shorthaul.cluster.reasons import Reason
from shorthaul.kube import readings
from shorthaul.kube.connections import Connection
from shorthaul.units import Namespace

Check = Callable[[Order], Awaitable[Reason | None]]


@dataclass(frozen=True, slots=True)
class Observer:
    """Where to look; `namespace` is the operator's own, which carries the kill switch."""

    connection: Connection
    namespace: Namespace
    check: Check
    clock: Callable[[], float]

    async def observe(self, order: Order, state: State, memory: Memory) -> Observation:
        """What the move's next request is decided by."""
        match state.phase:
            case MovePhase.ADMITTED:
                return await self._before_hint(order)
            case MovePhase.HINTED:
                return await self._before_check(order, state)
            case MovePhase.CHECKED:
                return await self._before_hint(order, check=False)
            case MovePhase.EVICTING:
                return await self._before_eviction(order, memory)
            case MovePhase.EVICTED:
                return await self._landing(order)
            case _:
                return Observation(self.clock())

    async def _before_hint(self, order: Order, *, check: bool = True) -> Observation:
        refusal = await self._switch() or await self._target(order)
        if refusal is None and check:
            refusal = await self.check(order)
        pod = await readings.pod(self.connection, order.pod)
        return Observation(self.clock(), pod=pod, refusal=refusal)

    async def _before_check(self, order: Order, state: State) -> Observation:
        holding: tuple[str, ...] = ()
        if state.attempts >= ATTEMPTS_BEFORE_SYNC:
            holding = await readings.holding_budgets(self.connection, order.pod)
        pods = await readings.replicas(self.connection, order.workload)
        seen = await self._before_hint(order)
        return Observation(
            seen.now_seconds,
            pod=seen.pod,
            refusal=seen.refusal,
            siblings=pods or (),
            workload_exists=pods is not None,
            holding_budgets=holding,
        )

    async def _before_eviction(self, order: Order, memory: Memory) -> Observation:
        refusal = await self._switch() if memory.armed else None
        pod = await readings.pod(self.connection, order.pod)
        return Observation(self.clock(), pod=pod, refusal=refusal)

    async def _landing(self, order: Order) -> Observation:
        pods = await readings.replicas(self.connection, order.workload)
        return Observation(self.clock(), siblings=pods or (), workload_exists=pods is not None)

    async def _switch(self) -> Reason | None:
        value = await readings.pause(self.connection, self.namespace)
        if value is None or value == "false":
            return None
        text = f"annotation {readings.PAUSE} on namespace {self.namespace} is {value!r}"
        return Reason("KillSwitch", f"{text}; nothing is evicted until it is removed")

    async def _target(self, order: Order) -> Reason | None:
        node = await readings.node(self.connection, order.target)
        if node is None or node.terminating:
            return Reason("TargetGone", f"node {order.target} of {order.pod}'s move is gone")
        if node.unschedulable:
            return Reason("TargetCordoned", f"node {order.target} is cordoned")
        if not node.ready:
            return Reason("TargetNotReady", f"node {order.target} is not ready")
        return None
