"""The border: any bytes from anybody go in, exact records and counts come out, nothing is raised.

A message is walked set by set; templates are kept, data is read by its template's plan or held
until that comes, options tell the sampling. Pure: time is an argument, in Unix milliseconds.
"""

from shorthaul.telemetry.netflow import messages
from shorthaul.telemetry.netflow.arrivals import Arrivals
from shorthaul.telemetry.netflow.choices import Reading, best_reading
from shorthaul.telemetry.netflow.connections import Connections
from shorthaul.telemetry.netflow.contexts import Context
from shorthaul.telemetry.netflow.definitions import (
    IPFIX,
    IPFIX_TEMPLATES,
    Definition,
    definitions,
)
from shorthaul.telemetry.netflow.elements import Counter
from shorthaul.telemetry.netflow.exporters import Domain, Exporter, Held, Sender
from shorthaul.telemetry.netflow.kernels.lanes import Lanes
from shorthaul.telemetry.netflow.lessons import Lesson, news
from shorthaul.telemetry.netflow.limits import RECORDS_PER_MESSAGE, Limits
from shorthaul.telemetry.netflow.messages import Message
from shorthaul.telemetry.netflow.networks import Networks
from shorthaul.telemetry.netflow.options import read_options
from shorthaul.telemetry.netflow.plans import Plan
from shorthaul.telemetry.netflow.readers import SetOutcome, read_connections
from shorthaul.telemetry.netflow.reasons import Reason
from shorthaul.telemetry.netflow.records import Batch
from shorthaul.telemetry.netflow.registries import Registry
from shorthaul.telemetry.netflow.templates import Template, has_length
from shorthaul.telemetry.netflow.totals import Loss, Totals
from shorthaul.telemetry.netflow.version5 import PLAN as PLAN5
from shorthaul.telemetry.netflow.works import Work

ROOM = 2 * RECORDS_PER_MESSAGE
"""Records that a batch has to have room for before a message is decoded."""
DATA_SETS = 256
"""Set ids from here on are those of templates."""


