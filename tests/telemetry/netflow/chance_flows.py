"""Draws templates with values, and says what their records have to be: a model without bytes."""

from hypothesis import strategies as st

from shorthaul.telemetry.netflow.readers import NAME_BYTES, number_of
from telemetry.netflow import packets as p

COUNTERS = {1: 8, 2: 4, (29305, 1): 8, (29305, 2): 4}
PLAIN = {7: 2, 11: 2, 4: 1, 61: 1, 10: 4, 14: 4, 227: 2, 228: 2, 225: 4, 226: 4, 48: 2, 34: 4}
OTHERS = {5: 1, 6: 1, 16: 4, 58: 2, 96: 12, (9999, 7): 5, 82: 0xFFFF, (9999, 8): 0xFFFF}


@st.composite
def templates(draw):
    """Field specifiers: IPv4 or IPv6 addresses, counters, and any of the others, in any order."""
    family = draw(st.sampled_from(([(8, 4), (12, 4)], [(27, 16), (28, 16)])))
    counters = {1, *draw(st.sets(st.sampled_from(sorted(COUNTERS, key=str))))}
    chosen = draw(st.sets(st.sampled_from(sorted(PLAIN)), max_size=8))
    others = draw(st.sets(st.sampled_from(sorted(OTHERS, key=str)), max_size=4))
    spec = list(family)
    for element in sorted(counters, key=str):
        width = COUNTERS[element]
        spec.append((element, draw(st.integers(1, width)) if width > 4 else width))
    spec += [(element, PLAIN[element]) for element in sorted(chosen)]
    spec += [(element, OTHERS[element]) for element in sorted(others, key=str)]
    return draw(st.permutations(spec))


@st.composite
def records(draw, spec):
    """One record of a template: its values by element, and its bytes."""
    values, content = {}, b""
    for element, width in spec:
        if width == 0xFFFF:
            text = draw(st.one_of(st.binary(max_size=5), st.just(bytes(300))))
            content += bytes([len(text)]) if len(text) < 255 else b"\xff" + p.number(len(text), 2)
            content += text
            values[element] = text
            continue
        value = draw(st.integers(0, 256**width - 1))
        values[element] = value
        content += p.number(value, width)
    return values, content


@st.composite
def sets_of_records(draw, most=6):
    """A template and some of its records."""
    spec = draw(templates())
    return spec, draw(st.lists(records(spec), min_size=1, max_size=most))


def counts(values):
    """What a record has to count: (bytes, packets) of each direction that has any."""
    forward = values.get(1, 0), values.get(2, 0)
    back = values.get((29305, 1), 0), values.get((29305, 2), 0)
    if not any(values.get(element, 0) for element in (8, 12, 27, 28)):
        return []
    return [pair for pair in (forward, back) if any(pair)]


def interfaces(values):
    """Where a record came in and went out: by numbers, else by the name where it was seen."""
    numbers = values.get(10, 0), values.get(14, 0)
    name = number_of(values.get(82, b"")[:NAME_BYTES])
    return numbers if any(numbers) else (0, name) if values.get(61) == 1 else (name, 0)
