"""Where a watch goes on after its end: at the last bookmark, or with a new list.

All of it is said by a real API server: its bookmarks, and its "too old resource version", which it
puts as an event into a watch that it has answered with 200. To get there, what etcd remembers is
compacted away. One kind is served without the server's cache, so that etcd itself is asked; for the
other the server is started anew, and its cache then knows nothing older than its start.
"""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from faultproxy.faults import Answer, Aside
from faultproxy.proxies import FaultProxy
from kube.watched_copies import PATIENCE_SECONDS, Witness, budget, quota, until
from shorthaul.kube import endpoints
from shorthaul.kube.connections import Connection
from shorthaul.kube.credentials import Origin
from shorthaul.kube.endpoints import Endpoint
from shorthaul.kube.lists import Key, identify, read_all
from shorthaul.kube.watches import Watch, WatchSettings
from testbed import controlplanes

pytestmark = pytest.mark.controlplane

NOT_CACHED = "poddisruptionbudgets.policy"
SHORT = WatchSettings(
    silence_seconds=60.0,
    shortest_watch_seconds=8,
    longest_watch_seconds=8,
    first_pause_seconds=0.05,
    longest_pause_seconds=0.5,
)
"""The server sends a bookmark about two seconds before the end that a watch has asked for."""

LASTING = WatchSettings(first_pause_seconds=0.05, longest_pause_seconds=0.5)


@pytest.fixture(scope="module")
def control_plane(control_plane_programs: None) -> Iterator[controlplanes.ControlPlane]:
    """A control plane of its own, since its etcd is made to forget and its server is restarted."""
    not_cached = {"kube-apiserver": [f"--watch-cache-sizes={NOT_CACHED}#0"]}
    with controlplanes.ControlPlane(extra_arguments=not_cached) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Forgetting:
    """A kind, and how a watch of it comes to hear that its version is not known any more.

    The API lets a server answer 410 in the watch's place too; this one does not, so the proxy does.
    """

    endpoint: Endpoint
    build: Callable[[str], dict[str, object]]
    by_restart: bool = False
    answered: bool = False

    @property
    def resource(self) -> str:
        return f"{self.endpoint.plural}.{self.endpoint.group}".removesuffix(".")


@dataclass(eq=False)
class Hands:
    """A clock that stands still until it is pushed: what was heard since then has the age 0."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(eq=False)
class Copy:
    """A running watch of one kind, its clock, and what its listener saw of it at each change."""

    watch: Watch[str]
    hands: Hands
    seen: list[frozenset[Key]] = field(default_factory=list)

    @property
    def held(self) -> frozenset[Key]:
        return frozenset(self.watch.items)


@asynccontextmanager
async def kept(
    kubeconfig: Path, endpoint: Endpoint, settings: WatchSettings, witness: Witness
) -> AsyncIterator[Copy]:
    """A copy that has been listed once and is watched, by way of a proxy with a witness."""
    async with Connection(Origin(str(kubeconfig))) as connection:
        hands = Hands()
        seen: list[frozenset[Key]] = []
        watch: Watch[str] = Watch(
            connection,
            endpoint,
            lambda body: "seen",
            settings=settings,
            clock=hands,
            changed=lambda before, after: seen.append(frozenset(watch.items)),
        )
        copy = Copy(watch, hands, seen)
        witness.copy = lambda: (copy.held, watch.synced.is_set())
        running = asyncio.create_task(watch.run())
        try:
            await until(watch.synced.is_set)
            await until(lambda: bool(witness.watches))
            yield copy
        finally:
            running.cancel()


def config_map(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def ask_etcd(plane: controlplanes.ControlPlane, what: str, told: dict[str, object]) -> Any:
    url = f"http://127.0.0.1:{plane.layout.etcd_port}/v3/kv/{what}"
    request = urllib.request.Request(url, json.dumps(told).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return json.load(answer)


def compact(plane: controlplanes.ControlPlane) -> None:
    """Makes etcd forget all but the present."""
    anything = {"key": base64.b64encode(b"anything").decode()}
    revision = ask_etcd(plane, "range", anything)["header"]["revision"]
    ask_etcd(plane, "compaction", {"revision": revision, "physical": True})


def first_words(plane: controlplanes.ControlPlane, endpoint: Endpoint, version: int) -> Any:
    """What the server itself says to a watch from a version, when it ends it after one event."""
    query = {"watch": "1", "resourceVersion": str(version), "timeoutSeconds": "25"}
    return plane.client.endpoint.send("GET", endpoint.path(), query=query)


def test_a_cut_or_ended_watch_goes_on_at_its_last_bookmark_and_lists_nothing(
    control_plane: controlplanes.ControlPlane, kubeconfig: Path, proxy: FaultProxy, namespace: str
):
    client = control_plane.client
    client.wait_for(lambda: not client.list("resourcequotas"), timeout_seconds=PATIENCE_SECONDS)
    witness = Witness("resourcequotas")
    witness.stand_at(proxy)

    def pass_time() -> int:
        """Something else changes, and a consistent read leads the server's cache up to there."""
        made = client.create(config_map("elsewhere"), namespace)
        client.list("resourcequotas")
        return int(made["metadata"]["resourceVersion"])

    async def play() -> None:
        async with kept(kubeconfig, endpoints.QUOTAS, SHORT, witness) as copy:
            listed = witness.watches[0].version
            later = await asyncio.to_thread(pass_time)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while witness.watches[-1].version < later:
                    await cut_after_a_bookmark(copy)

            assert listed < later
            assert copy.watch.changes == 1, "an event came, so it need not have been a bookmark"
            watches = len(witness.watches)
            await until(lambda: len(witness.watches) > watches)  # one comes to its own end
            await asyncio.to_thread(client.create, quota("new"), namespace)
            await until(lambda: (namespace, "new") in copy.watch.items)
            assert len(witness.lists) == 1

    async def cut_after_a_bookmark(copy: Copy) -> None:
        """A watch may also have come to its own end by then."""
        copy.hands.now += 1
        await until(lambda: copy.watch.age_seconds == 0)
        watches = len(witness.watches)
        proxy.cut("resourcequotas")
        await until(lambda: len(witness.watches) > watches)

    asyncio.run(play())


