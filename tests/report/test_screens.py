"""Columns line up, lines fit the screen, and text from outside cannot harm the terminal."""

from hypothesis import given
from hypothesis import strategies as st

from shorthaul.report.screens import (
    LONGEST_NAME,
    Cell,
    Screen,
    Tone,
    bar,
    columns,
    name,
    printable,
    table,
    wrapped,
)


def test_columns_line_up_whatever_the_width_of_the_letters():
    lines = table([[Cell("流量"), Cell("1", right=True)], [Cell("ab"), Cell("20")]], Screen())

    assert lines == ["  流量   1", "  ab    20"]


def test_colour_is_only_where_the_screen_has_it():
    row = [[Cell("~", Tone.WARNING), Cell("pod")]]

    assert table(row, Screen()) == ["  ~  pod"]
    assert table(row, Screen(colour=True)) == ["  \x1b[33m~\x1b[0m  pod"]


def test_control_characters_are_shown_not_obeyed():
    assert printable("a\x1b[31m\r\nb\u202e") == "a\\x1b[31m\\r\\nb\\u202e"
    assert printable("naïve 流量 →") == "naïve 流量 →"


def test_a_lone_surrogate_is_shown_as_an_escape():
    assert printable("a\udc80") == "a\\udc80"


def test_a_name_longer_than_kubernetes_allows_is_cut_in_the_middle():
    assert name("a" * 100_000).startswith("a" * 100)
    assert len(name("a" * 100_000)) == LONGEST_NAME
    assert name("a" * LONGEST_NAME) == "a" * LONGEST_NAME


@given(st.text())
def test_printable_text_has_no_control_characters_left(text):
    assert printable(text).isprintable()


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L"]), min_size=1), min_size=1))
def test_wrapping_keeps_all_words_in_lines_that_fit(words):
    lines = wrapped(" ".join(words), Screen(width=30), indent=2)

    assert " ".join(line.strip() for line in lines) == " ".join(words)
    assert all(columns(line) <= 30 or len(line.split()) == 1 for line in lines)


def test_a_screen_without_width_never_wraps():
    assert wrapped("word " * 100 + "end", Screen(), indent=1) == [" " + "word " * 100 + "end"]


def test_a_bar_is_as_long_as_its_share_and_never_empty_for_something():
    assert bar(0.5, 10) == "█████     "
    assert bar(0, 4) == "    "
    assert bar(1e-9, 4) == "▏   "
    assert bar(1.0, 4) == "████"
