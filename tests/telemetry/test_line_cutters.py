"""Chunks into lines: the same lines however the bytes are cut, in bounded memory."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shorthaul.telemetry.line_cutters import LineCutter

LIMIT = 8


def cut(chunks):
    cutter = LineCutter(LIMIT)
    return [line for chunk in chunks for line in cutter.feed(chunk)] + cutter.finish()


@settings(deadline=None)
@given(st.binary(max_size=80).map(lambda b: b.replace(b"\x00", b"\n")), st.lists(st.integers(1, 9)))
def test_lines_do_not_depend_on_how_the_bytes_come(content, sizes):
    chunks, rest = [], content
    for size in sizes:
        chunks.append(rest[:size])
        rest = rest[size:]

    whole = [line[: LIMIT + 1] for line in content.split(b"\n")]
    expected = whole if whole[-1] else whole[:-1]
    assert [line[: LIMIT + 1] for line in cut([*chunks, rest])] == expected


def test_an_endless_line_is_held_up_to_the_limit_only():
    cutter = LineCutter(LIMIT)
    for _ in range(1000):
        assert cutter.feed(b"abc") == []
        assert cutter.held_bytes <= LIMIT + 1

    assert cutter.feed(b"\nnext\n") == [b"abcabcabc", b"next"]


def test_a_skipped_line_is_dropped_up_to_its_end():
    cutter = LineCutter(LIMIT)
    cutter.skip_line()

    assert cutter.feed(b"rest of a line") == []
    assert cutter.feed(b" and more\nnext\nhalf") == [b"next"]
    assert cutter.finish() == [b"half"]
