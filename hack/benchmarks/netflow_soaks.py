"""Floods a real collector over loopback UDP and holds its counts against what was sent.

Rated is the most that the collector counts a second while more comes than it can take and the
senders share the machine: the best of some tries, the first flooded and the others sent at a
multiple of the best so far, since a flood takes more from the collector than a soak does. The soak
sends at a multiple of that, so that the kernel drops datagrams, and every one has to be declared.
Where the collector counts more in the soak than in the tries (others left the machine), the speed
goes up with it, what was sent too slowly is made up for, and what it counted on average is the
rated speed then. A soak that did not reach
its multiple of that says so.

Two accounts are held, each exactly: by sequence numbers, received + lost + unreadable = sent, in
the unit of the version; and by datagrams, taken + dropped by the kernel = sent. Seconds bound
every phase; nothing runs on by itself.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks import catalogue, machines, netflow_messages
from benchmarks.collector_processes import CollectorProcess
from benchmarks.netflow_senders import FLOOD, Sender
from shorthaul.errors import BadInput
from shorthaul.telemetry.collectors.settings import CollectorSettings

RESULTS = catalogue.FOLDER / "soaks.jsonl"
BUFFER_BYTES = CollectorSettings().receive_buffer_bytes
RATING_SECONDS = 3.0
RATINGS = 4
LEAST_TIMES = 2.0
"""Tries are sent at this multiple at least, so that they show what the collector can take."""
LOOK_SECONDS = 5.0
NEWS_SECONDS = 5.0
POLL_SECONDS = 0.03
DRAIN_SECONDS = 120.0
TAILS = 2
MARGIN = 1.05
"""Sent is so much more than the multiple, so that a sender that was held up still reaches it."""
REACHED = 0.99
"""The part of the multiple that was asked for from which on it counts as reached."""
_OPTIONS = ("--tcp-port", "0", "--flush-seconds", "0.2")
_NAMES = {5: "v5", 9: "v9", 10: "ipfix"}


@dataclass(frozen=True, slots=True)
class Soak:
    """What is sent: a shape of messages, for how long, at how many times the rated speed.

    Into a smaller buffer it is lost in more and shorter gaps.
    """

    shape: str
    seconds: float
    times: float
    seed: int
    buffer_bytes: int = BUFFER_BYTES


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was sent and what the collector says of it; units are those of the version's numbers."""

    shape: str
    seconds: float
    asked_times: float
    rated_records_per_second: float
    sent_records_per_second: float
    counted_records_per_second: float
    counted_records_per_cpu_second: float
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
    def shortfalls(self) -> tuple[str, ...]:
        """Why the soak says less than was asked of it."""
        if self.times >= REACHED * self.asked_times:
            return ()
        return (f"sent at {self.times:.2f} times the rated speed, not {self.asked_times:g}",)

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
                wrong = {"faults": outcome.faults, "shortfalls": outcome.shortfalls}
                file.write(json.dumps(asdict(outcome) | about | wrong) + "\n")
        yield outcome


def heading() -> str:
    """The names of the columns of `line`."""
    speeds = "".join(f"{name:>12}" for name in ("rated /s", "sent /s", "counted /s", "of a core"))
    sums = "".join(f"{name:>15}" for name in ("sent", "counted", "lost", "dropped"))
    return f"{'shape':13}{speeds}{'times':>7}{sums}{'exact':>7}"


def line(outcome: Outcome) -> str:
    """One outcome, in records; dropped are datagrams. Sums are those of the tries too.

    `of a core` is what the collector counted in a second of a processor's time.
    """
    return (
        f"{outcome.shape:13}{outcome.rated_records_per_second:>12,.0f}"
        f"{outcome.sent_records_per_second:>12,.0f}{outcome.counted_records_per_second:>12,.0f}"
        f"{outcome.counted_records_per_cpu_second:>12,.0f}{outcome.times:>7.2f}"
        f"{outcome.sent_records:>15,}{outcome.counted_records:>15,}{outcome.lost_records:>15,}"
        f"{outcome.dropped_datagrams:>15,}{'NO' if outcome.faults else 'yes':>7}"
    )


class _Look(NamedTuple):
    """Flows that the collector has counted, at a moment."""

    when: float
    flows: int

    def speed(self, since: "_Look") -> float:
        """Flows a second between two looks."""
        return (self.flows - since.flows) / (self.when - since.when)


class _Stretch(NamedTuple):
    """What some time of sending came to, in records a second."""

    seconds: float
    sent: float
    counted: float
    counted_per_cpu: float


