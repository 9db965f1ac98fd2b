"""What keeps everything from being decided is told at each cycle, and logged when it changes."""

import asyncio
import logging

from loop.simulated_worlds import START, SimulatedWorld
from loop.test_simulated_week import TERMS
from shorthaul.cluster.reasons import Reason
from shorthaul.loop import Loop
from shorthaul.units import Namespace
from worlds import builders

RACKS = Reason("ContradictoryTopology", "racks cross zones")
READING = Reason("ClusterNotRead", "nodes have not been read yet")


class HinderedWorld(SimulatedWorld):
    """A simulated world that cannot be seen at all while there is a hindrance."""

    def __init__(self):
        super().__init__(builders.nodes(2), {"web": ["n1"]}, {})
        self.hindrance = None
        self.told = []

    def view(self, now):
        return self.hindrance or super().view(now)

    async def stall(self, reason, now):
        self.told.append(reason)


def lived_through(*hindrances):
    """A world after a tick with each of these."""

    async def live():
        world = HinderedWorld()
        loop = Loop(world, TERMS, asyncio.to_thread, Namespace("probes"))
        for world.hindrance in hindrances:
            await loop.tick(START)
        return world

    return asyncio.run(live())


def test_a_hindrance_is_logged_once_and_so_is_its_end(caplog):
    with caplog.at_level(logging.INFO, logger="shorthaul.loop"):
        world = lived_through(None, READING, RACKS, RACKS, RACKS, None, None, RACKS)

    assert world.told == [READING, RACKS, RACKS, RACKS, RACKS]
    assert [record.getMessage() for record in caplog.records] == [
        "nothing can be decided: nodes have not been read yet",
        "nothing can be decided: racks cross zones",
        "what kept everything from being decided is over",
        "nothing can be decided: racks cross zones",
    ]
