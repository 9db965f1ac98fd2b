"""What one sender said before, per observation domain: templates, sampling, sequence, held sets.

A sender is an address and a port: two exporters behind one address often use the same domain and
template ids. Whoever starts anew on another port sends its templates again.
"""

from collections import deque
from typing import NamedTuple

from shorthaul.telemetry.netflow.contexts import Context
from shorthaul.telemetry.netflow.definitions import IPFIX
from shorthaul.telemetry.netflow.limits import REMEMBERED_MESSAGES, Limits
from shorthaul.telemetry.netflow.numberings import Numbering
from shorthaul.telemetry.netflow.rates import Rates
from shorthaul.telemetry.netflow.sequences import Sequence
from shorthaul.telemetry.netflow.templates import Template


class Sender(NamedTuple):
    """Where messages come from. Over a stream (TCP) nothing is lost and templates do not age."""

    address: str
    port: int
    stream: bool = False


class Held(NamedTuple):
    """A data set that waits for its template."""

    template: int
    data: bytes
    context: Context


class Domain:
    """One observation domain of one exporter, in one version of the protocol."""

    __slots__ = (
        "_order",
        "_recent",
        "_sequence",
        "boot",
        "held",
        "number",
        "numbering",
        "rates",
        "templates",
        "version",
    )

    def __init__(self, version: int, number: int) -> None:
        self.version = version
        self.number = number
        self.templates: dict[int, Template] = {}
        self.rates = Rates()
        self._sequence = Sequence()
        self.numbering = Numbering() if version == IPFIX else None
        self.boot = 0
        self.held: list[Held] = []
        self._recent: set[int] = set()
        self._order: deque[int] = deque()

    @property
    def sequence(self) -> Sequence:
        """The account of what was lost."""
        return self._sequence if self.numbering is None else self.numbering.believed

    def repeated(self, data: bytes) -> bool:
        """Whether this very message came a short while ago."""
        mark = hash(data)
        if mark in self._recent:
            return True
        self._recent.add(mark)
        self._order.append(mark)
        if len(self._order) > REMEMBERED_MESSAGES:
            self._recent.discard(self._order.popleft())
        return False


class Exporter:
    """One sender; `proven` once it has sent a flow that could be read."""

    __slots__ = (
        "domains",
        "held_bytes",
        "held_sets",
        "number",
        "proven",
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
        self.seen = 0
        self.proven = False

    def domain(self, version: int, number: int, limits: Limits) -> Domain | None:
        """An observation domain, new if need be; None when there are too many."""
        found = self.domains.get((version, number))
        if found is None and len(self.domains) < limits.domains_per_exporter:
            found = self.domains[version, number] = Domain(version, number)
        return found
