"""Limits of a collector's part: ports that there can be, and what the book of addresses sets."""

import re

import msgspec
import pytest

from shorthaul.api.addresses import HOST_AND_PORT
from shorthaul.api.collector_sources import Collector
from shorthaul.traffic.addresses.books import BookRules


def collector(seconds):
    part = {"address": "collector.example:9995", "longestFlowSeconds": seconds}
    return msgspec.convert(part, Collector)


def test_flows_are_held_back_for_less_than_addresses_are_remembered():
    longest = collector(3_000).longest_flow_seconds

    assert longest * 1_000 + 300_000 < BookRules().retention_milliseconds
    with pytest.raises(msgspec.ValidationError, match="longestFlowSeconds"):
        collector(3_001)


def test_of_all_numbers_of_up_to_five_digits_those_that_are_ports_are_taken():
    taken = [n for n in range(100_000) if re.search(HOST_AND_PORT, f"example:{n}")]

    assert taken == list(range(1, 65_536))
