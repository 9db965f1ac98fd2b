"""Limits of a collector's part that the book of addresses sets."""

import msgspec
import pytest

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
