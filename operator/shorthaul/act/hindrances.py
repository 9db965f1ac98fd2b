"""Why nothing may move now: the kill switch, hints that are not proven, rights that are missing.

Looked up again and again, never assumed: the kill switch at every refresh, rights and the proof of
the admission policy at intervals. When something cannot be asked, that is a hindrance too. A proof
that fails takes long, so proofs run beside the cycle. Until one has come to its end the last answer
counts, as long as it is not too old; without an answer nothing moves.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Snapshot
from shorthaul.kube import readings, rights
from shorthaul.kube.connections import Connection
from shorthaul.kube.failures import RequestFailed
from shorthaul.kube.probes import Prober
from shorthaul.units import Namespace

RIGHTS_SECONDS = 60.0
PROOF_SECONDS = 60.0
FAILED_PROOF_SECONDS = 15.0
STALE_PROOF_SECONDS = 180.0
PATIENCE_SECONDS = 2.0
UNKNOWN = frozenset({"HintsUnproven", "SwitchUnknown"})
"""What stands in the way because it could not be asked: to be asked again, no verdict."""
UNPROVEN = Reason("HintsUnproven", "the MutatingAdmissionPolicy has not been proven yet")


@dataclass(frozen=True, slots=True)
class Sources:
    """Whom to ask, and the operator's own namespace."""

    connection: Connection
    prober: Prober
    namespace: Namespace


class Hindrances:
    """What stands in the way, as of the last refresh."""

    def __init__(self, sources: Sources, clock: Callable[[], float]) -> None:
        """Store whom to ask; everything is hindered until the first refresh."""
        self._sources = sources
        self._clock = clock
        self._switch: Reason | None = UNPROVEN
        self._proof: Reason | None = UNPROVEN
        self._proved_at = self._proof_due = float("-inf")
        self._proving: asyncio.Task[None] | None = None
        self._rights: dict[Namespace, Reason | None] = {}
        self._rights_due: dict[Namespace, float] = {}

    @property
    def everywhere(self) -> Reason | None:
        """Why nothing may move anywhere."""
        return self._switch or self._unproven

    @property
    def rights(self) -> Mapping[Namespace, Reason]:
        """Why pods of some namespaces may not be moved."""
        return {name: reason for name, reason in self._rights.items() if reason is not None}

    async def refresh(self, namespaces: Iterable[Namespace]) -> None:
        """Looks again at everything that is due; `namespaces` are those whose pods may move."""
        wanted = sorted(set(namespaces))
        await self._look_at_switch()
        if wanted:
            await self._keep_proving()
        for name in wanted:
            await self._look_at_right(name)

    async def stop(self) -> None:
        """Ends the proof that is under way: it writes, and who no longer leads may not."""
        proving, self._proving = self._proving, None
        if proving is not None:
            proving.cancel()
            await asyncio.gather(proving, return_exceptions=True)

    async def _look_at_switch(self) -> None:
        try:
            value = await readings.pause(self._sources.connection, self._sources.namespace)
        except RequestFailed as failure:
            self._switch = Reason("SwitchUnknown", f"the kill switch cannot be read: {failure}")
            return
        text = f"namespace {self._sources.namespace} has the annotation {readings.PAUSE}={value}"
        self._switch = None if value is None or value == "false" else Reason("KillSwitch", text)

    @property
    def _unproven(self) -> Reason | None:
        """What the last proof said, unless that is too long ago to be relied upon."""
        age = self._clock() - self._proved_at
        if self._proof is not None or age <= STALE_PROOF_SECONDS:
            return self._proof
        text = f"hints were last proven {age:.0f} s ago, at most {STALE_PROOF_SECONDS:.0f} s count"
        return Reason("HintsUnproven", f"{text}; they are being proven again")

    async def _keep_proving(self) -> None:
        """Begins a proof when one is due; raises what the last one did not foresee.

        One that is needed is waited for a little, so that a restart does not show as a hindrance.
        """
        if self._proving is not None and self._proving.done():
            self._proving.result()
            self._proving = None
        if self._proving is None and self._clock() >= self._proof_due:
            self._proving = asyncio.create_task(self._prove())
            if self._unproven is not None:
                await asyncio.wait({self._proving}, timeout=PATIENCE_SECONDS)

    async def _prove(self) -> None:
        try:
            self._proof = await self._sources.prober.prove_policy()
        except RequestFailed as failure:
            self._proof = Reason("HintsUnproven", f"hints cannot be proven: {failure}")
        self._proved_at = self._clock()
        pause = PROOF_SECONDS if self._proof is None else FAILED_PROOF_SECONDS
        self._proof_due = self._proved_at + pause

    async def _look_at_right(self, name: Namespace) -> None:
        if self._clock() < self._rights_due.get(name, float("-inf")):
            return
        try:
            self._rights[name] = await rights.missing_evict_right(self._sources.connection, name)
        except RequestFailed as failure:
            self._rights[name] = Reason("RightUnknown", f"rights cannot be asked: {failure}")
        self._rights_due[name] = self._clock() + RIGHTS_SECONDS


def unready(snapshot: Snapshot, most_percent: float) -> Reason | None:
    """Why a cluster with many unready nodes is left alone: moving pods would add to its trouble."""
    nodes = snapshot.nodes.values()
    bad = sum(not node.ready for node in nodes)
    if not nodes or bad * 100 <= most_percent * len(nodes):
        return None
    return Reason(
        "NodesUnready",
        f"{bad} of {len(nodes)} nodes are not ready, at most {most_percent:.0f} % may be",
    )
