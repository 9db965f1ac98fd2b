"""The compiled reader and the plain one: equal on any template, any bytes and any context."""

import random

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

import c_libraries
from shorthaul.errors import BadInput
from shorthaul.telemetry.netflow import elements
from shorthaul.telemetry.netflow.contexts import Context
from shorthaul.telemetry.netflow.elements import REVERSE
from shorthaul.telemetry.netflow.kernels import library
from shorthaul.telemetry.netflow.plans import VARIABLE, Field, compiled
from shorthaul.telemetry.netflow.readers import read_set
from shorthaul.telemetry.netflow.records import LAYOUT, Batch
from shorthaul.telemetry.netflow.registers import WIDTHS

built = pytest.mark.skipif(not library.available(), reason="the reader was not compiled")
MOST = 20
TIMES = [number for number, _ in (*elements.STARTS, *elements.ENDS)]
COUNTERS = [number for row in elements.COUNTERS for number in row[:4]]
USUAL = {
    number: WIDTHS[to] for to, numbers in elements.FIELDS if to in WIDTHS for number in numbers
}
KNOWN = [number for _, numbers in elements.FIELDS for number in numbers]


@st.composite
def fields(draw):
    """Fields of a template: more often than not with addresses and a byte count."""
    wanted = draw(st.lists(st.sampled_from([*KNOWN, *TIMES, *COUNTERS, None]), max_size=12))
    if draw(st.integers(0, 9)):
        wanted += draw(st.sampled_from(([8, 12], [27, 28], [56, 80], [8, 12, 27, 28])))
        wanted += draw(st.sampled_from(([1], [1, 1 + REVERSE], [85], [23], [352], [231, 232])))
        wanted += draw(st.sampled_from(([], [], [34], [305, 306], [309, 310], [302], [48])))
    widths = st.one_of(st.integers(1, 8), st.sampled_from([0, 16, VARIABLE]))
    found = [
        Field(number, USUAL.get(number) or draw(widths))
        if draw(st.integers(0, 9))
        else Field(number, draw(widths))
        for number in draw(st.permutations(wanted))
    ]
    return found or [Field(1, 4)]


NUMBERS = st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 4))
MOMENTS = st.one_of(st.integers(-(2**40), 2**45), st.integers(0, 5))
CONTEXTS = st.builds(
    Context,
    exported=st.integers(0, 2**43),
    boot=MOMENTS,
    received=st.integers(0, 2**43),
    exporter=NUMBERS,
    domain=NUMBERS,
    sampling=NUMBERS,
    samplers=st.dictionaries(NUMBERS, NUMBERS, max_size=4),
)


def value(chance, field):
    """A field's bytes: nought, small, or anything; texts of any length, or none that fits."""
    width = field.width
    if width == VARIABLE:
        width = chance.choice((0, 1, 4, 8, 16, 300))
        head = bytes([width]) if width < 255 else b"\xff" + width.to_bytes(2, "big")
        return head + chance.randbytes(width)
    kind = chance.randrange(4)
    if kind == 0:
        return bytes(width)
    if kind == 1:
        return min(chance.randrange(7), 256**width - 1).to_bytes(width, "big")
    if kind == 2 and width == 8:
        return chance.randrange(1 << 44).to_bytes(width, "big")
    return chance.randbytes(width)


def content_of(chance, found):
    """Some records of a template, now and then cut or followed by padding."""
    rows = [value(chance, field) for _ in range(chance.randrange(8)) for field in found]
    content = b"".join(rows)
    cut = chance.randrange(4)
    return content[: chance.randrange(len(content) + 1)] if cut == 0 else content + bytes(cut - 1)


def outcome_of(read, plan, content, context, most):
    batch = Batch(2 * MOST)
    outcome = read(plan, content, context, batch, most)
    return list(batch), outcome


@built
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fields(), st.integers(0, 1 << 32), CONTEXTS, st.sampled_from([5, 9, 10]))
def test_both_readers_give_the_same_records_and_counts(found, seed, context, version):
    plan, chance = compiled(found, version), random.Random(seed)
    assume(plan.least > 0)
    content, most = content_of(chance, found), chance.choice((3, MOST))

    plain = outcome_of(read_set, plan, content, context, most)
    native = outcome_of(library.CompiledReader(), plan, content, context, most)

    event(f"flows: {min(plain[1].flows, 2)}")
    assert native == plain


@built
def test_the_library_fits_the_layout_of_records():
    assert library.SIZES[0] == LAYOUT.size == 136


def test_a_library_of_another_version_is_refused(monkeypatch, tmp_path):
    source = "".join(f"long {name}(void) {{ return 8; }}\n" for name in library.FUNCTIONS)
    monkeypatch.setattr(library, "NAME", str(c_libraries.compiled(source, tmp_path)))

    with pytest.raises(BadInput, match="of another version than this package; install it again"):
        library._loaded.__wrapped__()


def test_a_library_from_before_is_refused_since_it_lacks_functions(monkeypatch, tmp_path):
    record, plan, context, registers, counts = library.SIZES
    same = record << 32 | plan << 24 | context << 16 | registers << 8 | counts
    source = f"long layout(void) {{ return {same}; }}\nlong read_records(void) {{ return 0; }}\n"
    monkeypatch.setattr(library, "NAME", str(c_libraries.compiled(source, tmp_path)))

    with pytest.raises(BadInput, match="undefined symbol: repeated; install shorthaul again"):
        library._loaded.__wrapped__()


def test_what_is_no_library_is_refused(monkeypatch, tmp_path):
    (tmp_path / "text.so").write_text("not a library")
    monkeypatch.setattr(library, "NAME", str(tmp_path / "text.so"))

    with pytest.raises(BadInput, match=r"cannot load .*text\.so: .*; install shorthaul again"):
        library._loaded.__wrapped__()