class Decoder:
    """Decodes what exporters send; `totals` and `loss` tell what came of it."""

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        networks: Networks | None = None,
        reading: Reading | None = None,
    ) -> None:
        self.totals = Totals()
        self.limits = limits or Limits()
        self.registry = Registry(self.limits)
        self.connections = Connections(self.limits.connections)
        self._networks = networks or Networks()
        self._template_milliseconds = int(self.limits.template_seconds * 1_000)
        self._reading = reading or best_reading()
        self._lanes: Lanes | None = None

    def decode_many(self, arrivals: Arrivals, begin: int, now: int, batch: Batch) -> int:
        """Takes messages from one on, while the batch has room for `ROOM` records; which is next.

        It makes no difference beside taking them one by one, but for what it costs.
        """
        if self._lanes is None and self._reading.lanes is not None:
            self._lanes = self._reading.lanes()
        at = begin
        while at < arrivals.number and batch.room - batch.length >= ROOM:
            after = self._take_plain(arrivals, at, now, batch)
            if after == at:
                data, sender = arrivals.message(at), arrivals.sender(at)
                self.decode(data, sender, now, batch, key=arrivals.key(at))
                after = at + 1
            at = after
        return at

    def decode(
        self, data: bytes, sender: Sender, now: int, batch: Batch, *, key: bytes = b""
    ) -> None:
        """Takes one message; the batch has to have room for `ROOM` records.

        With its sender's key, the compiled reader may take the next ones (`decode_many`).
        """
        self.totals.datagrams += 1
        self.totals.bytes += len(data)
        message = messages.header(data)
        reason = (
            message
            if isinstance(message, Reason)
            else self._message(data, message, sender, now, batch, key)
        )
        if reason is not None:
            self.totals.refuse(reason)

    def learn(self, lesson: Lesson, now: int, batch: Batch) -> None:
        """Takes what another decoder knew of an exporter, where nothing newer is known here.

        Sets that wait for a template are read; the batch has to have room for `ROOM` records.
        """
        sender = lesson.sender
        exporter = self.registry.find(sender, now) if self._networks.allow(sender.address) else None
        self._clear_forgotten()
        if exporter is None:
            return
        for taught in lesson.domains:
            domain = self._domain(exporter, taught.version, taught.number)
            if domain is None:
                return
            for definition, seen in news(taught, domain):
                rates = domain.rates.domain, domain.rates.samplers
                context = Context(now, domain.boot, seen, exporter.number, domain.number, *rates)
                self._define(definition, Work(exporter, domain, context, batch))

    def expire(self, now: int) -> None:
        """Forgets what has waited or lived for too long; to be called every few seconds."""
        for exporter in self.registry:
            for domain in exporter.domains.values():
                if domain.held:
                    self._expire_held(exporter, domain, now)
                if not exporter.sender.stream:
                    self._expire_templates(exporter, domain, now)

    def close(self, sender: Sender) -> None:
        """Forgets a stream's exporter once its connection has ended."""
        exporter = self.registry.known(sender)
        if exporter is not None:
            self.registry.forget(exporter)
        self._clear_forgotten()

    def loss(self, version: int) -> Loss:
        """What the sequence numbers of one version say, over all exporters since the start."""
        domains = (
            domain
            for exporter in self.registry
            for domain in exporter.domains.values()
            if domain.version == version
        )
        return self.registry.account(version, domains)

    def _take_plain(self, arrivals: Arrivals, begin: int, now: int, batch: Batch) -> int:
        """Takes what the compiled reader can take by itself; which message is next."""
        if self._lanes is None:
            return begin
        taken = self._lanes.take(arrivals, begin, now, batch)
        if taken.next == begin:
            return begin
        totals = self.totals
        totals.datagrams += taken.next - begin
        totals.messages += taken.next - begin
        totals.bytes += taken.bytes
        totals.records += taken.records
        totals.flow_records += taken.records - sum(taken.refused.values())
        totals.flows += taken.flows
        totals.versions.update(taken.versions)
        totals.refused.update(taken.refused)
        for exporter in taken.exporters:
            self.registry.find(exporter.sender, now)
        return taken.next

    def _clear_forgotten(self) -> None:
        """Counts the sets that were dropped with exporters, and takes their lanes away."""
        if self._lanes is not None:
            for exporter in self.registry.forgotten:
                for domain in exporter.domains.values():
                    self._lanes.leave(domain)
        self.registry.forgotten.clear()
        if self.registry.unread_sets:
            self.totals.refuse(Reason.SET_UNKNOWN, self.registry.unread_sets)
            self.registry.unread_sets = 0

    def _message(
        self, data: bytes, message: Message, sender: Sender, now: int, batch: Batch, key: bytes
    ) -> Reason | None:
        if not self._networks.allow(sender.address):
            return Reason.DATAGRAM_NOT_ALLOWED
        exporter = self.registry.find(sender, now)
        self._clear_forgotten()
        if exporter is None:
            return Reason.DATAGRAM_EXPORTERS
        domain = self._domain(exporter, message.version, message.domain)
        if domain is None:
            return Reason.DATAGRAM_DOMAINS
        if (
            not sender.stream
            and domain.marks.repeated(data)
            and not messages.may_repeat(data, message)
        ):
            return Reason.DATAGRAM_REPEATED
        self._count(data, message)
        self.registry.renew(exporter, domain, message, now)
        if message.version == 5:
            domain.rates.tell_header(message.sampling)
        work = Work(exporter, domain, self._context(message, exporter, domain, now), batch)
        if not sender.stream:
            work.records_left = self._reading.records
        if message.cut:
            self._refuse_part(Reason.BYTES_MISSING, work)
        if message.version == 5:
            self._data(PLAN5, data[message.begin : message.end], work)
        else:
            self._sets(data, message, work)
        self._number(message, domain, work)
        if self._lanes is not None and not sender.stream:
            self._lanes.follow(key, exporter, domain, self._template_milliseconds)
        return None

    def _domain(self, exporter: Exporter, version: int, number: int) -> Domain | None:
        most = self.limits.domains_per_exporter
        return exporter.domain(version, number, most, self._reading.marks)

    def _number(self, message: Message, domain: Domain, work: Work) -> None:
        """Accounts for the message's number, by its version's rule."""
        if domain.numbering is not None:
            domain.numbering.see(message.sequence, work.units, work.options, whole=work.whole)
        elif message.version == 9:
            domain.sequence.see(message.sequence, 1, boot=message.boot)
        else:
            domain.sequence.see(message.sequence, work.units, whole=work.whole, boot=message.boot)

    def _count(self, data: bytes, message: Message) -> None:
        self.totals.messages += 1
        self.totals.versions[message.version] += 1
        if message.end < len(data):
            self.totals.refuse(Reason.BYTES_AFTER)

    def _context(self, message: Message, exporter: Exporter, domain: Domain, now: int) -> Context:
        return Context(
            exported=message.exported,
            boot=message.boot or domain.boot,
            received=now,
            exporter=exporter.number,
            domain=message.domain,
            sampling=domain.rates.domain,
            samplers=domain.rates.samplers,
        )

    def _refuse_part(self, reason: Reason, work: Work) -> None:
        work.whole = False
        self.totals.refuse(reason)

    def _sets(self, data: bytes, message: Message, work: Work) -> None:
        for found in messages.sets(data, message.begin, message.end):
            if isinstance(found, Reason):
                self._refuse_part(found, work)
                continue
            number, content = found
            if number >= DATA_SETS:
                self._data_set(number, content, work)
            elif number in ((0, 1) if message.version == 9 else IPFIX_TEMPLATES):
                self._template_set(content, number in (1, 3), work)
            else:
                self._refuse_part(Reason.SET_RESERVED, work)

    def _data_set(self, number: int, content: bytes, work: Work) -> None:
        template = work.domain.templates.get(number)
        if template is not None and self._aged(template, work):
            self.registry.drop(work.exporter, work.domain, number)
            template = None
        if template is None:
            self._hold(number, content, work)
        elif template.definition.options:
            self._options(template, content, work)
        else:
            self._data(template.plan, content, work)

    def _aged(self, template: Template, work: Work) -> bool:
        age = work.context.received - template.seen
        return not work.exporter.sender.stream and age > self._template_milliseconds

    def _data(self, plan: Plan, content: bytes, work: Work) -> None:
        if plan.counter is Counter.CONNECTION and plan.refusal is None:
            outcome = read_connections(plan, content, work, self.connections)
        else:
            most = work.records_left
            outcome = self._reading.read(plan, content, work.context, work.batch, most)
        self._take(outcome, work)
        refused = sum(outcome.refused.values()) if outcome.refused else 0
        self.totals.flow_records += outcome.records - refused
        self.totals.flows += outcome.flows
        work.records_left = max(0, work.records_left - outcome.records)
        if outcome.flows:
            work.exporter.proven = True

    def _options(self, template: Template, content: bytes, work: Work) -> None:
        outcome = read_options(template, content, work.domain, work.options_left)
        self._take(outcome, work)
        self.totals.option_records += outcome.records - sum(outcome.refused.values())
        work.options += outcome.records
        work.options_left = max(0, work.options_left - outcome.records)
        work.context = self._told(work.context, work.domain)

    def _told(self, context: Context, domain: Domain) -> Context:
        return context._replace(
            boot=domain.boot if domain.version == IPFIX else context.boot,
            sampling=domain.rates.domain,
            samplers=domain.rates.samplers,
        )

    def _take(self, outcome: SetOutcome, work: Work) -> None:
        self.totals.records += outcome.records
        if outcome.refused:
            self.totals.refused.update(outcome.refused)
        work.units += outcome.records
        work.whole = work.whole and outcome.whole

    def _template_set(self, content: bytes, options: bool, work: Work) -> None:
        for found in definitions(content, work.domain.version, options):
            if work.templates_left == 0:
                self.totals.refuse(Reason.TEMPLATE_MANY)
                return
            work.templates_left -= 1
            reason = found if isinstance(found, Reason) else self._define(found, work)
            if reason is not None:
                self.totals.refuse(reason)

    def _define(self, definition: Definition, work: Work) -> Reason | None:
        if definition.size == 0:
            return self._withdraw(definition, work)
        known = work.domain.templates.get(definition.number)
        if known is not None and known.definition == definition:
            known.seen = work.context.received
            self.totals.templates += 1
            return None
        if not has_length(definition, work.domain.version):
            return Reason.TEMPLATE_EMPTY
        if known is None and work.exporter.template_number >= self.limits.templates_per_exporter:
            return Reason.TEMPLATE_ROOM
        template = Template(definition, work.domain.version, work.context.received)
        if not self.registry.has_room(template):
            return Reason.TEMPLATE_MEMORY
        self.registry.keep(work.exporter, work.domain, template)
        self.totals.templates += 1
        if work.domain.held:
            self._release(definition.number, work)
        return None

    def _withdraw(self, definition: Definition, work: Work) -> Reason | None:
        if not work.exporter.sender.stream:
            return Reason.TEMPLATE_WITHDRAWN
        numbers = [definition.number]
        if definition.number < DATA_SETS:
            numbers = [
                number
                for number, kept in work.domain.templates.items()
                if kept.definition.options == definition.options
            ]
        dropped = [self.registry.drop(work.exporter, work.domain, number) for number in numbers]
        return None if all(dropped) else Reason.TEMPLATE_UNKNOWN

    def _hold(self, number: int, content: bytes, work: Work) -> None:
        work.whole = False
        exporter, limits = work.exporter, self.limits
        if (
            exporter.held_sets >= limits.held_sets_per_exporter
            or exporter.held_bytes + len(content) > limits.held_bytes_per_exporter
            or self.registry.held_bytes + len(content) > limits.held_bytes
        ):
            self.totals.refuse(Reason.SET_HELD_FULL)
            return
        work.domain.held.append(Held(number, content, work.context))
        self.registry.hold(exporter, 1, len(content))

    def _release(self, number: int, work: Work) -> None:
        """Reads the sets that waited for a template, with the times of their own messages."""
        waiting = [held for held in work.domain.held if held.template == number]
        work.domain.held = [held for held in work.domain.held if held.template != number]
        template = work.domain.templates[number]
        kept = work.units, work.options, work.whole, work.context
        for held in waiting:
            self.registry.hold(work.exporter, -1, -len(held.data))
            work.context = self._told(held.context, work.domain)
            work.units = work.options = 0
            if template.definition.options:
                self._options(template, held.data, work)
            else:
                self._data(template.plan, held.data, work)
            if work.domain.numbering is not None:
                work.domain.numbering.resolve(work.units, work.options)
        work.units, work.options, work.whole, work.context = kept

    def _expire_held(self, exporter: Exporter, domain: Domain, now: int) -> None:
        oldest = now - self.limits.held_seconds * 1_000
        gone = [held for held in domain.held if held.context.received < oldest]
        if not gone:
            return
        domain.held = [held for held in domain.held if held.context.received >= oldest]
        self.registry.hold(exporter, -len(gone), -sum(len(held.data) for held in gone))
        self.totals.refuse(Reason.SET_UNKNOWN, len(gone))

    def _expire_templates(self, exporter: Exporter, domain: Domain, now: int) -> None:
        oldest = now - self._template_milliseconds
        aged = [number for number, kept in domain.templates.items() if kept.seen < oldest]
        for number in aged:
            self.registry.drop(exporter, domain, number)
        if aged and self._lanes is not None:
            self._lanes.leave(domain)