class _Trial:
    """A collector, those who send to it, and the most that it was seen to count a second."""

    def __init__(self, collector: CollectorProcess, sender: Sender) -> None:
        self._collector, self._sender = collector, sender
        self.rated = 0.0

    def rate(self, seconds: float, times: float) -> None:
        """One try of what the collector can take: at a multiple, or flooded the first time."""
        self._stretch(seconds, times, 0.75 * seconds)

    def soak(self, seconds: float, times: float) -> _Stretch:
        """Sends at a multiple of the rated speed, which goes up with what is counted."""
        return self._stretch(seconds, times, min(LOOK_SECONDS, 0.3 * seconds))

    def settle(self) -> dict[str, int]:
        """Waits until every datagram was taken or dropped; the counts then, of one snapshot."""
        end = time.monotonic() + DRAIN_SECONDS
        while True:
            counts, late = dict(self._collector.counts()), time.monotonic() > end
            taken = counts.get("datagrams_total", 0)  # There are none before its first snapshot.
            dropped = counts.get("kernel_dropped_datagrams_total")
            if dropped is None and (taken or late):
                raise BadInput("this kernel does not tell what sockets drop; it takes Linux 4.12")
            if late or taken + (dropped or 0) >= self._sender.sent:
                return counts
            time.sleep(0.1)

    def _stretch(self, seconds: float, times: float, look_seconds: float) -> _Stretch:
        """Sends for some time, looks at the counts meanwhile, and waits until all is taken."""
        sender = self._sender
        before, cpu = sender.sent, self._collector.cpu_seconds()
        flows = self.settle()["flows_total"]
        self._aim(times)
        with ThreadPoolExecutor(1) as pool:
            looks = [_Look(time.monotonic(), flows)]
            sending = pool.submit(sender.pace, seconds)
            while not wait((sending,), look_seconds).done:
                looks.append(self._look())
                self.rated = max(self.rated, looks[-1].speed(looks[-2]))
                self._aim(times)
        took = sending.result()
        taken = self.settle()["flows_total"] - flows
        return _Stretch(
            seconds=took,
            sent=(sender.sent - before) * sender.records / took,
            counted=looks[-1].speed(looks[0]) if len(looks) > 1 else 0.0,
            counted_per_cpu=taken / max(self._collector.cpu_seconds() - cpu, 0.01),
        )

    def _aim(self, times: float) -> None:
        """Has the senders send at a multiple of the rated speed, or flood before there is one."""
        wanted = MARGIN * times * self.rated / self._sender.records
        self._sender.messages_per_second = wanted or FLOOD

    def _look(self) -> _Look:
        """The next snapshot that the collector takes."""
        end, seen = time.monotonic() + NEWS_SECONDS, self._flows()
        while (flows := self._flows()) == seen and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        return _Look(time.monotonic(), flows)

    def _flows(self) -> int:
        return self._collector.counts()["flows_total"]


def _run(soak: Soak) -> Outcome:
    version = _NAMES[netflow_messages.SHAPES[soak.shape].version]
    buffer = ("--receive-buffer-bytes", str(soak.buffer_bytes))
    with (
        tempfile.TemporaryDirectory(prefix="shorthaul-soak-") as folder,
        CollectorProcess(Path(folder), *_OPTIONS, *buffer) as collector,
        closing(Sender(soak.shape, soak.seed, collector.udp_port)) as sender,
    ):
        trial = _Trial(collector, sender)
        sender.greet()
        for _ in range(RATINGS):
            trial.rate(min(RATING_SECONDS, soak.seconds), max(soak.times, LEAST_TIMES))
        rated = trial.rated
        found = trial.soak(soak.seconds, soak.times)
        for _ in range(TAILS):  # What was lost last shows by what comes after it.
            sender.greet()
            counts = trial.settle()
    return Outcome(
        shape=soak.shape,
        seconds=round(found.seconds, 1),
        asked_times=soak.times,
        rated_records_per_second=round(max(rated, found.counted), 1),
        sent_records_per_second=round(found.sent, 1),
        counted_records_per_second=round(found.counted, 1),
        counted_records_per_cpu_second=round(found.counted_per_cpu, 1),
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


Printer = Callable[[str], None]


def measure(soaks: Sequence[Soak], tell: Printer) -> bool:
    """Runs the soaks and tells of each; whether all accounts hold at the multiple asked for."""
    machine = machines.machine()
    tell(
        f"{machine['processor']}, {machine['cores']} cores, commit {machines.revision()}, seed "
        f"{soaks[0].seed}, {soaks[0].seconds:g} s each at {soaks[0].times:g} times the rated speed"
    )
    return show(run(soaks), tell)


def show(outcomes: Iterable[Outcome], tell: Printer) -> bool:
    """Tells a line for each outcome, and what is wrong with it; whether nothing is."""
    good = True
    tell(heading())
    for outcome in outcomes:
        tell(line(outcome))
        for wrong in (*outcome.faults, *outcome.shortfalls):
            tell(f"  {outcome.shape}: {wrong}")
            good = False
    return good
