"""The exporters that are known: found, admitted and forgotten, within limits.

A sender that nobody knows may be forged, so newcomers make room before those that have sent flows;
a proven exporter goes only when it has been silent for long, or when its own address opens more
ports than one address may have. Over UDP anybody can forge a sender: the list of allowed networks
(`Decoder`) is what protects against strangers, these limits only bound what they cost.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from shorthaul.telemetry.netflow.exporters import Domain, Exporter, Numbers, Sender
from shorthaul.telemetry.netflow.limits import Limits
from shorthaul.telemetry.netflow.messages import Message
from shorthaul.telemetry.netflow.templates import Template
from shorthaul.telemetry.netflow.totals import Loss

NAMES = 65_536
PARTED = 65_536
"""Domains of exporters that were dropped, whose numbers wait until they are taken."""
LONGEST_DELAY = 1_000
"""Milliseconds by which one message of an exporter may take longer than another."""


class Registry:
    """All exporters, least recently heard first; templates and held bytes are over all of them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._proven: OrderedDict[Sender, Exporter] = OrderedDict()
        self._newcomers: OrderedDict[Sender, Exporter] = OrderedDict()
        self._ports: dict[str, OrderedDict[Sender, None]] = {}
        self._names: OrderedDict[int, Sender] = OrderedDict()
        self._last = 0
        self.templates = self.template_bytes = self.held_bytes = 0
        self.unread_sets = 0
        self.retired: dict[int, Loss] = {}
        self.forgotten: list[Exporter] = []
        self._parted: list[tuple[Sender, Numbers]] = []

    def __len__(self) -> int:
        return len(self._proven) + len(self._newcomers)

    def __iter__(self) -> Iterator[Exporter]:
        yield from self._proven.values()
        yield from self._newcomers.values()

    def name(self, number: int) -> Sender | None:
        """Who has, or lately had, an exporter's number."""
        return self._names.get(number)

    def known(self, sender: Sender) -> Exporter | None:
        """The exporter of a sender, if it is known."""
        return self._proven.get(sender) or self._newcomers.get(sender)

    def find(self, sender: Sender, now: int) -> Exporter | None:
        """The exporter of a sender, admitted if need be; None when there is no room for it."""
        found = self._proven.get(sender)
        if found is not None:
            self._proven.move_to_end(sender)
            self._ports[sender.address].move_to_end(sender)
        elif (found := self._newcomers.get(sender)) is not None:
            if found.proven:
                del self._newcomers[sender]
                self._proven[sender] = found
            else:
                self._newcomers.move_to_end(sender)
            self._ports[sender.address].move_to_end(sender)
        elif (found := self._admit(sender, now)) is None:
            return None
        found.seen = now
        return found

    def forget(self, exporter: Exporter) -> None:
        """Drops an exporter with all that it said."""
        sender = exporter.sender
        self._proven.pop(sender, None)
        self._newcomers.pop(sender, None)
        ports = self._ports[sender.address]
        del ports[sender]
        if not ports:
            del self._ports[sender.address]
        self.templates -= exporter.template_number
        self.template_bytes -= exporter.template_bytes
        self.held_bytes -= exporter.held_bytes
        self.unread_sets += exporter.held_sets
        self.forgotten.append(exporter)
        if len(self._parted) < PARTED:
            self._parted += _numbers(exporter)
        for domain in exporter.domains.values():
            self.retired[domain.version] = self.account(domain.version, (domain,))

    def take_numbers(self) -> list[tuple[Sender, Numbers]]:
        """Which numbers of exporters have come since they were taken last, dropped ones' too."""
        found, self._parted = self._parted, []
        for exporter in self:
            found += _numbers(exporter)
        return found

    def account(self, version: int, domains: Iterable[Domain]) -> Loss:
        """The sequence accounts of some domains, with those of the exporters that were dropped."""
        before = self.retired.get(version, Loss())
        domains = tuple(domains)
        sequences = [domain.sequence for domain in domains]
        return Loss(
            received=before.received + sum(one.received for one in sequences),
            lost=before.lost + sum(one.lost for one in sequences),
            uncertain=before.uncertain + sum(one.uncertain for one in sequences),
            late=before.late + sum(one.late for one in sequences),
            restarts=before.restarts + sum(one.restarts for one in sequences),
            conflicts=before.conflicts + sum(one.conflicts for one in domains),
        )

    @property
    def contested(self) -> list[str]:
        """The exporters whose numbers conflict, those with the most conflicts first."""
        told = {
            exporter.sender: sum(one.conflicts for one in exporter.domains.values())
            for exporter in self
        }
        found = sorted((sender for sender in told if told[sender]), key=lambda one: -told[one])
        return [f"{sender.address} port {sender.port}" for sender in found]

    def has_room(self, template: Template) -> bool:
        """Whether one template more may be kept, from all exporters together."""
        return (
            self.templates < self._limits.templates
            and self.template_bytes + template.cost <= self._limits.template_bytes
        )

    def keep(self, exporter: Exporter, domain: Domain, template: Template) -> None:
        """Keeps a template, in the place of one with its number."""
        self.drop(exporter, domain, template.definition.number)
        domain.templates[template.definition.number] = template
        self._charge(exporter, 1, template.cost)

    def drop(self, exporter: Exporter, domain: Domain, number: int) -> bool:
        """Drops a template; False when there was none."""
        gone = domain.templates.pop(number, None)
        if gone is not None:
            self._charge(exporter, -1, -gone.cost)
        return gone is not None

    def renew(self, exporter: Exporter, domain: Domain, message: Message, now: int) -> None:
        """Drops templates of before a restart, which may give their ids to others.

        Only v9 tells since when an exporter runs, and that does not depend on its clock.
        """
        if message.version != 9 or not domain.sequence.begins_anew(message.sequence, message.boot):
            return
        since = now - (message.exported - message.boot) - LONGEST_DELAY
        for number in [number for number, kept in domain.templates.items() if kept.seen < since]:
            self.drop(exporter, domain, number)

    def hold(self, exporter: Exporter, sets: int, size: int) -> None:
        """Counts sets that wait, or with negative numbers wait no more."""
        exporter.held_sets += sets
        exporter.held_bytes += size
        self.held_bytes += size

    def _charge(self, exporter: Exporter, number: int, cost: int) -> None:
        exporter.revision += 1
        exporter.template_number += number
        exporter.template_bytes += cost
        self.templates += number
        self.template_bytes += cost

    def _admit(self, sender: Sender, now: int) -> Exporter | None:
        ports = self._ports.get(sender.address)
        if ports is not None and len(ports) >= self._limits.exporters_per_address:
            oldest = next(iter(ports))
            self.forget(self._proven.get(oldest) or self._newcomers[oldest])
        if len(self) >= self._limits.exporters and not self._make_room(now):
            return None
        self._last = self._last % 0xFFFFFFFF + 1
        made = self._newcomers[sender] = Exporter(sender, self._last)
        self._ports.setdefault(sender.address, OrderedDict())[sender] = None
        self._names[made.number] = sender
        if len(self._names) > NAMES:
            self._names.popitem(last=False)
        return made

    def _make_room(self, now: int) -> bool:
        for exporters in (self._newcomers, self._proven):
            oldest = next(iter(exporters.values()), None)
            if oldest is not None and (
                not oldest.proven or now - oldest.seen > self._limits.exporter_seconds * 1_000
            ):
                self.forget(oldest)
                return True
        return False


def _numbers(exporter: Exporter) -> list[tuple[Sender, Numbers]]:
    told = (domain.take_numbers() for domain in exporter.domains.values())
    return [(exporter.sender, numbers) for numbers in told if numbers is not None]
