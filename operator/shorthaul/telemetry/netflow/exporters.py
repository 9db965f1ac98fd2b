"""What one sender said before, per observation domain: templates, sampling, sequence, held sets.

A sender is an address and a port: two exporters behind one address often use the same domain and
template ids. Whoever starts anew on another port sends its templates again.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from shorthaul.telemetry.netflow.contexts import Context
from shorthaul.telemetry.netflow.definitions import IPFIX
from shorthaul.telemetry.netflow.marks import Marks
from shorthaul.telemetry.netflow.numberings import Numbering
from shorthaul.telemetry.netflow.rates import Rates
from shorthaul.telemetry.netflow.sequences import Sequence as Account
from shorthaul.telemetry.netflow.sequences import Span
from shorthaul.telemetry.netflow.templates import Template


class Sender(NamedTuple):
    """Where messages come from. Over a stream (TCP) nothing is lost and templates do not age."""

    address: str
    port: int
    stream: bool = False


class Numbers(NamedTuple):
    """Which numbers of one domain came, by a rule of `numberings`; `boot` as `Sequence` has it."""

    domain: int
    version: int
    rule: int
    boot: int
    spans: list[Span]


class Held(NamedTuple):
    """A data set that waits for its template."""

    template: int
    data: bytes
    context: Context


class Domain:
    """One observation domain of one exporter, in one version of the protocol.

    `lane` is where the compiled reader takes its messages by itself, if it does.
    """

    __slots__ = (
        "_sequence",
        "boot",
        "held",
        "lane",
        "marks",
        "number",
        "numbering",
        "rates",
        "templates",
        "version",
    )

    def __init__(self, version: int, number: int, marks: Marks) -> None:
        self.version = version
        self.number = number
        self.templates: dict[int, Template] = {}
        self.rates = Rates()
        self._sequence = Account()
        self.numbering = Numbering() if version == IPFIX else None
        self.boot = 0
        self.held: list[Held] = []
        self.marks = marks
        self.lane: int | None = None

    @property
    def sequence(self) -> Account:
        """The account of what was lost."""
        return self._sequence if self.numbering is None else self.numbering.believed

    @property
    def conflicts(self) -> int:
        """Messages by which two senders go by its exporter's name."""
        return self._sequence.conflicts if self.numbering is None else self.numbering.conflicts

    @property
    def due(self) -> int | None:
        """Where the next message should begin; None where that is not known."""
        return self._sequence.due if self.numbering is None else self.numbering.due

    def take_numbers(self) -> Numbers | None:
        """Which numbers have come since they were taken last; None where none has."""
        rule, account = 0, self._sequence
        if self.numbering is not None:
            rule, account = self.numbering.rule, self.numbering.told
        spans = account.take_spans()
        return Numbers(self.number, self.version, rule, account.boot, spans) if spans else None

    def advance(self, units: int, boot: int, latest: Sequence[tuple[int, int]]) -> None:
        """Accounts for messages that were due: their units, and the latest with their records."""
        if self.numbering is None:
            self._sequence.advance(units, boot=boot)
        else:
            self.numbering.advance(units, latest)


class Exporter:
    """One sender; `proven` once it has sent a flow that could be read.

    `revision` grows with each template that is kept or dropped.
    """

    __slots__ = (
        "domains",
        "held_bytes",
        "held_sets",
        "number",
        "proven",
        "revision",
        "seen",
        "sender",
        "template_bytes",
        "template_number",
    )

    def __init__(self, sender: Sender, number: int) -> None:
        self.sender = sender
        self.number = number
        self.domains: dict[tuple[int, int], Domain] = {}
        self.template_number = self.template_bytes = 0
        self.held_sets = self.held_bytes = 0
        self.seen = self.revision = 0
        self.proven = False

    @property
    def lesson_number(self) -> int:
        """Another one where there is more to be taught of how its messages are read."""
        sure = sum(
            domain.numbering is not None and domain.numbering.known_rule is not None
            for domain in self.domains.values()
        )
        return self.revision + sure

    def domain(
        self, version: int, number: int, most: int, marks: Callable[[], Marks]
    ) -> Domain | None:
        """An observation domain, new if need be; None when there would be more than may be."""
        found = self.domains.get((version, number))
        if found is None and len(self.domains) < most:
            found = self.domains[version, number] = Domain(version, number, marks())
        return found
