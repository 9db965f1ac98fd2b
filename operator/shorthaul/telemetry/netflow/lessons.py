"""What is known of how an exporter's messages are read, so that another decoder can go on reading.

A lesson has templates, sampling rates and the rule by which messages are numbered, and nothing that
is counted: who takes it reads the exporter's next message as who gave it would have. Numbers do not
move with it. Each decoder tells which came to it (`Registry.take_numbers`), and who adds these up
sees what came to none.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Annotated, Any

import msgspec

from shorthaul.telemetry.netflow.definitions import IPFIX, Definition, is_whole
from shorthaul.telemetry.netflow.exporters import Domain, Exporter, Sender
from shorthaul.telemetry.netflow.limits import FIELDS_PER_TEMPLATE, SCOPES_PER_DOMAIN
from shorthaul.telemetry.netflow.numberings import RULES, Numbering

_WORD = (1 << 32) - 1
_Id = Annotated[int, msgspec.Meta(ge=256, le=0xFFFF)]
_Word = Annotated[int, msgspec.Meta(ge=0, le=_WORD)]
_Moment = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]
_Rates = Annotated[
    dict[Annotated[bytes, msgspec.Meta(max_length=64)], _Word],
    msgspec.Meta(max_length=SCOPES_PER_DOMAIN),
]


class TaughtTemplate(msgspec.Struct, frozen=True, array_like=True):
    """A template and when it was last sent, in milliseconds."""

    number: _Id
    fields: Annotated[bytes, msgspec.Meta(max_length=8 * FIELDS_PER_TEMPLATE)]
    size: Annotated[int, msgspec.Meta(ge=1, le=FIELDS_PER_TEMPLATE)]
    scopes: Annotated[int, msgspec.Meta(ge=0, le=FIELDS_PER_TEMPLATE)]
    options: bool
    seen: _Moment

    @property
    def definition(self) -> Definition:
        """What it says, as a message says it."""
        return Definition(self.number, self.fields, self.size, self.scopes, self.options)


class TaughtDomain(msgspec.Struct, frozen=True, array_like=True):
    """One observation domain."""

    version: Annotated[int, msgspec.Meta(ge=5, le=IPFIX)]
    number: _Word
    rule: Annotated[int, msgspec.Meta(ge=0, lt=len(RULES))] | None
    boot: _Moment
    rate: _Word
    samplers: Annotated[dict[_Word, _Word], msgspec.Meta(max_length=SCOPES_PER_DOMAIN)]
    scopes: _Rates
    templates: tuple[TaughtTemplate, ...]


class Lesson(msgspec.Struct, frozen=True, array_like=True):
    """One exporter."""

    address: Annotated[str, msgspec.Meta(max_length=64)]
    port: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
    domains: tuple[TaughtDomain, ...]

    @property
    def sender(self) -> Sender:
        """Who it is."""
        return Sender(self.address, self.port)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER: "msgspec.msgpack.Decoder[Any]" = msgspec.msgpack.Decoder(Lesson)


def lesson_of(exporter: Exporter) -> bytes:
    """What another decoder has to know of an exporter."""
    domains = tuple(map(_domain, exporter.domains.values()))
    return _ENCODER.encode(Lesson(exporter.sender.address, exporter.sender.port, domains))


def read_lesson(data: bytes) -> Lesson | None:
    """A lesson as it was told; None where that is none."""
    try:
        found: Lesson = _DECODER.decode(data)
        ip_address(found.address)
    except (ValueError, msgspec.DecodeError, RecursionError):
        return None
    return found


def news(taught: TaughtDomain, domain: Domain) -> Iterator[tuple[Definition, int]]:
    """Takes rates and the rule of numbers where nothing is known yet; templates that are newer."""
    numbering = domain.numbering
    if numbering is not None and numbering.fresh:
        domain.numbering = Numbering(taught.rule)
    domain.boot = domain.boot or taught.boot
    domain.rates.learn(taught.rate, taught.samplers, taught.scopes)
    for each in taught.templates:
        known = domain.templates.get(each.number)
        older = known is None or known.seen < each.seen
        if older and is_whole(each.definition, domain.version):
            yield each.definition, each.seen


def _domain(domain: Domain) -> TaughtDomain:
    templates = tuple(
        TaughtTemplate(*kept.definition, seen=kept.seen) for kept in domain.templates.values()
    )
    return TaughtDomain(
        version=domain.version,
        number=domain.number,
        rule=domain.numbering.known_rule if domain.numbering else None,
        boot=max(0, domain.boot),
        rate=domain.rates.domain,
        samplers=domain.rates.samplers,
        scopes=domain.rates.scopes,
        templates=templates,
    )
