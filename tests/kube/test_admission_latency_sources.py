"""Which sources of latency the API server takes, by the rules that relate several fields."""

import pytest

from testbed import connections

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

FAR = {"host": 0.1, "rack": 0.2, "zone": 0.5, "region": 1.5, "beyond": 50.0}
ENDS = {"source": "from_node", "destination": "to_node"}
ONE_END = {"source": "to_node", "destination": "to_node"}
HISTOGRAM = {"metric": "our_rtt_seconds", **ENDS}
QUERY = {"query": "our_rtt_seconds", **ENDS}
WHERE = [{"label": "cluster", "value": "prod"}]
ONE_OF = "give one of profile, ownHistogram and ownQuery"
PROBES = {"probes": {"address": "probers.example:8621"}}


def asks(**more):
    return {"prometheus": {"address": "https://prometheus:9090", **more}}


def requests(path=None, **more):
    """Requests by a Relay, and by files too where a path is given."""
    files = {"path": path} if path else {}
    return {"hubbleRequests": {"relay": {"address": "hubble-relay:80", **more}, **files}}


NETOBSERV = asks(profile="netobserv")
IN_THE_CLEAR = {"profile": "netobserv", "address": "http://far:9090"}
TAKEN = [
    asks(profile="netobserv", where=WHERE),
    asks(ownHistogram=HISTOGRAM, where=WHERE),
    asks(ownQuery=QUERY, tokenFile="/token"),
    asks(ownQuery=QUERY, where=[]),
]
REFUSED = [
    ("Prometheus", asks(), ONE_OF),
    ("Prometheus", asks(profile="netobserv", ownQuery=QUERY), ONE_OF),
    ("Prometheus", asks(ownHistogram=HISTOGRAM, ownQuery=QUERY), ONE_OF),
    ("Prometheus", asks(ownQuery=QUERY, where=WHERE), "where narrows histograms"),
    ("Prometheus", asks(ownQuery=QUERY | ONE_END), "the labels of ownQuery have to be two"),
    ("Prometheus", asks(ownHistogram=HISTOGRAM | ONE_END), "the labels of ownHistogram have"),
    ("Prometheus", asks(**IN_THE_CLEAR, tokenFile="/token"), "the address has to be https"),
    ("Prometheus", asks(**IN_THE_CLEAR, tlsFolder="/tls"), "of use with https only"),
    ("Prometheus", PROBES, "prometheus is needed for type Prometheus"),
    ("Probes", NETOBSERV, "probes is needed for type Probes"),
    ("HubbleRequests", PROBES, "hubbleRequests is needed for type HubbleRequests"),
    ("HubbleRequests", {"hubbleRequests": {"path": "/a/../b"}}, "path may not contain .."),
    ("HubbleRequests", {"hubbleRequests": {}}, "give one of path and relay"),
    ("HubbleRequests", requests(path="/flows/*"), "give one of path and relay"),
    ("HubbleRequests", requests(tls={"folder": "/a/.."}), "folder may not contain .."),
    ("Probes", PROBES | NETOBSERV, "prometheus is needed for type Prometheus, and for no other"),
]


def send(release, source):
    body = {
        "apiVersion": "shorthaul.dev/v1alpha1",
        "kind": "Topology",
        "metadata": {"name": "default"},
        "spec": {"latencies": FAR, "latencySource": source},
    }
    target = "/apis/shorthaul.dev/v1alpha1/topologies"
    query = {"dryRun": "All", "fieldValidation": "Strict"}
    return release.administrator.endpoint.send("POST", target, body, query=query)


@pytest.mark.parametrize("parts", TAKEN)
def test_one_thing_to_ask_is_taken(release, parts):
    made = send(release, {"type": "Prometheus", **parts})

    assert made["spec"]["latencySource"]["prometheus"]["windowSeconds"] == 300


def test_a_relay_is_taken_with_its_certificates_name_unless_told_otherwise(release):
    made = send(release, {"type": "HubbleRequests", **requests(tls={"folder": "/tls"})})

    relay = made["spec"]["latencySource"]["hubbleRequests"]["relay"]
    assert relay["tls"]["serverName"] == "shorthaul.hubble-relay.cilium.io"


@pytest.mark.parametrize(("kind", "parts", "reason"), REFUSED)
def test_what_contradicts_itself_is_refused_with_what_to_do(release, kind, parts, reason):
    with pytest.raises(connections.ApiError) as refusal:
        send(release, {"type": kind, **parts})

    assert refusal.value.status == 422
    assert reason in str(refusal.value)
