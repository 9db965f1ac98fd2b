"""Whatever a server answers is rows, counted refusals or one clear error; nothing else."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus import answers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["status", "data", "result", "metric", "value"]), inner)
    ),
    max_leaves=12,
)
VALUES = st.one_of(
    st.floats().map(repr),
    st.sampled_from(["NaN", "+Inf", "-Inf", "", "1_0", "many", "-0", "1e999", "-1"]),
)


def vector(values):
    rows = [{"metric": {"n": str(n)}, "value": [1.5, value]} for n, value in enumerate(values)]
    data = {"resultType": "vector", "result": rows}
    return json.dumps({"status": "success", "data": data}).encode()


@given(st.lists(VALUES, max_size=20))
def test_every_value_is_a_row_or_refused_with_a_reason(values):
    found = answers.read_answer(vector(values), "there")

    assert len(found.rows) + sum(found.refused.values()) == len(values)
    assert all(math.isfinite(amount) and 0 <= amount < 2.0**64 for _, amount in found.rows)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("NaN", answers.NOT_A_NUMBER),
        ("+Inf", answers.INFINITE),
        ("-Inf", answers.INFINITE),
        ("-1", answers.NEGATIVE),
        ("many", answers.UNREADABLE),
        ("18446744073709551616", answers.LARGE),
        ("1.7e308", answers.LARGE),
    ],
)
def test_reasons(value, reason):
    assert answers.read_answer(vector([value, "3"]), "there").refused == {reason: 1}


@given(JSON)
def test_other_json_is_one_clear_error(value):
    with pytest.raises(BadInput, match="there: "):
        answers.read_answer(json.dumps(value).encode(), "there")


@given(st.binary(max_size=200))
def test_other_bytes_are_one_clear_error(text):
    with pytest.raises(BadInput, match="there: "):
        answers.read_answer(text, "there")


@given(st.binary(max_size=2_000))
def test_what_an_error_says_is_short_and_on_one_line(text):
    told = answers.error_of(text)

    assert 0 < len(told) <= 300
    assert len(told.splitlines()) == 1


def test_a_partial_answer_is_none():
    whole = json.loads(vector(["1"]))
    told = json.dumps({**whole, "isPartial": False}).encode()
    partial = json.dumps({**whole, "isPartial": True}).encode()

    assert len(answers.read_answer(told, "there").rows) == 1
    with pytest.raises(BadInput, match="there: the answer is partial"):
        answers.read_answer(partial, "there")


def test_remarks_on_a_query_are_no_doubts_about_its_answer():
    told = ("PromQL info: metric might not be a counter", "remote read: a store is away")

    assert answers.doubts(told) == told[1:]


def test_labels_without_end_are_refused():
    row = {"metric": {"n": "x" * 20_000}, "value": [1, "1"]}
    text = json.dumps({"status": "success", "data": {"resultType": "vector", "result": [row]}})

    assert answers.read_answer(text.encode(), "there").refused == {answers.LONG: 1}
