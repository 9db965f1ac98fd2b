"""Every field of every kind at and beyond its bounds, on the real API server, without the operator.

What the schema does not allow is refused with a message that names the field, so that nonsense is
told to whoever writes it and never reaches the operator.
"""

import http.client
import json
import ssl
import urllib.parse
from dataclasses import dataclass

import pytest

from api import cases
from shorthaul.api import schemas, v1alpha1

pytest_plugins = ["chart.fixtures"]
pytestmark = pytest.mark.controlplane

WINDOW = {"start": "22:00", "end": "04:00", "days": ["Mon"], "timezone": "Europe/Berlin"}
GIVEN = {
    "AffinityPolicy": {
        ("spec", "disruption", "windows", 0): WINDOW,
        ("spec", "target", "maxMoves"): 3,
        ("spec", "objective"): "latency",
    },
    "PlacementPlan": {
        ("spec", "approval"): cases.ABSENT,
        **{
            ("spec", "locality", moment, tier): 0.2
            for moment in ("before", "after")
            for tier in ("host", "rack", "zone", "region", "beyond")
        },
    },
}
SOURCES = {
    "HubbleExport": "hubbleExport",
    "HubbleRelay": "hubbleRelay",
    "Prometheus": "prometheus",
    "Collector": "collector",
}


def _source(kind, more=None):
    others = [part for part in SOURCES.values() if part != SOURCES[kind]]
    absent = {("spec", part): cases.ABSENT for part in others}
    return {("spec", "type"): kind, **absent, **(more or {})}


ADDRESS = {("spec", "prometheus", "address"): "https://example:9090"}
FLOW_SOURCES = [
    _source("HubbleExport"),
    _source("HubbleRelay"),
    _source("Prometheus", ADDRESS | {("spec", "prometheus", "ownProfile"): cases.ABSENT}),
    _source("Prometheus", ADDRESS | {("spec", "prometheus", "profile"): cases.ABSENT}),
    _source("Collector"),
]
RISING = {
    ("spec", part, tier): far
    for part in ("distances", "pricesPerGB", "latencies")
    for far, tier in enumerate(("host", "rack", "zone", "region", "beyond"))
}
MEASURED = ("spec", "latencySource")
ASKED = (*MEASURED, "prometheus")
REQUESTS = (*MEASURED, "hubbleRequests")


def _round_trips(way):
    """A Topology that asks Prometheus in one of the ways that there are."""
    others = {"profile", "ownHistogram", "ownQuery"} - {way}
    return {
        **RISING,
        **PLACE,
        (*MEASURED, "type"): "Prometheus",
        (*MEASURED, "probes"): cases.ABSENT,
        REQUESTS: cases.ABSENT,
        (*ASKED, "address"): "https://example:9090",
        **{(*ASKED, other): cases.ABSENT for other in others},
        **({(*ASKED, way, "source"): "other"} if way != "profile" else {}),
        **({(*ASKED, "where"): cases.ABSENT} if way == "ownQuery" else {}),
    }


PLACE = {("spec", "anchors", 0, "cidrs", 0): "10.1.0.0/16"}
TOPOLOGIES = [
    {**RISING, **PLACE, (*MEASURED, "type"): "Probes", ASKED: cases.ABSENT, REQUESTS: cases.ABSENT},
    *(
        {
            **RISING,
            **PLACE,
            (*MEASURED, "type"): "HubbleRequests",
            (*MEASURED, "probes"): cases.ABSENT,
            ASKED: cases.ABSENT,
            (*REQUESTS, other): cases.ABSENT,
        }
        for other in ("path", "relay")
    ),
    *map(_round_trips, ("profile", "ownHistogram", "ownQuery")),
]
GIVENS = {"FlowSource": FLOW_SOURCES, "Topology": TOPOLOGIES}
RELATED = {
    "AffinityPolicy": [
        ("spec", "workloads", "selector", "matchExpressions", 0),
        ("spec", "disruption", "windows", 0),
        ("spec", "objective"),
    ],
    "FlowSource": [("spec", "type"), *(("spec", part) for part in SOURCES.values())],
    "Topology": [
        ("spec", "distances"),
        ("spec", "pricesPerGB"),
        ("spec", "latencies"),
        ("spec", "latencySource"),
    ],
}
NAMES = {"Topology": "default", "PlacementHint": "active"}
BY_OPERATOR = ("PlacementPlan", "PodMove", "PlacementHint")
KINDS = pytest.mark.parametrize("kind", v1alpha1.KINDS, ids=lambda kind: kind.name)
WITH_STATUS = pytest.mark.parametrize(
    "kind", [kind for kind in v1alpha1.KINDS if kind.name != "PlacementHint"], ids=lambda k: k.name
)


