"""Leadership on a real API server: who leads, with which epoch, and who has to end."""

import asyncio
import contextlib
import uuid

import pytest

from shorthaul.kube import endpoints
from shorthaul.kube.connections import Connection
from shorthaul.kube.credentials import Origin
from shorthaul.kube.leases import LeadershipLost, Lease, LeaseSettings

pytestmark = pytest.mark.controlplane

LEASES = "leases.coordination.k8s.io"


@contextlib.asynccontextmanager
async def candidates(control_plane, *identities, lease_seconds=4.0):
    name = f"lease-{uuid.uuid4().hex[:8]}"
    times = (lease_seconds, lease_seconds * 3 / 4, 0.2)
    async with Connection(Origin(str(control_plane.kubeconfig))) as connection:
        yield [
            Lease(connection, LeaseSettings("default", identity, name, *times))
            for identity in identities
        ]


async def until(condition):
    """Waits for what has to come; on a busy machine it comes late."""
    async with asyncio.timeout(120):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.1)


def test_the_first_leads_and_the_second_waits_until_it_is_silent_for_long_enough(control_plane):
    async def story():
        async with candidates(control_plane, "a", "b") as (first, second):
            await first.acquire()
            keeping = asyncio.create_task(first.keep())
            waiting = asyncio.create_task(second.acquire())
            await asyncio.sleep(6)
            while_kept = (first.is_held, waiting.done())
            keeping.cancel()
            epoch = await asyncio.wait_for(waiting, 120)
            return while_kept, epoch, first.is_held, second.is_held

    assert asyncio.run(story()) == ((True, False), 2, False, True)


def test_a_restart_leads_before_the_lease_runs_out_but_after_its_namesake_gave_up(control_plane):
    async def story():
        async with candidates(control_plane, "a", "a", "b") as (killed, again, other):
            first = await killed.acquire()
            waiting = asyncio.create_task(other.acquire())
            second = await asyncio.wait_for(again.acquire(), 120)
            believes = killed.is_held
            waiting.cancel()
            return first, second, other.epoch, believes

    assert asyncio.run(story()) == (1, 2, 0, False)


def test_two_living_processes_of_one_name_do_not_take_the_lease_from_each_other(control_plane):
    async def story():
        async with candidates(control_plane, "a", "a") as (leader, twin):
            epoch = await leader.acquire()
            keeping = asyncio.create_task(leader.keep())
            waiting = asyncio.create_task(twin.acquire())
            await asyncio.sleep(6)
            while_kept = (leader.is_held, keeping.done(), waiting.done())
            keeping.cancel()
            return epoch, while_kept, await asyncio.wait_for(waiting, 120)

    assert asyncio.run(story()) == (1, (True, False, False), 2)


def test_who_was_replaced_has_to_end(control_plane):
    async def story():
        async with candidates(control_plane, "a", "a") as (before, after):
            await before.acquire()
            await after.acquire()
            with pytest.raises(LeadershipLost, match=r"it is held by a|it was not renewed in time"):
                await asyncio.wait_for(before.keep(), 120)
            return before.is_held

    assert asyncio.run(story()) is False


def test_a_lease_that_somebody_deletes_is_made_again_with_the_same_epoch(control_plane):
    async def story():
        async with candidates(control_plane, "a", "a") as (before, leader):
            await before.acquire()
            epoch = await leader.acquire()
            keeping = asyncio.create_task(leader.keep())
            client, name = control_plane.client, leader._settings.name
            await asyncio.to_thread(client.delete, LEASES, name, "default")
            await until(lambda: client.exists(LEASES, name, "default"))
            found = await asyncio.to_thread(client.get, LEASES, name, "default")
            keeping.cancel()
            return epoch, found["spec"]["leaseTransitions"], leader.is_held

    assert asyncio.run(story()) == (2, 2, True)


def test_a_released_lease_is_free_for_the_next(control_plane):
    async def story():
        async with candidates(control_plane, "a", "b", lease_seconds=600.0) as (first, second):
            await first.acquire()
            await first.release()
            return first.is_held, await asyncio.wait_for(second.acquire(), 120)

    assert asyncio.run(story()) == (False, 2)


def test_of_many_who_try_at_once_one_leads(control_plane):
    async def story():
        async with candidates(
            control_plane, *(f"c{index}" for index in range(8)), lease_seconds=600.0
        ) as all_of_them:
            tries = [asyncio.create_task(each.acquire()) for each in all_of_them]
            await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED, timeout=120)
            await asyncio.sleep(1.0)
            for each in tries:
                each.cancel()
            return sum(each.is_held for each in all_of_them)

    assert asyncio.run(story()) == 1


def test_a_leader_that_cannot_reach_the_server_ends_before_another_may_begin(control_plane):
    async def story():
        async with candidates(control_plane, "a") as (leader,):
            await leader.acquire()
            control_plane.pause("kube-apiserver")
            try:
                with pytest.raises(LeadershipLost):
                    await asyncio.wait_for(leader.keep(), 120)
            finally:
                control_plane.resume("kube-apiserver")
            return leader.is_held

    assert asyncio.run(story()) is False


def test_the_lease_is_where_the_chart_gives_the_right_to_it():
    assert endpoints.LEASES.path("ns", "shorthaul") == (
        "/apis/coordination.k8s.io/v1/namespaces/ns/leases/shorthaul"
    )
