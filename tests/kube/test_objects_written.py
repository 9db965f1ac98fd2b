"""Objects and statuses of our own kinds, written as the chart's ServiceAccount."""

import asyncio
import uuid

import pytest

from chart.releases import NAMESPACE, OPENED, RELEASE
from shorthaul.kube import endpoints, plans, statuses
from shorthaul.kube.connections import Connection
from shorthaul.kube.credentials import Origin
from shorthaul.kube.events import Happening, Regarding, Teller
from shorthaul.kube.failures import Conflict, Invalid
from shorthaul.kube.lists import identify

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane


@pytest.fixture
def kubeconfig(release):
    return release.plane.kubeconfig_for_service_account(NAMESPACE, RELEASE)


def move(name: str, target: str = "n2") -> dict:
    return {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "PodMove",
        "metadata": {"name": name, "namespace": OPENED},
        "spec": {
            "plan": "plan-1",
            "digest": "sha256:" + "0" * 64,
            "policy": "all",
            "pod": {"name": "cart-1", "uid": "u1"},
            "workload": {"kind": "Deployment", "name": "cart"},
            "from": "n1",
            "to": target,
            "wave": 0,
            "gain": {"value": 1.0, "unit": "bytes/s"},
        },
    }


def with_connection(kubeconfig, story):
    async def play():
        async with Connection(Origin(str(kubeconfig))) as connection:
            return await story(connection)

    return asyncio.run(play())


def test_making_an_object_again_gives_the_one_that_is_there(kubeconfig):
    name = f"move-{uuid.uuid4().hex[:8]}"

    async def story(connection):
        first = await plans.create_move(connection, OPENED, move(name))
        again = await plans.create_move(connection, OPENED, move(name, "n3"))
        return identify(first), identify(again), b'"to":"n2"' in again

    first, again, is_the_first = with_connection(kubeconfig, story)

    assert (first, is_the_first) == (again, True)


def test_a_status_is_only_written_upon_the_state_that_was_read(kubeconfig):
    name = f"move-{uuid.uuid4().hex[:8]}"

    async def story(connection):
        made = identify(await plans.create_move(connection, OPENED, move(name)))
        status = {"phase": "Admitted", "epoch": 1}
        written = await statuses.write_status(connection, endpoints.MOVES, made, status)
        with pytest.raises(Conflict):
            await statuses.write_status(connection, endpoints.MOVES, made, status)
        with pytest.raises(Invalid, match="epoch may not fall"):
            await statuses.write_status(
                connection, endpoints.MOVES, identify(written), {"epoch": 0}
            )

    with_connection(kubeconfig, story)


def test_an_old_object_is_deleted_once_and_only_in_the_state_that_was_read(kubeconfig):
    name = f"move-{uuid.uuid4().hex[:8]}"

    async def story(connection):
        made = identify(await plans.create_move(connection, OPENED, move(name)))
        status = {"phase": "Admitted", "epoch": 1}
        written = await statuses.write_status(connection, endpoints.MOVES, made, status)
        with pytest.raises(Conflict):
            await plans.delete_old(connection, endpoints.MOVES, made)
        for _ in range(2):
            await plans.delete_old(connection, endpoints.MOVES, identify(written))

    with_connection(kubeconfig, story)


def test_the_same_event_is_told_once_in_a_while(release, kubeconfig):
    name = f"cart-{uuid.uuid4().hex[:8]}"
    about = Regarding("v1", "Pod", OPENED, name, "u1")
    now = [0.0]

    async def story(connection):
        teller = Teller(connection, "test", quiet_seconds=60, clock=lambda: now[0])
        for seconds in (0, 30, 59, 60):
            now[0] = seconds
            await teller.tell(Happening(about, "Moved", "Move", "moved to n2"))
        await teller.tell(Happening(about, "Refused", "Move", "node n3 is full", warning=True))
        await teller.tell(Happening(Regarding("v1", "Node", "", name), "Full", "Move", "is full"))

    with_connection(kubeconfig, story)
    found = [
        (event["metadata"]["namespace"], event["type"], event["reason"])
        for event in release.administrator.list("events.events.k8s.io")
        if event["regarding"]["name"] == name
    ]

    assert sorted(found) == [
        ("default", "Normal", "Full"),
        (OPENED, "Normal", "Moved"),
        (OPENED, "Normal", "Moved"),
        (OPENED, "Warning", "Refused"),
    ]


def test_an_event_that_cannot_be_written_stops_nothing(control_plane, namespace):
    nobody = control_plane.kubeconfig_for_service_account(namespace, "default")
    about = Regarding("v1", "Pod", namespace, "cart", "u1")

    async def story(connection):
        await Teller(connection, "test").tell(Happening(about, "Moved", "Move", "moved"))
        return "went on"

    assert with_connection(nobody, story) == "went on"
