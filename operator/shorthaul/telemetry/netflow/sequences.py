"""What got lost on the way: sequence numbers, by each version's own rule.

A message covers units of its stream: NetFlow v5 numbers flows and IPFIX data records, and a message
tells how many came before it; v9 numbers messages. What is jumped over is declared lost, and taken
back when it comes late. Numbers are 32 bits wide and wrap.

An exporter that starts anew is told from a late message by its start time where there is one (v5,
v9), and else by numbers that go back to where nothing is missing; what was lost while it was down
nobody can say, so nothing is declared then. Numbers that afterwards go on where they were left are
not those of one exporter: somebody else sends in its name, which is a conflict.
"""

from typing import NamedTuple

from shorthaul.telemetry.netflow.limits import GAPS_PER_DOMAIN

WORD = 1 << 32
LONGEST_LEAP = 1 << 24
"""A jump ahead by more units than this is another start, not a loss."""
LATEST_UNITS = 1 << 16
"""How far back a late message may be."""
MOST_SPANS = 1_024
"""Stretches of numbers that are kept until somebody takes them; of more the rest is not told."""
BOOT_TOLERANCE = 10_000
"""Milliseconds by which two computed start times of one exporter may differ."""


class Span(NamedTuple):
    """Units that came one behind the other, from a number on."""

    begin: int
    units: int


def is_later(boot: int, before: int) -> bool:
    """Whether a start time is that of another start; 0 where none is known.

    Uptimes are 32 bits wide too: when one wraps, the exporter seems to have started then.
    """
    later = boot - before
    wrapped = abs(later - WORD) <= BOOT_TOLERANCE
    return bool(boot and before) and later > BOOT_TOLERANCE and not wrapped


class Sequence:
    """The account of one stream: received + lost + uncertain = sent, exactly, since its start.

    `uncertain` are units in sets whose template is not there: of unknown number until either the
    template comes (`resolve`) or the next message tells how many they were.
    """

    __slots__ = (
        "_boot",
        "_expected",
        "_gaps",
        "_left",
        "_open",
        "_since",
        "_spans",
        "conflicts",
        "late",
        "lost",
        "received",
        "resolved",
        "restarts",
        "unknown",
    )

    def __init__(self) -> None:
        self.received = self.lost = self.late = self.restarts = 0
        self.unknown = self.resolved = self.conflicts = 0
        self._expected: int | None = None
        self._left: tuple[int, int] | None = None
        self._boot = 0
        self._open = False
        self._gaps: list[tuple[int, int]] = []
        self._since = 0
        self._spans: list[Span] = []

    @property
    def uncertain(self) -> int:
        """Units that came and could not be read."""
        return max(0, self.unknown - self.resolved)

    def see(self, number: int, units: int, *, whole: bool = True, boot: int = 0) -> None:
        """Takes a message: the number it begins at, its units, and whether these are all."""
        self.received += units
        begins = self._place(number, units, boot)
        if begins is None:
            return
        # One without units may have been sent before what waits for its template.
        waits = self._open and whole and units == 0 and begins == self._expected
        self._expected = begins + units
        self._open = not whole or waits

    @property
    def due(self) -> int | None:
        """The number that the next message should have; None before the first."""
        return None if self._expected is None else self._expected % WORD

    @property
    def boot(self) -> int:
        """When the exporter started, by its last message that told."""
        return self._boot

    def begins_anew(self, number: int, boot: int) -> bool:
        """Whether its exporter has started anew, by its start time and by the number too.

        A start time alone changes with the exporter's clock.
        """
        if self._expected is None or not is_later(boot, self._boot):
            return False
        return (number - self._expected) % WORD > LONGEST_LEAP

    def advance(self, units: int, *, boot: int = 0) -> None:
        """Takes what begins where the message before ended, of one message or of several."""
        assert self._expected is not None
        self.received += units
        self._expected += units
        self._open = False
        self._boot = boot or self._boot

    def take_spans(self) -> list[Span]:
        """Which numbers have come since the last time that they were taken."""
        if self._expected is not None:
            self._cut(self._expected)
        found, self._spans = self._spans, []
        return found

    def branched(self, recent: int) -> "Sequence":
        """An account with the same past, but for some units received last."""
        made = Sequence()
        made.received, made.lost, made.late = self.received - recent, self.lost, self.late
        made.restarts, made.unknown, made.resolved = self.restarts, self.unknown, self.resolved
        made.conflicts = self.conflicts
        return made

    def open(self) -> None:
        """Units of unknown number came before what comes next."""
        self._open = True

    def resolve(self, units: int) -> None:
        """Units of a set that was waiting for its template have been read."""
        self.resolved += units
        self.received += units

    def _place(self, number: int, units: int, boot: int) -> int | None:
        """Where a message begins, on a line without wraps; None for one that came late."""
        restarted, before = is_later(boot, self._boot), self._boot
        self._boot = boot or self._boot
        if self._expected is None:
            self._since = number
            return number
        ahead = (number - self._expected) % WORD
        ahead -= WORD if ahead >= WORD // 2 else 0
        begins = self._expected + ahead
        if restarted or not -LATEST_UNITS <= ahead <= LONGEST_LEAP:
            return self._restart(number, boot, before)
        if ahead >= 0:
            self._jump(begins)
            return begins
        if self._fill(begins, begins + units):
            return None
        return self._restart(number, boot, before)

    def _restart(self, number: int, boot: int, before: int) -> int:
        assert self._expected is not None
        self.restarts += 1
        self.conflicts += self._returns(number, boot, before)
        self._left = self._expected, before
        self._gaps.clear()
        self._cut(number)
        return number

    def _returns(self, number: int, boot: int, before: int) -> bool:
        """Whether a message goes on where its exporter was when it seemed to start anew.

        Not where the two are near each other: some exporters number in no way that we know.
        """
        if self._left is None or self._expected is None:
            return False
        left, left_boot = self._left
        far = LATEST_UNITS < (self._expected - left) % WORD < WORD - LATEST_UNITS
        other = bool(before and left_boot) and abs(before - left_boot) > BOOT_TOLERANCE
        same = not (boot and left_boot) or abs(boot - left_boot) <= BOOT_TOLERANCE
        return (far or other) and same and (number - left) % WORD <= LATEST_UNITS

    def _jump(self, begins: int) -> None:
        assert self._expected is not None
        units = begins - self._expected
        if units == 0:
            return
        if self._open:
            self.unknown += units
            return
        self.lost += units
        self._cut(begins)
        self._gaps.append((self._expected, begins))
        del self._gaps[:-GAPS_PER_DOMAIN]

    def _fill(self, begins: int, ends: int) -> bool:
        """Takes back what a late message covers; False when nothing was missing there."""
        for at, (first, last) in enumerate(self._gaps):
            if first <= begins < last or (begins <= first < ends):
                low, high = max(first, begins), min(last, ends)
                self.lost -= high - low
                rest = [(first, low), (high, last)]
                self._gaps[at : at + 1] = [gap for gap in rest if gap[0] < gap[1]]
                self.late += 1
                self._tell(begins, ends)
                return True
        return False

    def _cut(self, begins: int) -> None:
        """Ends the stretch of numbers that is going on; the next one begins at a number."""
        assert self._expected is not None
        self._tell(self._since, self._expected)
        self._since = begins

    def _tell(self, begins: int, ends: int) -> None:
        if ends > begins and len(self._spans) < MOST_SPANS:
            self._spans.append(Span(begins % WORD, ends - begins))
