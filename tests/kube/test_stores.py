"""The live copy of a whole cluster agrees with one that is read at once, and follows changes."""

import asyncio
import contextlib

import pytest

from shorthaul.errors import BadInput
from shorthaul.kube import stores
from shorthaul.kube.connections import Connection
from shorthaul.kube.credentials import Origin
from shorthaul.units import Namespace, PodRef

pytestmark = pytest.mark.controlplane


def claim(name: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


@contextlib.asynccontextmanager
async def live(kubeconfig):
    async with Connection(Origin(str(kubeconfig))) as connection:
        store = stores.ClusterStore(connection)
        running = asyncio.create_task(store.run())
        async with asyncio.timeout(120):
            await store.wait_until_synced()
        yield store, connection
        running.cancel()


def test_the_live_copy_is_what_a_single_reading_gives(control_plane, namespace):
    control_plane.client.create(claim("data"), namespace)

    async def story():
        async with live(control_plane.kubeconfig) as (store, connection):
            return store.refusal(), store.snapshot(), await stores.read_once(connection)

    refusal, copied, read = asyncio.run(story())

    assert refusal is None
    assert copied.namespaces == read.namespaces
    assert copied.claims == read.claims
    assert PodRef(Namespace(namespace), "data") in copied.claims


def test_a_snapshot_is_made_anew_only_when_something_has_changed(control_plane, namespace):
    async def story():
        async with live(control_plane.kubeconfig) as (store, _):
            first = store.snapshot()
            changes = store.changes
            same = store.snapshot() is first or store.changes != changes
            await asyncio.to_thread(control_plane.client.create, claim("late"), namespace)
            async with asyncio.timeout(120):
                while PodRef(Namespace(namespace), "late") not in store.snapshot().claims:
                    await asyncio.sleep(0.05)
            return same

    assert asyncio.run(story())


def test_before_it_is_read_nothing_may_be_planned(control_plane):
    async def story():
        async with Connection(Origin(str(control_plane.kubeconfig))) as connection:
            return stores.ClusterStore(connection).refusal()

    refusal = asyncio.run(story())

    assert refusal is not None
    assert (refusal.code, refusal.message) == ("ClusterNotRead", "nodes have not been read yet")


def test_a_kind_that_may_not_be_listed_stops_everything_with_the_right_named(
    control_plane, namespace
):
    path = control_plane.kubeconfig_for_service_account(namespace, "default")

    async def story():
        async with Connection(Origin(str(path))) as connection:
            store = stores.ClusterStore(connection)
            running = asyncio.create_task(store.run())
            async with asyncio.timeout(120):
                while (refusal := store.refusal()) is None or refusal.code != "NoReadRight":
                    await asyncio.sleep(0.05)
            running.cancel()
            return refusal

    refusal = asyncio.run(story())

    assert refusal.message.startswith("the right to list ")
    with pytest.raises(BadInput, match=r"the right to list nodes \(core\) in every namespace"):
        stores.read_live(kubeconfig=str(path))


def test_no_kubeconfig_is_an_error_of_one_line(tmp_path):
    missing = tmp_path / "nothing"

    with pytest.raises(BadInput, match="kubeconfig") as told:
        stores.read_live(kubeconfig=str(missing))

    assert "\n" not in str(told.value)
