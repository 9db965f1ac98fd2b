"""Leadership by a Lease, with an epoch that fences the writes of leaders who do not know yet.

A Lease alone does not guarantee a single leader: a process that was frozen goes on where it was.
So every leadership has a number, `leaseTransitions`, that is raised at each acquisition (also by
the same identity after a restart), is written into each PodMove, and may never get smaller there.
Expiry is judged as client-go does: by how long we have seen the record unchanged on our own
monotonic clock, never by comparing clocks of two machines. A Lease that somebody deletes is made
again by the leader's next renewal, since the API server allows that for Leases.

The holder's name has a part of its own for each process, so that two which were started with the
same identity cannot take the Lease from each other. A holder of our identity is nearly always our
own predecessor, though, which was killed: when it has missed a few renewals it is taken for dead.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from shorthaul.kube.connections import Connection
from shorthaul.kube.endpoints import LEASES, MOVES
from shorthaul.kube.failures import Conflict, NotFound, RequestFailed
from shorthaul.kube.lists import read_all

_LOG = logging.getLogger(__name__)
MISSED_RENEWALS = 3
SEPARATOR = "_"


class LeadershipLost(Exception):
    """This process is not the leader any more and has to end at once."""


@dataclass(frozen=True, slots=True)
class LeaseSettings:
    """Whose Lease, and how long a leader that is not heard keeps it."""

    namespace: str
    identity: str
    name: str = "shorthaul"
    lease_seconds: float = 15.0
    renew_seconds: float = 10.0
    retry_seconds: float = 2.0


class _Spec(msgspec.Struct, rename="camel"):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _Record(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)


class _Fence(msgspec.Struct):
    epoch: int = 0


class _Fenced(msgspec.Struct):
    status: _Fence = msgspec.field(default_factory=_Fence)


_RECORD = msgspec.json.Decoder(_Record)
_FENCED = msgspec.json.Decoder(_Fenced)


class Lease:
    """Our standing for leadership; `acquire`, then `keep` until it raises."""

    def __init__(
        self,
        connection: Connection,
        settings: LeaseSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Store who we are; nothing is asked before `acquire`."""
        self._connection = connection
        self._settings = settings
        self._holder = f"{settings.identity}{SEPARATOR}{secrets.token_hex(4)}"
        self._clock = clock
        self._seen_version = ""
        self._seen_at = clock()
        self._version = ""
        self._acquired_at = ""
        self._epoch = 0
        self._good_until = float("-inf")

    @property
    def epoch(self) -> int:
        """The number of our leadership; 0 before the first."""
        return self._epoch

    @property
    def is_held(self) -> bool:
        """Whether we may still write: renewed lately enough, by our own clock."""
        return self._clock() < self._good_until

    async def acquire(self) -> int:
        """Waits until this process leads, and returns its epoch."""
        while True:
            try:
                if await self._try_acquire():
                    _LOG.info("leading with epoch %d as %s", self._epoch, self._holder)
                    return self._epoch
            except RequestFailed as failure:
                _LOG.warning("cannot take the lease: %s; trying again", failure)
            await asyncio.sleep(self._settings.retry_seconds)

    async def keep(self) -> None:
        """Renews until leadership is lost, then raises LeadershipLost."""
        while True:
            await asyncio.sleep(self._settings.retry_seconds)
            if not self.is_held:
                raise self._lost("it was not renewed in time")
            try:
                async with asyncio.timeout(self._good_until - self._clock()):
                    await self._renew()
            except TimeoutError:
                raise self._lost("the API server did not answer in time") from None
            except Conflict:
                await self._confirm()
            except RequestFailed as failure:
                _LOG.warning("cannot renew the lease: %s; trying again", failure)

    async def release(self) -> None:
        """Gives leadership up, so that another process need not wait; failing is harmless."""
        if not self.is_held:
            return
        self._good_until = float("-inf")
        try:
            await self._replace(self._version, holder="")
        except RequestFailed as failure:
            _LOG.info("could not release the lease: %s; it will run out", failure)

    async def _try_acquire(self) -> bool:
        asked_at = self._clock()
        try:
            record = await self._read()
        except NotFound:
            return await self._create(asked_at)
        if record.metadata.resource_version != self._seen_version:
            self._seen_version = record.metadata.resource_version
            self._seen_at = self._clock()
        if not self._is_free(record.spec):
            return False
        self._acquired_at = _now()
        self._epoch = (record.spec.lease_transitions or 0) + 1
        try:
            await self._replace(record.metadata.resource_version)
        except Conflict:
            return False
        self._good_until = asked_at + self._settings.renew_seconds
        return True

    def _is_free(self, spec: _Spec) -> bool:
        if not spec.holder_identity or spec.holder_identity == self._holder:
            return True
        lasts = float(spec.lease_duration_seconds or self._settings.lease_seconds)
        if spec.holder_identity.rpartition(SEPARATOR)[0] == self._settings.identity:
            silence = MISSED_RENEWALS * self._settings.retry_seconds
            lasts = min(lasts, max(silence, self._settings.renew_seconds))
        return self._clock() - self._seen_at > lasts

    async def _create(self, asked_at: float) -> bool:
        """A Lease that was deleted starts above the epochs that moves have already seen."""
        self._acquired_at = _now()
        self._epoch = await self._largest_epoch() + 1
        try:
            made = await self._connection.post(
                LEASES.path(self._settings.namespace), self._body("", self._holder)
            )
        except Conflict:
            return False
        self._version = _RECORD.decode(made).metadata.resource_version
        self._good_until = asked_at + self._settings.renew_seconds
        return True

    async def _renew(self) -> None:
        asked_at = self._clock()
        await self._replace(self._version)
        self._good_until = asked_at + self._settings.renew_seconds

    async def _confirm(self) -> None:
        """Somebody wrote the Lease: another leader, or our own write whose reply was lost."""
        try:
            record = await self._read()
        except NotFound:
            raise self._lost("somebody deleted it") from None
        except RequestFailed as failure:
            _LOG.warning("cannot read the lease: %s; trying again", failure)
            return
        ours = record.spec.holder_identity == self._holder
        if not ours or record.spec.lease_transitions != self._epoch:
            raise self._lost(f"it is held by {record.spec.holder_identity or 'nobody'}")
        self._version = record.metadata.resource_version

    async def _largest_epoch(self) -> int:
        try:
            moves = await read_all(self._connection, MOVES, _FENCED.decode)
        except NotFound:
            return 0
        return max((move.status.epoch for move in moves.items.values()), default=0)

    async def _read(self) -> _Record:
        path = LEASES.path(self._settings.namespace, self._settings.name)
        return _RECORD.decode(await self._connection.get(path))

    async def _replace(self, version: str, *, holder: str | None = None) -> None:
        path = LEASES.path(self._settings.namespace, self._settings.name)
        named = self._holder if holder is None else holder
        made = await self._connection.put(path, self._body(version, named))
        self._version = _RECORD.decode(made).metadata.resource_version

    def _body(self, version: str, holder: str) -> dict[str, Any]:
        metadata = {"name": self._settings.name, "namespace": self._settings.namespace}
        return {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": metadata | ({"resourceVersion": version} if version else {}),
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": max(1, round(self._settings.lease_seconds)),
                "acquireTime": self._acquired_at,
                "renewTime": _now(),
                "leaseTransitions": self._epoch,
            },
        }

    def _lost(self, why: str) -> LeadershipLost:
        self._good_until = float("-inf")
        where = f"{self._settings.namespace}/{self._settings.name}"
        return LeadershipLost(f"lost lease {where} (epoch {self._epoch}): {why}; ending")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
