"""What counted of a window is told to a later process as it was."""

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.telemetry.collected import marks
from shorthaul.telemetry.netflow_lines import Rules

RULES = Rules(60_000)


@given(st.lists(st.booleans(), max_size=300))
def test_marks_are_read_as_they_were_noted(counted):
    note = marks.noted(counted, RULES)

    assert marks.told(note, len(counted), RULES) == tuple(counted)


def test_a_note_of_other_records_says_nothing():
    note = marks.noted([True, False], RULES)

    assert marks.told(note, 3, RULES) is None
    assert marks.told(note, 2, Rules(60_000, sampling=10)) is None
