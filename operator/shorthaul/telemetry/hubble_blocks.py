"""Hubble export lines, a block at a time: what single lines say, told together.

Lines of a kind (`kernels`) differ in nothing but time, count and uuid, so what a kind says is
decided once, by the reader of events; lines that have no kind, or whose addresses are asked for,
are read one by one by the reader of lines. So a block says what its lines say, in their order, and
is only quicker. Where the kernels were not built, or somebody else reads lines, all are read one by
one.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, Protocol

from shorthaul.telemetry.hubble_ends import PodNames
from shorthaul.telemetry.hubble_events import Outcome, Skipped
from shorthaul.telemetry.line_cutters import Block
from shorthaul.traffic.addresses.ranges import Range
from shorthaul.traffic.flows import AnchorFlow, Flow, Lost


class Other(NamedTuple):
    """What a number of lines say that are no flow between pods; one second's, if they tell it."""

    outcome: Skipped | Lost | AnchorFlow
    lines: int = 1


class Told(NamedTuple):
    """What the lines of a block say; each of them is a flow or in one of the others.

    Flows are in the order of lines, the others in that of their first lines.
    """

    flows: Collection[Flow]
    others: Sequence[Other]


class Lines(Protocol):
    """Who makes something of lines; `names` are the pods that they named."""

    @property
    def names(self) -> PodNames:
        """The pods, and what Hubble says owns them."""
        ...

    def know(self, places: Sequence[Range]) -> None:
        """Takes other named places outside from now on."""
        ...

    def read(self, line: bytes) -> Outcome | AnchorFlow:
        """What one line says."""
        ...


class Blocks(Protocol):
    """Who makes something of blocks of lines."""

    def know(self, places: Sequence[Range]) -> None:
        """Takes other named places outside from now on."""
        ...

    def read(self, block: Block) -> Iterator[Told]:
        """What the lines say, some at a time."""
        ...


class LineByLine:
    """Reads blocks as whoever reads lines does."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.know = lines.know

    def read(self, block: Block) -> Iterator[Told]:
        """What the lines say."""
        flows: list[Flow] = []
        others: list[Other] = []
        for line in block.lines():
            if line and not line.isspace():
                outcome = self._lines.read(line)
                if isinstance(outcome, Flow):
                    flows.append(outcome)
                else:
                    others.append(Other(outcome))
        yield Told(flows, others)
