"""One decoder teaches another how to read an exporter: it reads on, and has counted nothing."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.telemetry.netflow.decoders import ROOM, Decoder
from shorthaul.telemetry.netflow.exporters import Sender
from shorthaul.telemetry.netflow.lessons import lesson_of, read_lesson
from shorthaul.telemetry.netflow.networks import Networks
from shorthaul.telemetry.netflow.records import Batch
from telemetry.netflow import packets as p

SAMPLED = p.options9(300, [(1, 4)], [(34, 4)]), p.data_set(300, p.number(0, 4) + p.number(64, 4))
DATA = p.data_set(256, p.flow4(700))


def taught(lesson, *messages, networks=None):
    """A decoder that was taught, and then got messages: itself and their records."""
    decoder, batch = Decoder(networks=networks), Batch(4 * ROOM)
    found = read_lesson(lesson)
    if found is not None:
        decoder.learn(found, p.NOW, batch)
    for message in messages:
        decoder.decode(message, p.EXPORTER, p.NOW, batch)
    return decoder, list(batch)


def lesson(*messages):
    decoder, _ = p.decoded(*messages)
    return lesson_of(decoder.registry.known(p.EXPORTER))


def test_templates_and_sampling_of_v9_are_known_to_who_was_taught():
    told = lesson(p.message9(p.template(256, p.FLOW4, version=9), *SAMPLED))

    decoder, records = taught(told, p.message9(DATA, sequence=10))

    assert [(record.bytes, record.sampling) for record in records] == [(700, 64)]
    assert (decoder.loss(9).received, decoder.loss(9).lost) == (1, 0)


def test_data_that_waited_is_read_once_its_template_was_taught():
    told = lesson(p.message10(p.template(256, p.FLOW4)))
    decoder, batch = Decoder(), Batch(4 * ROOM)
    decoder.decode(p.message10(DATA), p.EXPORTER, p.NOW, batch)
    held = decoder.registry.held_bytes

    decoder.learn(read_lesson(told), p.NOW, batch)

    assert (held > 0, decoder.registry.held_bytes) == (True, 0)
    assert [record.bytes for record in batch] == [700]
    assert decoder.loss(10).received == 1


def test_an_older_template_changes_nothing():
    decoder, batch = Decoder(), Batch(4 * ROOM)
    old = lesson(p.message10(p.template(256, ((8, 4), (12, 4), (1, 4)))))
    decoder.decode(p.message10(p.template(256, p.FLOW4)), p.EXPORTER, p.NOW + 5, batch)

    decoder.learn(read_lesson(old), p.NOW, batch)
    decoder.decode(p.message10(DATA), p.EXPORTER, p.NOW + 6, batch)

    assert [record.bytes for record in batch] == [700]


def test_what_was_taught_grows_as_old_as_what_was_heard():
    told = lesson(p.message10(p.template(256, p.FLOW4)))
    decoder, batch = Decoder(), Batch(4 * ROOM)
    later = p.NOW + int(decoder.limits.template_seconds * 1_000) + 1

    decoder.learn(read_lesson(told), later, batch)
    decoder.decode(p.message10(DATA), p.EXPORTER, later, batch)

    assert len(batch) == 0


def test_nobody_is_taught_of_who_may_not_send():
    told = lesson(p.message10(p.template(256, p.FLOW4)))

    decoder, _ = taught(told, networks=Networks(["10.0.0.0/8"]))

    assert len(decoder.registry) == 0


def test_the_rule_of_numbers_is_taught_too():
    sent, number = [p.message10(p.template(256, p.FLOW4))], 0
    for units in (3, 9, 2, 7) * 12:
        number += units
        sent.append(p.message10(p.data_set(256, p.flow4() * units), sequence=number))
    told = lesson(*sent)

    decoder, _ = taught(told, p.message10(p.data_set(256, p.flow4() * 4), sequence=number + 4))

    [(sender, numbers)] = decoder.registry.take_numbers()
    assert (sender, numbers.rule, numbers.spans) == (p.EXPORTER, 1, [(number, 4)])


@given(st.binary(max_size=200))
def test_nonsense_is_no_lesson(data):
    found = read_lesson(data)
    if found is not None:
        Decoder().learn(found, p.NOW, Batch(ROOM))


NUMBERS = st.integers(-(1 << 63), (1 << 64) - 1)
SCALARS = st.none() | st.booleans() | NUMBERS | st.binary(max_size=40) | st.text(max_size=20)


@given(st.data())
def test_a_lesson_of_which_anything_was_changed_is_refused_or_does_no_harm(data):
    told = msgspec.msgpack.decode(
        lesson(p.message9(p.template(256, p.FLOW4, version=9), *SAMPLED)), strict=False
    )
    places = [told, told[2][0], *told[2][0][7]]
    place = data.draw(st.sampled_from(places))
    place[data.draw(st.integers(0, len(place) - 1))] = data.draw(SCALARS | st.lists(SCALARS))

    decoder, records = taught(msgspec.msgpack.encode(told), p.message9(DATA, sequence=10))

    assert len(records) <= 1
    assert len(decoder.registry) <= 2
    assert Sender("192.0.2.1", 2055) == p.EXPORTER
