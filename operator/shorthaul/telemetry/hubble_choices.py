"""Which reader takes blocks of Hubble's lines: the compiled one, where it was built and fits.

It takes over from the reader of flows only; whoever reads something else reads line by line.
"""

from shorthaul.telemetry.hubble_anchors import AnchorReader
from shorthaul.telemetry.hubble_blocks import Blocks, LineByLine, Lines
from shorthaul.telemetry.hubble_kinds import KindReader
from shorthaul.telemetry.kernels import library


def blocks(reader: Lines) -> Blocks:
    """What reads blocks as a reader reads lines."""
    if isinstance(reader, AnchorReader) and library.available():
        return KindReader(reader)
    return LineByLine(reader)
