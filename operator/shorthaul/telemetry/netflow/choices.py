"""Which reader is used: the compiled one where its library was built, else the plain one."""

from collections.abc import Callable
from typing import NamedTuple

from shorthaul.telemetry.netflow.kernels import lanes, library
from shorthaul.telemetry.netflow.kernels.lanes import Lanes
from shorthaul.telemetry.netflow.limits import RECORDS_PER_MESSAGE
from shorthaul.telemetry.netflow.marks import Marks, PlainMarks
from shorthaul.telemetry.netflow.readers import Reader, read_set

PLAIN_RECORDS = 512
"""Records of one datagram that the plain reader takes: more could not be read within 10 ms."""


class Reading(NamedTuple):
    """A reader, and how many records of one datagram it takes; how domains know repeats.

    `lanes` makes what takes many messages in one call, where there is such a thing.
    """

    read: Reader
    records: int
    marks: Callable[[], Marks]
    lanes: Callable[[], Lanes] | None = None


PLAIN = Reading(read_set, PLAIN_RECORDS, PlainMarks)


def best_reading() -> Reading:
    """The best that there is here."""
    if library.available():
        return Reading(
            library.CompiledReader(), RECORDS_PER_MESSAGE, library.CompiledMarks, lanes.Lanes
        )
    return PLAIN
