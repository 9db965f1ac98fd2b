"""Hubble export lines (`observer.ExportEvent` as JSON) to flows, one line at a time.

Only the fields that count are decoded; unknown ones are skipped, so newer exporters can be read.
In this format uint64 are JSON strings. What counts is decided in `hubble_events`. Nothing is raised
for a bad line: it becomes a `Skipped` with the reason.
"""

import msgspec

from shorthaul.telemetry.hubble_ends import PodNames
from shorthaul.telemetry.hubble_events import (
    EventReader,
    FlowFields,
    Outcome,
    Skipped,
    read_lost,
)
from shorthaul.telemetry.timestamps import nanoseconds

LONGEST_LINE_BYTES = 1 << 20


class _Lost(msgspec.Struct, gc=False):
    num_events_lost: int | str = 0


_ABSENT = msgspec.Raw(b"")


class LineEvent(msgspec.Struct, gc=False):
    """`observer.ExportEvent`, as far as it is used."""

    flow: FlowFields | None = None
    lost_events: _Lost | None = None
    node_status: msgspec.Raw = _ABSENT
    agent_event: msgspec.Raw = _ABSENT
    debug_event: msgspec.Raw = _ABSENT
    node_name: str = ""
    time: str = ""


class LineReader:
    """Reads lines; `decode` gives the fields of one, and raises msgspec's errors."""

    def __init__(self) -> None:
        self.events = EventReader()
        self.decode = msgspec.json.Decoder(LineEvent).decode

    @property
    def names(self) -> PodNames:
        """The pods that lines named and what Hubble says owns them."""
        return self.events.names

    def read(self, line: bytes) -> Outcome:
        """What one line says."""
        if len(line) > LONGEST_LINE_BYTES:
            return TOO_LONG
        try:
            event = self.decode(line)
        except msgspec.ValidationError as error:
            return Skipped(f"field of a wrong type ({error})", shown=True, bad=True)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _NOT_JSON
        flow = event.flow
        if flow is not None:
            told = flow.time or event.time
            node = event.node_name or flow.node_name
            return self.events.read_flow(flow, nanoseconds(told), told, node)
        if event.lost_events is not None:
            lost = event.lost_events.num_events_lost
            return read_lost(lost, event.node_name, nanoseconds(event.time))
        return _other_event(event)


TOO_LONG = Skipped(f"line over {LONGEST_LINE_BYTES} bytes", shown=True, bad=True)
_NOT_JSON = Skipped("line that is no JSON object", shown=True, bad=True)


def _other_event(event: LineEvent) -> Skipped:
    for name in ("agent_event", "debug_event", "node_status"):
        if bytes(getattr(event, name)):
            return Skipped(name.replace("_", " "))
    return Skipped("JSON object that is no Hubble export line", shown=True, bad=True)
