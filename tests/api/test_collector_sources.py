"""Addresses of sources have a port that there can be."""

import re

from shorthaul.api.collector_sources import HOST_AND_PORT


def test_of_all_numbers_of_up_to_five_digits_those_that_are_ports_are_taken():
    taken = [n for n in range(100_000) if re.search(HOST_AND_PORT, f"example:{n}")]

    assert taken == list(range(1, 65_536))
