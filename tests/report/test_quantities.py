"""Numbers are shown with three digits, a prefix and their unit."""

import pytest

from shorthaul.report import quantities


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (41e6, "bytes/s·distance", "41.0 MB/s·distance"),
        (999.6, "bytes/s", "1.00 kB/s"),
        (0, "bytes/s", "0 B/s"),
        (-7630, "bytes/s", "−7.63 kB/s"),
        (2e20, "bytes/s", "200 EB/s"),
        (3.2, "flows/s", "3.20 flows/s"),
        (0.0335, "flows/s", "0.0335 flows/s"),
        (12_300, "flows/s·distance", "12.3 k flows/s·distance"),
        (1894.5, "dollars/month", "1,894 dollars/month"),
        (-3.456, "dollars/month", "−3.46 dollars/month"),
    ],
)
def test_an_amount_has_three_digits_a_prefix_and_its_unit(value, unit, expected):
    assert quantities.amount(value, unit) == expected


def test_a_change_always_shows_its_sign():
    assert quantities.change(-41e6, "bytes/s") == "−41.0 MB/s"
    assert quantities.change(41e6, "bytes/s") == "+41.0 MB/s"
    assert quantities.change(0, "bytes/s") == "0 B/s"


def test_a_relative_change_from_nothing_is_no_change():
    assert quantities.share_change(0, 0) == "no change"
    assert quantities.share_change(100, 34) == "−66.0 %"
    assert quantities.share_change(100, 150) == "+50.0 %"


def test_a_count_agrees_with_its_noun():
    assert quantities.count(1, "move") == "1 move"
    assert quantities.count(1204, "move") == "1,204 moves"
