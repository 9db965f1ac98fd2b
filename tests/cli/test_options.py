"""Numbers that make no sense are wrong usage, told in one line."""

import click
import pytest

from shorthaul.cli.options import MostMoves, Percent, Seconds


@pytest.mark.parametrize("text", ["-1", "1.5", "nan", "", "elbow", "²"])
def test_most_moves_is_a_count_or_knee(text):
    with pytest.raises(click.BadParameter, match="neither a number of moves"):
        MostMoves().convert(text, None, None)


def test_most_moves_may_be_none_at_all():
    assert MostMoves().convert("0", None, None) == 0
    assert MostMoves().convert("knee", None, None) == "knee"


@pytest.mark.parametrize("text", ["0", "-3", "nan", "inf", "1e999", "soon"])
def test_a_time_limit_is_a_positive_time(text):
    with pytest.raises(click.BadParameter, match="no number of seconds above 0"):
        Seconds().convert(text, None, None)


@pytest.mark.parametrize("text", ["-1", "101", "nan", "some"])
def test_a_percentage_is_from_0_to_100(text):
    with pytest.raises(click.BadParameter, match="no percentage"):
        Percent().convert(text, None, None)


def test_a_percentage_may_carry_its_sign():
    assert Percent().convert("12.5%", None, None) == 12.5
