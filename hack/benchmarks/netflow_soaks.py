"""Floods a real collector over loopback UDP and holds its counts against what was sent.

Rated is what the collector counts a second while more comes than it can take, the best of some
tries; the soak sends at a multiple of that, so that the kernel drops datagrams, and every one has
to be declared. Two accounts are held, each exactly: by sequence numbers, received + lost +
unreadable = sent, in the unit of the version; and by datagrams, taken + dropped by the kernel =
sent. Sequence numbers begin shortly below 2^32, so that they wrap on the way. Where one sender is
not that much faster than the collector, the ratio that was reached is told. Seconds bound every
phase; nothing runs on by itself.
"""

import json
import random
import socket
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import catalogue, machines, netflow_messages
from benchmarks.collector_processes import CollectorProcess
from shorthaul.errors import BadInput

RESULTS = catalogue.FOLDER / "soaks.jsonl"
RATING_SECONDS = 2.0
RATINGS = 3
DRAIN_SECONDS = 120.0
MOST_AT_ONCE = 64
TAIL_MESSAGES = 8
_CYCLE_MESSAGES = 2_000
WRAP_AFTER_MESSAGES = 1_000
_OPTIONS = ("--tcp-port", "0", "--flush-seconds", "0.2")
_WORD = 1 << 32
_NUMBER_AT = {5: 16, 9: 12, 10: 8}
_NAMES = {5: "v5", 9: "v9", 10: "ipfix"}


@dataclass(frozen=True, slots=True)
class Soak:
    """What is sent: a shape of messages, for how long, at how many times the rated speed."""

    shape: str
    seconds: float
    times: float
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was sent and what the collector says of it; units are those of the version's numbers."""

    shape: str
    seconds: float
    rated_records_per_second: float
    sent_records_per_second: float
    sent_records: int
    counted_records: int
    sent_units: int
    received_units: int
    lost_units: int
    unreadable_units: int
    restarts: int
    sent_datagrams: int
    taken_datagrams: int
    dropped_datagrams: int
    records_per_unit: int

    @property
    def times(self) -> float:
        """How many times the rated speed was reached."""
        rated = self.rated_records_per_second
        return self.sent_records_per_second / rated if rated else 0.0

    @property
    def lost_records(self) -> int:
        """Records that the collector declares lost."""
        return self.lost_units * self.records_per_unit

    @property
    def faults(self) -> tuple[str, ...]:
        """The accounts that do not add up, each with its numbers."""
        accounts = (
            ("received + lost + unreadable units", self._units, self.sent_units),
            ("taken + dropped datagrams", self._datagrams, self.sent_datagrams),
            ("counted + lost records", self.counted_records + self.lost_records, self.sent_records),
            ("restarts", self.restarts, 0),
        )
        return tuple(
            f"{what} are {found}, not {due}" for what, found, due in accounts if found != due
        )

    @property
    def _units(self) -> int:
        return self.received_units + self.lost_units + self.unreadable_units

    @property
    def _datagrams(self) -> int:
        return self.taken_datagrams + self.dropped_datagrams


def run(soaks: Sequence[Soak], results: Path | None = RESULTS) -> Iterator[Outcome]:
    """Runs one soak after the other, each on a collector of its own, and keeps what came of it."""
    for soak in soaks:
        outcome = _run(soak)
        if results is not None:
            results.parent.mkdir(parents=True, exist_ok=True)
            about = {"seed": soak.seed, "revision": machines.revision(), **machines.machine()}
            with results.open("a") as file:
                file.write(json.dumps(asdict(outcome) | about | {"faults": outcome.faults}) + "\n")
        yield outcome


def heading() -> str:
    """The names of the columns of `line`."""
    names = ("rated /s", "sent /s", "times", "sent", "counted", "lost", "dropped", "exact")
    return f"{'shape':14}" + "".join(f"{name:>14}" for name in names)


def line(outcome: Outcome) -> str:
    """One outcome, in records; dropped are datagrams."""
    return (
        f"{outcome.shape:14}{outcome.rated_records_per_second:>14,.0f}"
        f"{outcome.sent_records_per_second:>14,.0f}{outcome.times:>14.2f}"
        f"{outcome.sent_records:>14,}{outcome.counted_records:>14,}{outcome.lost_records:>14,}"
        f"{outcome.dropped_datagrams:>14,}{'NO' if outcome.faults else 'yes':>14}"
    )


