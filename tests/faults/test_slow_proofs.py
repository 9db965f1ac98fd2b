"""Hints that do not show on new pods take long to be sure of, and nothing else waits for that.

The API server's answers to the operator's probes are made up by the proxy here: pods without the
hint, for as long as the test wants. Patience with a hint is longer than the test would last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import pytest

from faultproxy.faults import Answer
from faultproxy.proxies import FaultProxy
from faults.driver import hint_for, no_objection, read_moves
from faults.fault_worlds import ENDS, PATIENCE_SECONDS, SYSTEM, deployment, fresh_world
from shorthaul.act import hindrances
from shorthaul.act.executors import Executor, ExecutorSettings, Means
from shorthaul.act.hindrances import Hindrances, Sources
from shorthaul.act.machines import Limits
from shorthaul.kube.connections import Connection
from shorthaul.kube.credentials import Origin
from shorthaul.kube.hints import Hints
from shorthaul.kube.probes import Prober, ProbeSettings
from shorthaul.units import Namespace
from testbed import controlplanes

pytestmark = pytest.mark.controlplane

T = TypeVar("T")
PROBES = Namespace("shorthaul-probe")
NEVER_SECONDS = 10 * PATIENCE_SECONDS


@dataclass(frozen=True, slots=True)
class Leading:
    """A leadership that is never lost."""

    epoch: int = 1
    is_held: bool = True


@dataclass(slots=True)
class Clock:
    """Time that goes on only when told."""

    seconds: float = 0.0

    def now(self) -> float:
        return self.seconds


def keep_hints_off(proxy: FaultProxy) -> None:
    def is_probe(method: str, path: str) -> bool:
        return method == "POST" and f"/{PROBES}/pods" in path

    proxy.answer(Answer(is_probe, 200, "NotHinted", times=1_000_000))


def patient_prober(connection: Connection) -> Prober:
    settings = ProbeSettings(PROBES, arrival_seconds=NEVER_SECONDS, patience_seconds=NEVER_SECONDS)
    return Prober(connection, Hints(connection), settings)


def run(story: Callable[[], Awaitable[T]]) -> T:
    return asyncio.run(asyncio.wait_for(story(), PATIENCE_SECONDS))


def test_a_move_whose_hint_does_not_show_holds_up_nothing_and_goes_on_when_it_does(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy
):
    with fresh_world(fault_plane, deployment("cart")) as world:
        name = world.order_move("Deployment", "cart")
        kubeconfig = str(world.kubeconfig(proxy.address))
        keep_hints_off(proxy)

        async def story() -> str:
            async with Connection(Origin(kubeconfig)) as connection:
                prober = patient_prober(connection)
                means = Means(
                    connection, Hints(connection), prober, Leading(), no_objection, hint_for
                )
                limits = Limits(landing_seconds=PATIENCE_SECONDS, poll_seconds=0.2)
                executor = Executor(means, ExecutorSettings(Namespace(SYSTEM), limits))
                found = await read_moves(connection, world.namespace)
                moves = [await executor.admit(move) for move in found]
                await executor.advance(moves)
                meanwhile = await asyncio.to_thread(world.phase, name)
                proxy.reset()
                while await asyncio.to_thread(world.phase, name) not in ENDS:
                    await executor.advance(moves)
                    await asyncio.sleep(0.2)
                await executor.stop()
                return meanwhile

        assert run(story) == "Admitted"
        assert (world.phase(name), world.evictions()[world.moved[name]]) == ("Landed", 1)


def test_the_last_proof_counts_until_the_next_has_ended_but_not_for_long(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy
):
    with fresh_world(fault_plane) as world:
        kubeconfig, namespace = str(world.kubeconfig(proxy.address)), Namespace(world.namespace)
        keep_hints_off(proxy)

        async def story() -> list[str]:
            async with Connection(Origin(kubeconfig)) as connection:
                clock = Clock()
                sources = Sources(connection, patient_prober(connection), Namespace(SYSTEM))
                known = Hindrances(sources, clock.now)

                async def look(after_seconds: float = 0.0) -> str:
                    clock.seconds += after_seconds
                    await known.refresh([namespace])
                    return known.everywhere.code if known.everywhere else "proven"

                async def look_until_proven() -> str:
                    while (told := await look()) != "proven":
                        await asyncio.sleep(0.1)
                    return told

                told = [await look()]
                proxy.reset()
                told.append(await look_until_proven())
                keep_hints_off(proxy)
                told.append(await look(hindrances.PROOF_SECONDS))
                told.append(await look(hindrances.STALE_PROOF_SECONDS))
                proxy.reset()
                told.append(await look_until_proven())
                return told

        assert run(story) == ["HintsUnproven", "proven", "proven", "HintsUnproven", "proven"]


def test_no_proof_goes_on_once_it_is_stopped(
    fault_plane: controlplanes.ControlPlane, proxy: FaultProxy
):
    with fresh_world(fault_plane) as world:
        kubeconfig, namespace = str(world.kubeconfig(proxy.address)), Namespace(world.namespace)
        keep_hints_off(proxy)

        async def story() -> tuple[bool, int, int]:
            async with Connection(Origin(kubeconfig)) as connection:
                sources = Sources(connection, patient_prober(connection), Namespace(SYSTEM))
                known = Hindrances(sources, Clock().now)
                await known.refresh([namespace])
                before = len(asyncio.all_tasks())
                await known.stop()
                stopped = len(asyncio.all_tasks())
                await known.stop()
                return known.everywhere is not None, before, stopped

        hindered, before, stopped = run(story)

        assert hindered
        assert stopped < before
