"""Laws that hold for any template and any records: nothing lost, doubled or invented."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shorthaul.telemetry.netflow.records import Flag
from telemetry.netflow import packets as p
from telemetry.netflow.chance_flows import counts, interfaces, records, sets_of_records, templates

# Neither is told by the clock: how long an example takes depends on who else uses the machine.
patient = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def message(spec, contents, **given):
    return p.message10(p.template(256, spec), p.data_set(256, b"".join(contents)), **given)


@patient
@given(sets_of_records())
def test_every_value_comes_out_as_it_went_in(drawn):
    spec, rows = drawn

    decoder, found = p.decoded(message(spec, [content for _, content in rows]))

    expected = [pair for values, _ in rows for pair in counts(values)]
    assert [(record.bytes, record.packets) for record in found] == expected
    assert decoder.totals.records == len(rows)
    assert p.conserved(decoder)
    forward = [record for record in found if not record.flags & Flag.REVERSE]
    sources = [values for values, _ in rows if counts(values) and (values[1] or values.get(2))]
    for record, values in zip(forward, sources, strict=True):
        assert record.source_port == values.get(7, 0)
        assert record.destination_port == values.get(11, 0)
        assert record.protocol == values.get(4, 0)
        assert (record.ingress, record.egress) == interfaces(values)
        assert record.sampling == values.get(34, 0)
        wide = values.get(27) is not None
        source = values[27] if wide else 0xFFFF << 32 | values[8]
        assert int.from_bytes(record.source, "big") == source


@patient
@given(sets_of_records(most=12), st.integers(1, 5), st.integers(0, 1000), st.data())
def test_totals_do_not_depend_on_the_split_into_messages_nor_on_their_order(
    drawn, size, seed, data
):
    spec, rows = drawn
    contents = [content for _, content in rows]
    parts = [contents[at : at + size] for at in range(0, len(contents), size)]
    messages = [message(spec, part, sequence=size * number) for number, part in enumerate(parts)]
    random.Random(seed).shuffle(messages)

    _, whole = p.decoded(message(spec, contents))
    decoder, split = p.decoded(*messages)

    def key(record):
        return record._replace(exporter=0)

    assert sorted(map(key, split)) == sorted(map(key, whole))
    assert p.conserved(decoder)


@patient
@given(sets_of_records(), st.integers(1, 3))
def test_a_message_that_comes_again_adds_nothing(drawn, times):
    spec, rows = drawn
    once = message(spec, [content for _, content in rows])

    _, first = p.decoded(once)
    decoder, again = p.decoded(*[once] * (1 + times))

    assert again == first
    assert decoder.totals.refused.get("datagram: received twice") == times


@patient
@given(sets_of_records(), sets_of_records())
def test_data_may_come_before_its_template(one, other):
    specs = {256: one[0], 257: other[0]}
    data = [
        p.data_set(number, b"".join(content for _, content in rows))
        for number, (_, rows) in zip(specs, (one, other), strict=True)
    ]
    templates_of = [p.template(number, spec) for number, spec in specs.items()]

    _, usual = p.decoded(p.message10(*templates_of, *data))
    decoder, waited = p.decoded(p.message10(*data), p.message10(*templates_of, sequence=99))

    assert sorted(waited) == sorted(usual)
    assert decoder.registry.held_bytes == 0
    assert p.conserved(decoder)


@patient
@given(templates(), st.binary(max_size=400))
def test_any_bytes_under_any_template_are_counted(spec, content):
    decoder, found = p.decoded(message(spec, [content]))

    assert p.conserved(decoder)
    assert len(found) == decoder.totals.flows


@patient
@given(st.data())
def test_two_exporters_never_see_each_others_templates(data):
    ours, theirs = data.draw(templates()), data.draw(templates())
    values, content = data.draw(records(ours))
    decoder, _ = p.decoded(p.message10(p.template(256, ours)))
    other = p.EXPORTER._replace(port=1)
    p.decoded(p.message10(p.template(256, theirs)), sender=other, decoder=decoder)

    _, found = p.decoded(p.message10(p.data_set(256, content)), decoder=decoder)

    assert [(record.bytes, record.packets) for record in found] == counts(values)
