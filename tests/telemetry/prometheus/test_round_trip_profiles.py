"""What a Topology names or brings along becomes something that can be asked."""

import msgspec
import pytest

from shorthaul.api.latency_sources import RoundTripProfile, RoundTripSource
from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus.profiles import Matcher
from shorthaul.telemetry.prometheus.round_trip_profiles import (
    Histogram,
    OwnQuery,
    asked_of,
    builtin,
)

ENDS = {"source": "from_node", "destination": "to_node"}


def part(**more):
    return msgspec.convert({"address": "http://prometheus:9090", **more}, RoundTripSource)


def test_the_profiles_that_a_topology_may_name_are_those_that_there_are():
    assert {each.value for each in RoundTripProfile} == set(builtin())


def test_conditions_narrow_a_profile_beside_its_own():
    found = asked_of(part(profile="netobserv", where=[{"label": "K8S_ClusterName", "value": "a"}]))

    assert found.metric == "netobserv_node_rtt_seconds"
    assert found.where == (*builtin()["netobserv"].where, Matcher("K8S_ClusterName", "a"))


def test_a_histogram_and_a_query_of_ones_own_keep_their_names():
    histogram = asked_of(part(ownHistogram={"metric": "our_rtt_seconds", **ENDS}))
    query = asked_of(part(ownQuery={"query": "our_rtt_seconds", **ENDS}))

    assert histogram == Histogram(metric="our_rtt_seconds", **ENDS)
    assert query == OwnQuery(query="our_rtt_seconds", **ENDS)


def test_nothing_to_ask_is_refused_in_one_line():
    with pytest.raises(BadInput, match="none of profile, ownHistogram and ownQuery is given"):
        asked_of(part())