def _whole(kind, given):
    parts = schemas.schema(kind)["properties"]
    return {
        part: cases.typical(parts[part], given, (part,))
        for part in ("spec", "status")
        if part in parts
    }


def _body(kind, **parts):
    metadata = {"name": NAMES.get(kind.name, "tried")}
    if kind.namespaced:
        metadata["namespace"] = "opened"
    return {
        "apiVersion": v1alpha1.API_VERSION,
        "kind": kind.name,
        "metadata": metadata,
        **parts,
    }


def _path(kind, *more):
    where = "/namespaces/opened" if kind.namespaced else ""
    return "/".join([f"/apis/{v1alpha1.API_VERSION}{where}", kind.plural, *more])


def _writer(release, kind):
    return release.operator if kind.name in BY_OPERATOR else release.administrator


@dataclass(frozen=True)
class Sender:
    """Sends dry runs over one kept connection, because there are a thousand of them."""

    connection: http.client.HTTPSConnection
    token: str

    def send(self, method, path, body):
        """Return the status and the message of the answer."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        target = f"{path}?dryRun=All&fieldValidation=Strict"
        self.connection.request(method, target, json.dumps(body), headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read()).get("message", "")


@pytest.fixture
def sender(release, kind):
    """A sender with the rights of who writes the kind."""
    endpoint = _writer(release, kind).endpoint
    context = ssl.create_default_context(cadata=endpoint.authority)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    where = urllib.parse.urlsplit(endpoint.server)
    connection = http.client.HTTPSConnection(where.hostname, where.port, context=context)
    yield Sender(connection, endpoint.token)
    connection.close()


def _givens(kind):
    """What makes an object valid that the schema alone cannot say, in every way there is."""
    return GIVENS.get(kind.name) or [GIVEN.get(kind.name, {})]


def _disagreements(kind, part, given, send):
    """What the API server says otherwise than the schema, one line for each case."""
    parts = schemas.schema(kind)["properties"]
    schema = {"type": "object", "properties": {part: parts[part]}, "required": ["spec"]}
    whole = {part: _whole(kind, given)[part]}
    status, message = send(whole)
    assert status < 300, message
    for case in cases.cases(schema, whole, RELATED.get(kind.name, ())):
        status, message = send(case.put_into(whole))
        if case.accepted != (status < 300):
            yield f"{case}: {status} {message}"
        elif not case.accepted and (status not in (400, 422) or not _is_named(case, message)):
            yield f"{case} as the request's fault, with its name: {status} {message}"


def _is_named(case, message):
    names = [step for step in case.path if isinstance(step, str) and step != cases.KEY]
    return names[-1] in message


@KINDS
def test_a_spec_is_accepted_within_its_bounds_and_refused_beyond_them(sender, kind):
    def send(parts):
        return sender.send("POST", _path(kind), _body(kind, **parts))

    for given in _givens(kind):
        assert list(_disagreements(kind, "spec", given, send)) == []


@WITH_STATUS
def test_a_status_is_accepted_within_its_bounds_and_refused_beyond_them(release, sender, kind):
    client = _writer(release, kind)
    name = NAMES.get(kind.name, "tried")
    given = _givens(kind)[0]
    made = client.create(_body(kind, spec=_whole(kind, given)["spec"]))

    def send(parts):
        return sender.send("PUT", _path(kind, name, "status"), {**made, **parts})

    try:
        assert list(_disagreements(kind, "status", given, send)) == []
    finally:
        client.delete(kind.resource, name, "opened" if kind.namespaced else None)
