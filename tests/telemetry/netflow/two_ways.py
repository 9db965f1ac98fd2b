"""The same messages taken one by one and many at once, and all that a decoder knows afterwards."""

import random

from shorthaul.telemetry.netflow.arrivals import gathered
from shorthaul.telemetry.netflow.decoders import ROOM, Decoder
from shorthaul.telemetry.netflow.records import Batch

VERSIONS = (5, 9, 10)


def one_by_one(turns, decoder):
    """The records of turns of (time, messages with their senders)."""
    found, batch = [], Batch(ROOM)
    for now, messages in turns:
        for data, sender in messages:
            decoder.decode(data, sender, now, batch)
            found += batch
            batch.clear()
        decoder.expire(now)
    return found


def many_at_once(turns, decoder):
    """The same, each turn in one go."""
    found, batch = [], Batch(2 * ROOM)
    for now, messages in turns:
        arrivals, at = gathered(messages), 0
        while at < arrivals.number:
            after = decoder.decode_many(arrivals, at, now, batch)
            assert after > at
            at = after
            found += batch
            batch.clear()
        decoder.expire(now)
    return found


class Counting(Decoder):
    """Counts what goes the long way."""

    long_way = 0

    def decode(self, *given, **named):
        self.long_way += 1
        super().decode(*given, **named)


def in_turns(messages, chance, now, pause):
    """Messages with their senders, cut into turns of chance length, some time apart."""
    turns, at = [], 0
    while at < len(messages):
        length = chance.choice((1, 2, 5, 30, 200))
        turns.append((now, messages[at : at + length]))
        at, now = at + length, now + pause
    return turns


def split(messages, seed, now=1_700_000_000_250, pause=100):
    """Messages with their senders in turns, by a seed."""
    return in_turns(messages, random.Random(seed), now, pause)


def known(decoder):
    """All that a decoder has counted and keeps, in its order."""
    registry = decoder.registry
    return {
        "totals": decoder.totals,
        "losses": [decoder.loss(version) for version in VERSIONS],
        "proven": list(registry._proven),
        "newcomers": list(registry._newcomers),
        "ports": {address: list(ports) for address, ports in registry._ports.items()},
        "kept": (registry.templates, registry.template_bytes, registry.held_bytes),
        "exporters": [_exporter(exporter) for exporter in registry],
        "connections": decoder.connections._known,
    }


def _exporter(exporter):
    domains = [(key, _domain(domain)) for key, domain in exporter.domains.items()]
    return exporter.sender, exporter.number, exporter.seen, exporter.proven, domains


def _domain(domain):
    templates = {number: (kept.definition, kept.seen) for number, kept in domain.templates.items()}
    rates = domain.rates
    accounts = {0: domain._sequence}
    numbering = None
    if domain.numbering is not None:
        accounts = domain.numbering._accounts
        names = ("_rule", "_next", "_recent", "_open")
        numbering = [getattr(domain.numbering, name) for name in names]
    return (
        domain.boot,
        templates,
        (rates.domain, rates.samplers, rates._scopes),
        domain.held,
        numbering,
        {rule: [getattr(one, name) for name in one.__slots__] for rule, one in accounts.items()},
    )
