"""A cluster whose pods have given addresses, and a source of collectors beside it, for tests."""

import asyncio
import itertools
import time

from shorthaul.cluster.holders import Holders
from shorthaul.cluster.snapshots import Node, Pod, Snapshot
from shorthaul.store.keepers import Keeper
from shorthaul.telemetry.collected.readers import Collected
from shorthaul.telemetry.live_books import LiveBook
from shorthaul.telemetry.netflow_lines import Rules
from shorthaul.telemetry.sources import Surroundings
from shorthaul.traffic.addresses.books import BookRules
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import NodeName, PodRef, Tier, Uid, WorkloadRef

QUICK = BookRules(slack_milliseconds=50, settle_milliseconds=200)
WAIT_SECONDS = 120


def owner(address):
    """The workload of the pod that has an address."""
    return WorkloadRef("shop", "Deployment", "at-" + address.replace(":", "-").replace(".", "-"))


def pods_at(addresses, node="n1"):
    """A pod of its own workload for each address."""
    return {
        PodRef("shop", f"pod-{number}"): Pod(
            PodRef("shop", f"pod-{number}"),
            Uid(f"uid-{number}"),
            owner(address),
            NodeName(node),
            addresses=(address,),
            created_seconds=1_000.0,
        )
        for number, address in enumerate(addresses)
    }


class World:
    """A cluster as its watch would tell it, from now on."""

    def __init__(self, pods, nodes=(("n1", "10.0.0.1"),), ago_seconds=0):
        found = {NodeName(name): Node(NodeName(name), addresses=(ip,)) for name, ip in nodes}
        self.snapshot = Snapshot(found, pods)
        self.holders = Holders(QUICK)
        for pod in pods.values():
            self.holders.see(None, pod, int((time.time() - ago_seconds) * 1_000))

    def source(self, place, *, window_seconds=1, ledger=None, longest_milliseconds=400):
        """A source that reads the spools at a place."""
        around = Surroundings(
            rules=WindowRules(window_seconds=window_seconds, kept_windows=600),
            snapshot=lambda: self.snapshot,
            since_nanoseconds=None,
            kept_seconds=600.0,
            book=LiveBook(self.holders, lambda: 0.0, lambda snapshot: lambda one, other: Tier.ZONE),
            ledger=Keeper(str(ledger)) if ledger else None,
        )
        return Collected(place, around, Rules(longest_milliseconds), covers=True)


async def volumes_until(source, enough):
    """Reads until what came is enough: the volumes, the newest of each window."""
    found, end, reading = {}, time.monotonic() + WAIT_SECONDS, None
    while time.monotonic() < end:
        reading = await source.read()
        for volume in reading.volumes:
            found[volume.start_seconds] = volume
        if enough(list(found.values()), reading):
            return [found[start] for start in sorted(found)], reading
        await asyncio.sleep(0.05)
    raise AssertionError((found, reading))


def by_pair(volumes):
    """Bytes by sender and receiver, as the edges' two ways have them."""
    sums = {}
    for volume in volumes:
        for (client, server), sent in volume.edges.items():
            for key, size in (
                ((client, server), sent.forward_bytes),
                ((server, client), sent.backward_bytes),
            ):
                if size:
                    sums[key] = sums.get(key, 0) + size
    return sums


def as_sent(sums):
    """A capture's bytes by sender and receiver, from `traffic.write`."""
    found = {}
    for (key, what), size in sums.items():
        if what == "bytes":
            ends = owner(key[0]), owner(key[1])
            found[ends] = found.get(ends, 0) + size
    return found


def addresses_of(keys):
    """Every address of some flows, once."""
    return list(dict.fromkeys(itertools.chain.from_iterable(key[:2] for key in keys)))
