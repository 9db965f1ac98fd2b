"""The whole cluster as a live copy, kind by kind, and as a Snapshot at any moment.

Only values are kept, never objects. A snapshot is put together when asked for and kept until
something changes. A kind that may not be read, or that holds something we cannot understand, stops
all planning: a plan on half a cluster could break what it does not see. Our own kinds come through
kopf and are not here.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.snapshots import Pod, Snapshot
from shorthaul.errors import BadInput
from shorthaul.kube import conversions, endpoints
from shorthaul.kube.connections import Connection
from shorthaul.kube.credentials import Origin
from shorthaul.kube.endpoints import Endpoint
from shorthaul.kube.failures import Forbidden, RequestFailed
from shorthaul.kube.lists import read_all
from shorthaul.kube.watches import Changed, Watch, WatchSettings

KINDS: tuple[Endpoint, ...] = (
    endpoints.NODES,
    endpoints.NAMESPACES,
    endpoints.PODS,
    endpoints.SERVICES,
    endpoints.ENDPOINT_SLICES,
    endpoints.BUDGETS,
    endpoints.CLAIMS,
    endpoints.VOLUMES,
    endpoints.STORAGE_CLASSES,
    endpoints.CSI_NODES,
    endpoints.QUOTAS,
    endpoints.DEPLOYMENTS,
    endpoints.REPLICA_SETS,
    endpoints.STATEFUL_SETS,
    endpoints.DAEMON_SETS,
    endpoints.REPLICATION_CONTROLLERS,
    endpoints.JOBS,
    endpoints.CRON_JOBS,
)
CONTROLLERS = (
    endpoints.DEPLOYMENTS,
    endpoints.REPLICA_SETS,
    endpoints.STATEFUL_SETS,
    endpoints.DAEMON_SETS,
    endpoints.REPLICATION_CONTROLLERS,
    endpoints.JOBS,
    endpoints.CRON_JOBS,
)

Values = Callable[[Endpoint], Collection[Any]]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A snapshot, and after how many changes it was made."""

    changes: int
    snapshot: Snapshot


class ClusterStore:
    """A copy of every kind that a Snapshot needs; `run` keeps it and never returns."""

    def __init__(
        self,
        connection: Connection,
        settings: WatchSettings | None = None,
        pod_changed: Changed[Pod] | None = None,
        pod_news_seconds: int | None = None,
    ) -> None:
        """Store what to watch, and whom to tell of pods; nothing is read before `run`.

        At least every `pod_news_seconds` the server says of pods that nothing has changed.
        """
        known = settings or WatchSettings()
        often = {
            endpoints.PODS: known if pod_news_seconds is None else known.told(pod_news_seconds)
        }
        told: Mapping[Endpoint, Changed[Any] | None] = {endpoints.PODS: pod_changed}
        self._watches = {
            kind: Watch(
                connection,
                kind,
                _decoder(kind),
                settings=often.get(kind, known),
                changed=told.get(kind),
            )
            for kind in KINDS
        }
        self._kept: _Kept | None = None

    async def run(self) -> None:
        """Watches all kinds for ever; ends only by being cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for watch in self._watches.values():
                tasks.create_task(watch.run())

    async def wait_until_synced(self) -> None:
        """Returns once every kind has been read in full."""
        for watch in self._watches.values():
            await watch.synced.wait()

    @property
    def changes(self) -> int:
        """A number that grows with every change of anything."""
        return sum(watch.changes for watch in self._watches.values())

    @property
    def oldest_age_seconds(self) -> float:
        """How long ago the server was last heard on the most silent watch."""
        return max(watch.age_seconds for watch in self._watches.values())

    @property
    def pods_age_seconds(self) -> float:
        """How long ago the server was last heard on the watch of pods."""
        return self._watches[endpoints.PODS].age_seconds

    def refusal(self) -> Reason | None:
        """Why nothing may be planned now; None when every kind is read."""
        for kind, watch in self._watches.items():
            if isinstance(watch.failure, Forbidden):
                right = watch.failure.missing_right or f"list and watch {kind.plural}"
                return Reason("NoReadRight", f"the right to {right} is missing")
        for kind, watch in self._watches.items():
            if not watch.synced.is_set():
                cause = f": {watch.failure}" if watch.failure else ""
                return Reason("ClusterNotRead", f"{kind.plural} have not been read yet{cause}")
        return None

    def snapshot(self) -> Snapshot:
        """Everything as it is known now; take it only while `refusal` is None."""
        changes = self.changes
        if self._kept is None or self._kept.changes != changes:
            made = _snapshot(lambda kind: self._watches[kind].items.values())
            self._kept = _Kept(changes, made)
        return self._kept.snapshot


async def read_once(connection: Connection) -> Snapshot:
    """The cluster now, each kind listed once; raises BadInput when one cannot be read."""
    found: dict[Endpoint, Collection[Any]] = {}
    for kind in KINDS:
        try:
            found[kind] = (await read_all(connection, kind, _decoder(kind))).items.values()
        except Forbidden as failure:
            right = failure.missing_right or f"list {kind.plural}"
            raise BadInput(f"cannot read the cluster: the right to {right} is missing") from failure
        except RequestFailed as failure:
            raise BadInput(f"cannot read the cluster: list {kind.plural}: {failure}") from failure
    return _snapshot(found.__getitem__)


def read_live(context: str = "", kubeconfig: str = "") -> Snapshot:
    """The cluster of a kubeconfig context, "" for the current one; blocks until it is read."""

    async def read() -> Snapshot:
        async with Connection(Origin(kubeconfig, context)) as connection:
            return await read_once(connection)

    return asyncio.run(read())


def _decoder(kind: Endpoint) -> Callable[[bytes], Any]:
    return conversions.READERS[(kind.group, kind.kind)].decode


def _snapshot(of: Values) -> Snapshot:
    return conversions.snapshot_of(
        conversions.Parts(
            nodes=of(endpoints.NODES),
            pods=of(endpoints.PODS),
            controllers=[value for kind in CONTROLLERS for value in of(kind)],
            services=of(endpoints.SERVICES),
            endpoints=of(endpoints.ENDPOINT_SLICES),
            budgets=of(endpoints.BUDGETS),
            claims=of(endpoints.CLAIMS),
            volumes=of(endpoints.VOLUMES),
            storage_classes=of(endpoints.STORAGE_CLASSES),
            attach_limits=of(endpoints.CSI_NODES),
            quotas=of(endpoints.QUOTAS),
            namespaces=of(endpoints.NAMESPACES),
        )
    )
