"""Runs the shipped executor for all PodMoves of some namespaces, as a process that can be killed.

The smallest program around the executor: it leads by the Lease, admits every pending move, carries
all of them out and ends. The executor gets the moves as they were one tick ago, as from a watch
that is behind. Nothing is kept outside the API, so it can be killed at any moment and
started again with the same command line. It prints a line when it leads and one when it is done.
"""

import argparse
import asyncio
import logging
import sys

import msgspec

from shorthaul.act import records
from shorthaul.act.executors import Executor, ExecutorSettings, Means
from shorthaul.act.machines import Limits
from shorthaul.act.moves import ENDED, Order
from shorthaul.api.placementhints import HintTerm, WorkloadHint
from shorthaul.api.podmoves import MovePhase, PodMove
from shorthaul.cluster.reasons import Reason
from shorthaul.kube.connections import Connection
from shorthaul.kube.credentials import Origin
from shorthaul.kube.endpoints import MOVES
from shorthaul.kube.failures import RequestFailed
from shorthaul.kube.hints import Hints
from shorthaul.kube.leases import LeadershipLost, Lease, LeaseSettings
from shorthaul.kube.lists import read_all
from shorthaul.kube.probes import Prober, ProbeSettings
from shorthaul.units import Namespace

LOST = 3
TICK_SECONDS = 0.2
RETRY_SECONDS = 0.25


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--identity", default="driver")
    parser.add_argument("--namespace", default="shorthaul-system")
    parser.add_argument("--probe-namespace", default="shorthaul-probe")
    parser.add_argument("--moves-namespace", required=True)
    parser.add_argument("--landing-seconds", type=float, required=True)
    parser.add_argument("--lease-seconds", type=float, default=15.0)
    return parser.parse_args()


async def no_objection(_: Order) -> Reason | None:
    return None


def hint_for(order: Order) -> WorkloadHint:
    term = HintTerm(weight=100, key="kubernetes.io/hostname", values=(order.target,))
    return WorkloadHint(terms=(term,), plan=order.plan)


async def read_moves(connection: Connection, namespace: str) -> list[PodMove]:
    decode = msgspec.json.Decoder(PodMove).decode
    found = await read_all(connection, MOVES, decode, namespace=namespace)
    return list(found.items.values())


async def carry_out(connection: Connection, lease: Lease, known: argparse.Namespace) -> None:
    hints = Hints(connection)
    prober = Prober(connection, hints, ProbeSettings(Namespace(known.probe_namespace)))
    means = Means(connection, hints, prober, lease, no_objection, hint_for)
    limits = Limits(landing_seconds=known.landing_seconds, poll_seconds=0.2)
    executor = Executor(means, ExecutorSettings(Namespace(known.namespace), limits))
    seen = moves = await admit_all(connection, executor, known.moves_namespace)
    try:
        while any(records.state(move).phase not in ENDED for move in moves):
            await executor.advance(seen)
            await asyncio.sleep(TICK_SECONDS)
            seen, moves = moves, await read_again(connection, known.moves_namespace, moves)
    finally:
        await executor.stop()


async def read_again(
    connection: Connection, namespace: str, before: list[PodMove]
) -> list[PodMove]:
    try:
        return await read_moves(connection, namespace)
    except RequestFailed as failure:
        logging.warning("cannot read moves: %s", failure)
        return before


async def admit_all(connection: Connection, executor: Executor, namespace: str) -> list[PodMove]:
    """What the loop's pacing does, without pacing: a write that fails is decided anew."""
    while True:
        try:
            moves = await read_moves(connection, namespace)
            return [
                await executor.admit(move)
                if records.state(move).phase is MovePhase.PENDING
                else move
                for move in moves
            ]
        except RequestFailed as failure:
            logging.warning("cannot admit: %s", failure)
            await asyncio.sleep(0.2)


async def lead(known: argparse.Namespace) -> None:
    seconds = known.lease_seconds
    settings = LeaseSettings(
        known.namespace, known.identity, "shorthaul", seconds, seconds * 2 / 3, RETRY_SECONDS
    )
    async with Connection(Origin(known.kubeconfig)) as connection:
        lease = Lease(connection, settings)
        epoch = await lease.acquire()
        print(f"leading {epoch}", flush=True)
        keeping = asyncio.create_task(lease.keep())
        working = asyncio.create_task(carry_out(connection, lease, known))
        await asyncio.wait({keeping, working}, return_when=asyncio.FIRST_COMPLETED)
        for task in (keeping, working):
            if task.done():
                task.result()
            task.cancel()
        await asyncio.gather(keeping, working, return_exceptions=True)
        await lease.release()
    print("done", flush=True)


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(lead(arguments()))
    except LeadershipLost as lost:
        print(f"lost: {lost}", flush=True)
        return LOST
    return 0


if __name__ == "__main__":
    sys.exit(main())