class _Sender:
    """One exporter: prepared messages, sent again and again, with the numbers that are due."""

    def __init__(self, soak: Soak, port: int) -> None:
        shape = netflow_messages.SHAPES[soak.shape]
        wanted = _CYCLE_MESSAGES * shape.records
        drawn = netflow_messages.messages(soak.shape, wanted, soak.seed)
        self._messages = [bytearray(message) for message in drawn]
        self._number_at = _NUMBER_AT[shape.version]
        self.records = shape.records
        self.units = 1 if shape.version == 9 else shape.records
        self._first = (
            _WORD - WRAP_AFTER_MESSAGES * self.units + random.Random(soak.seed).randrange(9)
        )
        self.sent = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))

    def send(self, number: int) -> None:
        """Sends some messages, one right after the other."""
        messages, at, pack = self._messages, self._number_at, struct.Struct(">I").pack_into
        for _ in range(number):
            message = messages[self.sent % len(messages)]
            pack(message, at, (self._first + self.sent * self.units) % _WORD)
            self._socket.send(message)
            self.sent += 1

    def flood(self, seconds: float) -> None:
        """Sends as fast as it can."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.send(MOST_AT_ONCE)

    def pace(self, seconds: float, messages_per_second: float) -> float:
        """Sends at a rate, or as near to it as it can; the seconds that it took."""
        begun, before = time.monotonic(), self.sent
        while (spent := time.monotonic() - begun) < seconds:
            due = int(spent * messages_per_second) - (self.sent - before)
            if due > 0:
                self.send(min(due, MOST_AT_ONCE))
            else:
                time.sleep(0.0005)
        return time.monotonic() - begun

    def close(self) -> None:
        """Gives the port back."""
        self._socket.close()


def _run(soak: Soak) -> Outcome:
    version = _NAMES[netflow_messages.SHAPES[soak.shape].version]
    with (
        tempfile.TemporaryDirectory(prefix="shorthaul-soak-") as folder,
        CollectorProcess(Path(folder), *_OPTIONS) as collector,
    ):
        sender = _Sender(soak, collector.udp_port)
        try:
            sender.send(1)
            _settle(collector, sender)
            rated = max(_rate(collector, sender, soak.seconds) for _ in range(RATINGS))
            before = sender.sent
            seconds = sender.pace(soak.seconds, soak.times * rated / sender.records)
            paced = (sender.sent - before) * sender.records / seconds
            _settle(collector, sender)
            for _ in range(TAIL_MESSAGES):  # What was lost last shows by what comes after it.
                sender.send(1)
                time.sleep(0.01)
            counts = _settle(collector, sender)
        finally:
            sender.close()
    return Outcome(
        shape=soak.shape,
        seconds=round(seconds, 1),
        rated_records_per_second=round(rated, 1),
        sent_records_per_second=round(paced, 1),
        sent_records=sender.sent * sender.records,
        counted_records=counts["flows_total"],
        sent_units=sender.sent * sender.units,
        received_units=counts[f'sequence_units_total{{state="received",version="{version}"}}'],
        lost_units=counts[f'lost_units{{state="lost",version="{version}"}}'],
        unreadable_units=counts[f'lost_units{{state="uncertain",version="{version}"}}'],
        restarts=counts[f'exporter_restarts_total{{version="{version}"}}'],
        sent_datagrams=sender.sent,
        taken_datagrams=counts["datagrams_total"],
        dropped_datagrams=counts["kernel_dropped_datagrams_total"],
        records_per_unit=sender.records // sender.units,
    )


def _rate(collector: CollectorProcess, sender: _Sender, most_seconds: float) -> float:
    """Records a second that the collector counts while it is flooded."""
    before, begun = collector.counts()["flows_total"], time.monotonic()
    sender.flood(min(RATING_SECONDS, most_seconds))
    counted = collector.counts()["flows_total"] - before
    seconds = time.monotonic() - begun
    _settle(collector, sender)
    return counted / seconds


def _settle(collector: CollectorProcess, sender: _Sender) -> dict[str, int]:
    """Waits until every datagram was taken or dropped; the counts then, of one snapshot."""
    end = time.monotonic() + DRAIN_SECONDS
    while True:
        counts = dict(collector.counts())
        if "kernel_dropped_datagrams_total" not in counts:
            raise BadInput("this kernel does not tell what sockets drop; it takes Linux 4.12")
        seen = counts["datagrams_total"] + counts["kernel_dropped_datagrams_total"]
        if seen >= sender.sent or time.monotonic() > end:
            return counts
        time.sleep(0.1)


Printer = Callable[[str], None]


def measure(soaks: Sequence[Soak], show: Printer) -> bool:
    """Shows a line for each soak, and the accounts that fail; whether all add up."""
    machine = machines.machine()
    show(
        f"{machine['processor']}, {machine['cores']} cores, commit {machines.revision()}, seed "
        f"{soaks[0].seed}, {soaks[0].seconds:g} s each at {soaks[0].times:g} times the rated speed"
    )
    show(heading())
    exact = True
    for outcome in run(soaks):
        show(line(outcome))
        for fault in outcome.faults:
            show(f"  {outcome.shape}: {fault}")
            exact = False
    return exact
