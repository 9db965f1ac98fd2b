"""One cycle: observe → solve → plan → act → verify.

A tick is quick: it takes in flows, moves open plans on, lets the executor take its steps. When a
window of traffic has closed, planning starts in a worker, on values that nobody changes; its
result is carried out at a later tick. All that is decided is decided in `plan`, all that is done is
done by the `World`, and time is an argument, so the loop runs the same in a simulated week.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from shorthaul.api.affinitypolicies import AffinityPolicy
from shorthaul.api.policies import PolicyRef
from shorthaul.api.policystatuses import AffinityPolicyStatus
from shorthaul.cluster.reasons import Reason
from shorthaul.kube.failures import RequestFailed
from shorthaul.plan import accounts, event_texts, lifecycles, proposals, upkeep
from shorthaul.plan.accounts import Finding
from shorthaul.plan.commands import Command, SetPolicyStatus
from shorthaul.plan.proposals import Means, Proposals
from shorthaul.plan.traffic_maps import TrafficMaps
from shorthaul.plan.views import Terms, View, ref_of
from shorthaul.units import Namespace

_LOG = logging.getLogger(__name__)

Thinking = Callable[[], Proposals]
Worker = Callable[[Thinking], Awaitable[Proposals]]


class World(Protocol):
    """What the loop sees and does; the real one is `act.worlds`."""

    async def observe(self, now: datetime) -> bool:
        """Takes in flows; whether a window has closed since."""

    def view(self, now: datetime) -> View | Reason:
        """All that is decided upon, or why nothing can be."""

    def traffic(self, view: View) -> Callable[[], TrafficMaps]:
        """What makes the traffic maps of now, one per unit; it is slow, and for a worker."""

    def means(self) -> Means:
        """What to solve with, and until when."""

    async def do(self, command: Command, now: datetime) -> None:
        """Carries out one command."""

    async def act(self, view: View) -> None:
        """Takes the moves that are under way further."""

    async def stall(self, reason: Reason, now: datetime) -> None:
        """Tells that nothing can be decided."""


class Loop:
    """The operator's cycle over one world."""

    def __init__(
        self, world: World, terms: Terms, worker: Worker, probe_namespace: Namespace
    ) -> None:
        """Store what to work with; nothing happens before `tick`."""
        self._world = world
        self._terms = terms
        self._worker = worker
        self._probe_namespace = probe_namespace
        self._due = False
        self._thinking: asyncio.Task[Proposals] | None = None
        self._findings: Mapping[PolicyRef, Finding] = {}
        self._logged = ""

    async def tick(self, now: datetime) -> None:
        """One cycle; raises RequestFailed when the API server cannot be reached."""
        self._due = await self._world.observe(now) or self._due
        view = self._world.view(now)
        self._log_what_stalls(view.message if isinstance(view, Reason) else "")
        if isinstance(view, Reason):
            await self._world.stall(view, now)
            return
        await self._do(event_texts.ends_of_moves(view), now)
        await self._carry_out(lifecycles.steer(view, self._terms), view, now)
        await self._act(now)
        settled = await self._settle(now)
        if not settled:
            self._think(now)
        await self._account(now, whole=settled)

    async def run(self, clock: Callable[[], datetime], pause_seconds: float) -> None:
        """Ticks for ever; a failure of one tick is told and the next one tries again."""
        while True:
            try:
                await self.tick(clock())
            except RequestFailed as failure:
                _LOG.warning("this cycle could not be finished: %s; trying again", failure)
            except ExceptionGroup as failures:
                if failures.split(RequestFailed)[1] is not None:
                    raise
                _LOG.warning("this cycle could not be finished: %s", failures.exceptions[0])
            await asyncio.sleep(pause_seconds)

    def _log_what_stalls(self, message: str) -> None:
        """Logs why nothing can be decided when that changes, and once that it is over."""
        if message == self._logged:
            return
        self._logged = message
        if message:
            _LOG.warning("nothing can be decided: %s", message)
        else:
            _LOG.warning("what kept everything from being decided is over")

    async def _act(self, now: datetime) -> None:
        view = self._world.view(now)
        if not isinstance(view, Reason):
            await self._world.act(view)

    def _think(self, now: datetime) -> None:
        """Starts planning when a window has closed and no planning is under way.

        Always on a view of its own, so that what this tick has written is part of it.
        """
        view = self._world.view(now)
        if not self._due or self._thinking is not None or isinstance(view, Reason):
            return
        self._due = False
        make, terms, means = self._world.traffic(view), self._terms, self._world.means()

        async def think() -> Proposals:
            return await self._worker(lambda: proposals.propose(view, make(), terms, means))

        self._thinking = asyncio.create_task(think())

    async def _settle(self, now: datetime) -> bool:
        """Carries out what planning came to, once it has; whether it has."""
        if self._thinking is None or not self._thinking.done():
            return False
        found, self._thinking = self._thinking.result(), None
        self._findings = found.findings
        view = self._world.view(now)
        if not isinstance(view, Reason):
            await self._carry_out(found.commands, view, now)
        view = self._world.view(now)
        if not isinstance(view, Reason):
            await self._do(tuple(upkeep.stale_hints(view, self._probe_namespace)), now)
        return True

    async def _account(self, now: datetime, *, whole: bool) -> None:
        """Writes the policies' statuses that say something new; `whole`: numbers count too."""
        view = self._world.view(now)
        if isinstance(view, Reason):
            return
        waiting = _by_policy(view, lifecycles.waiting(view, self._terms))
        for policy in view.policies:
            ref = ref_of(policy)
            status = accounts.account(
                policy, view, self._terms, self._findings.get(ref, Finding()), waiting.get(ref, ())
            )
            if _news(policy, status, whole=whole):
                await self._carry_out([SetPolicyStatus(policy, status)], view, now)

    async def _carry_out(self, commands: Sequence[Command], view: View, now: datetime) -> None:
        """Does what was decided and tells people of it."""
        await self._do(commands, now)
        await self._do(event_texts.announce(commands, view), now)

    async def _do(self, commands: Sequence[Command], now: datetime) -> None:
        for command in commands:
            await self._world.do(command, now)


def _by_policy(view: View, reasons: Mapping[str, Reason]) -> Mapping[PolicyRef, Sequence[Reason]]:
    found: dict[PolicyRef, list[Reason]] = {}
    for move in view.moves:
        reason = reasons.get(move.metadata.name)
        if reason is not None:
            ref = PolicyRef(Namespace(move.metadata.namespace), move.spec.policy)
            found.setdefault(ref, []).append(reason)
    return found


def _news(policy: AffinityPolicy, status: AffinityPolicyStatus, *, whole: bool) -> bool:
    """Whether a status is worth writing: its texts alone change too often to be."""
    if status == policy.status:
        return False
    return whole or _gist(status) != _gist(policy.status)


def _gist(status: AffinityPolicyStatus) -> AffinityPolicyStatus:
    return msgspec.structs.replace(
        status,
        conditions=tuple(msgspec.structs.replace(each, message="") for each in status.conditions),
        waiting=tuple(msgspec.structs.replace(each, example="") for each in status.waiting),
        current=None,
    )