@pytest.mark.parametrize(
    "forgetting",
    [
        Forgetting(endpoints.BUDGETS, budget),
        Forgetting(endpoints.QUOTAS, quota, by_restart=True),
        Forgetting(endpoints.QUOTAS, quota, by_restart=True, answered=True),
    ],
    ids=["event from etcd", "event from the server's cache", "answer instead of a watch"],
)
def test_a_copy_whose_version_is_forgotten_is_listed_anew_and_swapped_at_once(
    control_plane: controlplanes.ControlPlane,
    kubeconfig: Path,
    proxy: FaultProxy,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    forgetting: Forgetting,
):
    client = control_plane.client
    endpoint, build, resource = forgetting.endpoint, forgetting.build, forgetting.resource
    monkeypatch.setattr("shorthaul.kube.lists.PAGE_OBJECTS", 2)
    client.wait_for(lambda: not client.list(resource), timeout_seconds=PATIENCE_SECONDS)
    for name in ("stays", "goes-1", "goes-2", "goes-3"):
        client.create(build(name), namespace)
    before = {(namespace, name) for name in ("stays", "goes-1", "goes-2", "goes-3")}
    after = {(namespace, name) for name in ("stays", "comes-1", "comes-2", "comes-3", "comes-4")}
    witness = Witness(endpoint.plural)
    witness.stand_at(proxy)

    def change_and_forget(version: int) -> None:
        for name in ("goes-1", "goes-2", "goes-3"):
            client.delete(resource, name, namespace)
        for name in ("comes-1", "comes-2", "comes-3", "comes-4"):
            client.create(build(name), namespace)
        compact(control_plane)
        if forgetting.by_restart:
            control_plane.kill("kube-apiserver")
            control_plane.restart("kube-apiserver")
        words = first_words(control_plane, endpoint, version)
        assert (words["type"], words["object"]["code"]) == ("ERROR", 410)
        if forgetting.answered:
            told = words["object"]
            proxy.answer(Answer(is_watch, told["code"], told["reason"], told["message"]))

    def is_watch(_: str, path: str) -> bool:
        return "watch=" in path and endpoint.plural in path

    async def play() -> None:
        async with kept(kubeconfig, endpoint, LASTING, witness) as copy:
            assert copy.held == before
            witness.shut = True
            proxy.cut(endpoint.plural)
            await until(lambda: bool(witness.refused))
            version = witness.refused[-1].version
            await asyncio.to_thread(change_and_forget, version)
            assert copy.held == before
            copy.seen.clear()
            witness.requests.clear()
            witness.shut = False
            await until(lambda: copy.held != before)

            assert copy.held == after
            assert set(copy.seen) == {frozenset(after)}, "a listener saw neither old nor new"
            await until(lambda: len(witness.watches) == 2)
            resumed, *pages, again = witness.requests
            assert resumed.version == version
            assert [page.is_watch for page in pages] == [False] * 3
            assert {page.copied for page in pages} == {frozenset(before)}
            assert all(request.synced for request in witness.requests)
            assert again.version > version
            await asyncio.to_thread(client.delete, resource, "stays", namespace)
            await until(lambda: (namespace, "stays") not in copy.watch.items)

    asyncio.run(play())


def test_a_list_that_is_forgotten_between_two_pages_is_begun_again(
    control_plane: controlplanes.ControlPlane,
    kubeconfig: Path,
    proxy: FaultProxy,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
):
    client = control_plane.client
    monkeypatch.setattr("shorthaul.kube.lists.PAGE_OBJECTS", 2)
    for name in ("a-goes", "b-stays", "c-stays", "d-goes"):
        client.create(budget(name), namespace)
    witness = Witness("poddisruptionbudgets")
    witness.stand_at(proxy)

    def change_and_forget() -> None:
        for name in ("a-goes", "d-goes"):
            client.delete(NOT_CACHED, name, namespace)
        client.create(budget("e-comes"), namespace)
        compact(control_plane)

    async def read() -> list[str]:
        async with Connection(Origin(str(kubeconfig))) as connection:
            name = lambda body: identify(body).name  # noqa: E731
            listing = await read_all(connection, endpoints.BUDGETS, name, namespace=namespace)
            return sorted(listing.items.values())

    proxy.aside(Aside(lambda method, path, body: "continue=" in path, change_and_forget))
    listed = asyncio.run(read())

    assert listed == ["b-stays", "c-stays", "e-comes"]
    continued = ["continue" in page.parameters for page in witness.lists]
    assert continued == [False, True, False, True]
