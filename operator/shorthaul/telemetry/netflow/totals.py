"""What a decoder did, in counts that only grow and add up.

    datagrams = messages + those refused ("datagram: ...")
    records   = flow records + option records + those refused ("record: ...")

A flow record gives one record, or two where it has both directions.
"""

from collections import Counter
from dataclasses import dataclass, field

from shorthaul.telemetry.netflow.reasons import NO_LOSS, RECORDS, Reason


@dataclass(slots=True)
class Totals:
    """Counts since the start; `versions` counts messages by their version."""

    datagrams: int = 0
    bytes: int = 0
    messages: int = 0
    templates: int = 0
    records: int = 0
    option_records: int = 0
    flow_records: int = 0
    flows: int = 0
    versions: Counter[int] = field(default_factory=Counter)
    refused: Counter[Reason] = field(default_factory=Counter)

    def refuse(self, reason: Reason, number: int = 1) -> None:
        """Counts what was refused."""
        self.refused[reason] += number

    @property
    def undecodable(self) -> int:
        """What was refused although it may have told of traffic."""
        return sum(number for reason, number in self.refused.items() if reason not in NO_LOSS)

    @property
    def refused_records(self) -> int:
        """Records that were none or no traffic."""
        return sum(self.refused[reason] for reason in RECORDS)


@dataclass(frozen=True, slots=True)
class Loss:
    """Sequence accounts added up, in the unit of one version: flows of v5, messages of v9, records.

    For each stream, from its first message: received + lost + uncertain = sent. `conflicts` are
    messages by which two senders go by one name.
    """

    received: int = 0
    lost: int = 0
    uncertain: int = 0
    late: int = 0
    restarts: int = 0
    conflicts: int = 0
