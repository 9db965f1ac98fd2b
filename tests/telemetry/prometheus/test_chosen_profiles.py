"""What a FlowSource names or brings along becomes a profile that queries can be made from."""

from pathlib import Path

import msgspec
import pytest
import yaml

from shorthaul.api.flowsources import FlowSource
from shorthaul.api.prometheus_sources import ByteProfile, PrometheusMetrics
from shorthaul.errors import BadInput
from shorthaul.telemetry.prometheus import queries
from shorthaul.telemetry.prometheus.chosen_profiles import profile_of
from shorthaul.telemetry.prometheus.profiles import Counted, Matcher, builtin

EXAMPLE = Path(__file__).parents[3] / "examples" / "flowsources" / "prometheus.yaml"
OWN = {
    "metrics": ["our_bytes_total"],
    "oneSide": "the client's proxy",
    "source": {"namespace": "src_ns", "kinds": {"Deployment": "src_deployment"}},
    "destination": {"namespace": "dst_ns", "pod": "dst_pod"},
}


def part(**more):
    return msgspec.convert({"address": "http://prometheus:9090", **more}, PrometheusMetrics)


def test_the_profiles_that_a_source_may_name_are_those_that_count_bytes():
    counting = {name for name, each in builtin().profiles.items() if each.unit is Counted.BYTES}

    assert {each.value for each in ByteProfile} == counting


def test_conditions_narrow_the_series_and_whose_sampling_is_asked():
    found = profile_of(part(profile="netobserv", where=[{"label": "cluster", "value": "prod"}]))

    assert found.where[-1] == found.sampling.where[-1] == Matcher("cluster", "prod")


def test_a_profile_of_ones_own_makes_queries_of_its_own_names():
    found = profile_of(part(ownProfile=OWN))

    query = queries.traffic(found, found.metrics[0], (), 60)
    assert "our_bytes_total{}" in query
    assert "src_ns, src_deployment, dst_ns, dst_pod" in query


def test_a_profile_of_ones_own_that_names_no_end_is_refused_with_the_field():
    nameless = {**OWN, "destination": {"namespace": "dst_ns"}}

    with pytest.raises(BadInput, match="ownProfile: destination: give one of name, kinds, pod"):
        profile_of(part(ownProfile=nameless))


def test_the_sources_of_the_example_can_be_asked():
    for body in yaml.safe_load_all(EXAMPLE.read_text()):
        source = msgspec.convert(body, FlowSource)

        assert profile_of(source.spec.prometheus).unit is Counted.BYTES
