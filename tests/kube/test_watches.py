"""A copy of a kind stays what the API server has, whatever happens to its connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from faultproxy.faults import Answer
from faultproxy.proxies import FaultProxy
from kube.watched_copies import PATIENCE_SECONDS, quota, until
from shorthaul.errors import BadInput
from shorthaul.kube import endpoints
from shorthaul.kube.connections import Connection
from shorthaul.kube.credentials import Origin
from shorthaul.kube.failures import Forbidden
from shorthaul.kube.lists import identify, read_all
from shorthaul.kube.watches import Watch, WatchSettings
from testbed import controlplanes

pytestmark = pytest.mark.controlplane

QUICK = WatchSettings(silence_seconds=5.0, first_pause_seconds=0.05, longest_pause_seconds=0.5)


def run_with(kubeconfig: Path, story: Callable[[Watch[str]], Awaitable[None]]) -> None:
    """Keeps a copy of the ResourceQuotas while a story is played."""

    async def play() -> None:
        async with Connection(Origin(str(kubeconfig))) as connection:
            watch = Watch(connection, endpoints.QUOTAS, lambda body: "seen", settings=QUICK)
            running = asyncio.create_task(watch.run())
            async with asyncio.timeout(PATIENCE_SECONDS):
                await watch.synced.wait()
            await story(watch)
            running.cancel()

    asyncio.run(play())


def test_what_is_made_and_deleted_appears_and_disappears(
    control_plane: controlplanes.ControlPlane, kubeconfig: Path, namespace: str
):
    client = control_plane.client

    async def story(watch: Watch[str]) -> None:
        await asyncio.to_thread(client.create, quota("one"), namespace)
        await until(lambda: (namespace, "one") in watch.items)
        await asyncio.to_thread(client.delete, "resourcequotas", "one", namespace)
        await until(lambda: (namespace, "one") not in watch.items)

    run_with(kubeconfig, story)


@pytest.mark.parametrize("in_mid_line", [False, True], ids=["between lines", "in mid line"])
def test_a_cut_connection_is_taken_up_where_it_was(
    control_plane: controlplanes.ControlPlane,
    kubeconfig: Path,
    proxy: FaultProxy,
    namespace: str,
    in_mid_line: bool,
):
    client = control_plane.client
    client.create(quota("old"), namespace)

    async def story(watch: Watch[str]) -> None:
        proxy.hold("resourcequotas")
        await asyncio.to_thread(client.create, quota("new"), namespace)
        await asyncio.to_thread(client.delete, "resourcequotas", "old", namespace)
        proxy.cut("resourcequotas", in_mid_line=in_mid_line)
        proxy.release("resourcequotas")
        await until(lambda: (namespace, "new") in watch.items)
        await until(lambda: (namespace, "old") not in watch.items)

    run_with(kubeconfig, story)


def test_a_version_that_the_server_has_forgotten_leads_to_a_new_list(
    control_plane: controlplanes.ControlPlane, kubeconfig: Path, proxy: FaultProxy, namespace: str
):
    client = control_plane.client

    async def story(watch: Watch[str]) -> None:
        is_watch = lambda method, path: "watch=" in path and "resourcequotas" in path  # noqa: E731
        proxy.answer(Answer(is_watch, 410, "Expired"))
        proxy.cut("resourcequotas")
        await asyncio.to_thread(client.create, quota("late"), namespace)
        await until(lambda: (namespace, "late") in watch.items)

    run_with(kubeconfig, story)


def test_a_silent_connection_is_given_up(
    control_plane: controlplanes.ControlPlane, kubeconfig: Path, proxy: FaultProxy, namespace: str
):
    client = control_plane.client

    async def story(watch: Watch[str]) -> None:
        proxy.hold("resourcequotas")
        await asyncio.to_thread(client.create, quota("unheard"), namespace)
        await until(lambda: watch.failure is not None)
        proxy.release("resourcequotas")
        await until(lambda: (namespace, "unheard") in watch.items)

    run_with(kubeconfig, story)


@pytest.mark.parametrize(
    ("status", "reason"), [(429, "TooManyRequests"), (500, "InternalError"), (503, "Unavailable")]
)
def test_a_busy_or_broken_server_is_asked_again(
    control_plane: controlplanes.ControlPlane,
    kubeconfig: Path,
    proxy: FaultProxy,
    namespace: str,
    status: int,
    reason: str,
):
    client = control_plane.client
    is_ours = lambda method, path: "resourcequotas" in path  # noqa: E731

    async def story(watch: Watch[str]) -> None:
        proxy.answer(Answer(is_ours, status, reason, times=2))
        proxy.cut("resourcequotas")
        await asyncio.to_thread(client.create, quota("after"), namespace)
        await until(lambda: (namespace, "after") in watch.items)
        assert watch.failure is None

    run_with(kubeconfig, story)


def test_a_right_that_is_taken_away_is_named_and_the_copy_does_not_count_any_more(
    kubeconfig: Path, proxy: FaultProxy
):
    words = (
        'resourcequotas is forbidden: User "x" cannot list resource "resourcequotas" '
        'in API group "" at the cluster scope'
    )
    is_ours = lambda method, path: "resourcequotas" in path  # noqa: E731

    async def story(watch: Watch[str]) -> None:
        proxy.answer(Answer(is_ours, 403, "Forbidden", message=words, times=1000))
        proxy.cut("resourcequotas")
        await until(lambda: isinstance(watch.failure, Forbidden))
        assert isinstance(watch.failure, Forbidden)
        assert watch.failure.missing_right == "list resourcequotas (core) in every namespace"
        assert not watch.synced.is_set()

    run_with(kubeconfig, story)


def test_an_object_that_cannot_be_understood_makes_the_copy_not_count(
    control_plane: controlplanes.ControlPlane, kubeconfig: Path, namespace: str
):
    client = control_plane.client

    def decode(body: bytes) -> str:
        if b'"odd"' in body:
            raise BadInput("ResourceQuota odd cannot be read")
        return "seen"

    async def play() -> None:
        async with Connection(Origin(str(kubeconfig))) as connection:
            watch = Watch(connection, endpoints.QUOTAS, decode, settings=QUICK)
            running = asyncio.create_task(watch.run())
            await until(watch.synced.is_set)
            await asyncio.to_thread(client.create, quota("odd"), namespace)
            await until(lambda: not watch.synced.is_set())
            await asyncio.to_thread(client.delete, "resourcequotas", "odd", namespace)
            await until(watch.synced.is_set)
            running.cancel()

    asyncio.run(play())


def test_a_long_list_is_read_page_by_page_and_begun_again_when_it_expires(
    control_plane: controlplanes.ControlPlane,
    kubeconfig: Path,
    proxy: FaultProxy,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
):
    for index in range(7):
        control_plane.client.create(quota(f"many-{index}"), namespace)
    monkeypatch.setattr("shorthaul.kube.lists.PAGE_OBJECTS", 3)
    proxy.answer(Answer(lambda method, path: "continue=" in path, 410, "Expired"))

    async def read() -> list[str]:
        async with Connection(Origin(str(kubeconfig))) as connection:
            listing = await read_all(
                connection,
                endpoints.QUOTAS,
                lambda body: identify(body).name,
                namespace=namespace,
            )
            return sorted(listing.items.values())

    assert asyncio.run(read()) == [f"many-{index}" for index in range(7)]


def test_a_watch_that_is_to_be_told_often_is_never_old_although_nothing_changes(
    kubeconfig: Path,
):
    async def play() -> float:
        settings = WatchSettings().told(6)
        async with Connection(Origin(str(kubeconfig))) as connection:
            watch = Watch(connection, endpoints.QUOTAS, lambda body: "seen", settings=settings)
            running = asyncio.create_task(watch.run())
            async with asyncio.timeout(PATIENCE_SECONDS):
                await watch.synced.wait()
            oldest = 0.0
            for _ in range(120):
                await asyncio.sleep(0.2)
                oldest = max(oldest, watch.age_seconds)
            running.cancel()
        assert watch.failure is None
        return oldest

    assert asyncio.run(play()) < 10
