"""From a real Prometheus and Hubble's files to a plan: by bytes other pods move than by events.

The clients stand beside the servers that they ask often, in another zone than those that send them
much. All that decides in the running operator is at work here, without an API server around it.
"""

import asyncio
import time
from datetime import UTC, datetime

import msgspec
import pytest

from shorthaul.act.feeds import Feed
from shorthaul.api import policies
from shorthaul.api.affinitypolicies import AffinityPolicy
from shorthaul.api.flowsources import FlowSource
from shorthaul.plan.commands import CreatePlan
from shorthaul.plan.proposals import Means, propose
from shorthaul.plan.traffic_maps import maps_of
from shorthaul.plan.views import Terms, View
from shorthaul.solve.choices import remembering_solver
from shorthaul.solve.solvers import never
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.traffic.windows import WindowRules
from shorthaul.units import NodeName, Unit
from telemetry import export_lines
from telemetry.prometheus import pod_bytes, servers
from worlds import builders

pytestmark = pytest.mark.prometheus

RULES = WindowRules(window_seconds=5, lateness_seconds=1, kept_windows=60, stale_windows=60)
TERMS = Terms(window_seconds=5, persistence_windows=1, verification_windows=1)
BYTES = {("web", "store"): 2_000.0, ("web", "cart"): 90_000.0}
EVENTS = {"store-1": 20, "cart-1": 2}
PLACES = {"web-1": "n1", "web-2": "n3", "store-1": "n1", "cart-1": "n2"}
SNAPSHOT = builders.cluster(
    *builders.nodes(4, zones=2),
    *[builders.pod(f"shop/{name}", on=node) for name, node in PLACES.items()],
)
PATIENCE_SECONDS = 300


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    with servers.running_prometheus(tmp_path_factory.mktemp("prometheus")) as running:
        yield running


def source(name, kind, **part):
    field = kind[0].lower() + kind[1:]
    body = {"metadata": {"name": name}, "spec": {"type": kind, field: part}}
    return msgspec.convert(body, FlowSource)


def write_events(path, since, until):
    """Requests and replies of every second, as both ends' nodes saw them."""
    with path.open("ab") as file:
        for second in range(int(since), int(until)):
            at = second - export_lines.START_SECONDS
            for server, count in EVENTS.items():
                for client in ("web-1", "web-2"):
                    nodes = (PLACES[client], PLACES[server])
                    pair = export_lines.both(f"shop/{client}", f"shop/{server}", at, nodes)
                    file.write(export_lines.joined(pair * count))


@pytest.fixture(scope="module")
def maps(prometheus, tmp_path_factory):
    """The maps of both units, once bytes and events have been seen for some windows."""
    log = tmp_path_factory.mktemp("exports") / "events.log"
    wanted = [
        source("bytes", "Prometheus", address=prometheus.url, profile="obi", lagSeconds=3),
        source("hubble", "HubbleExport", path=str(log)),
    ]
    feed = Feed(RULES, time.time(), lambda: SNAPSHOT)
    nodes = frozenset(map(NodeName, PLACES.values()))

    async def observe():
        written, deadline = time.time() - 30, time.monotonic() + PATIENCE_SECONDS
        while True:
            now = time.time()
            write_events(log, written, now)
            written = int(now)
            await feed.observe(wanted, now, nodes)
            found = maps_of(feed.gathered(now), SNAPSHOT, now)
            if len(found.of(Unit.BYTES).recent) > 3:
                return found
            assert time.monotonic() < deadline, [feed.status(each, _now()) for each in wanted]
            await asyncio.sleep(0.5)

    with pod_bytes.counting("shop", _pods_of, prometheus, BYTES):
        try:
            return asyncio.run(observe())
        finally:
            feed.close()


def _pods_of(app):
    return [name for name in PLACES if name.startswith(app)]


def _now():
    return datetime.fromtimestamp(time.time(), UTC)


def proposed(maps, objective):
    pace = {"concurrent": 3, "movesPerHour": 100, "minimumPodAgeSeconds": 0}
    body = {
        "metadata": {"name": "near", "namespace": "shop", "uid": "p", "generation": 1},
        "spec": {"mode": "Propose", "objective": objective, "workloads": {}, "disruption": pace},
    }
    policy = msgspec.convert(body, AffinityPolicy)
    view = View(
        now=_now(),
        snapshot=SNAPSHOT,
        distances=measure({n: node.labels for n, node in SNAPSHOT.nodes.items()}, DEFAULT_SCALE),
        policies=(policy,),
        governance=policies.govern([policies.read(policy)], SNAPSHOT.workloads.values()),
    )
    solver = remembering_solver()
    found = propose(view, maps, TERMS, Means(lambda _: solver, never))
    (finding,) = found.findings.values()
    return finding, [each.plan for each in found.commands if isinstance(each, CreatePlan)]


def test_a_plan_for_bytes_goes_where_the_bytes_are(maps):
    _, (plan,) = proposed(maps, "bytes")

    assert plan.spec.objective.unit == "bytes/s·distance"
    assert {(move.workload.name, move.target in ("n2", "n4")) for move in plan.spec.moves} == {
        ("web", True)
    }
    assert len(plan.spec.moves) == 2
    assert plan.spec.objective.before == pytest.approx(10 * BYTES["web", "cart"], rel=0.2)
    assert plan.status.baseline.rate == pytest.approx(sum(BYTES.values()), rel=0.2)


def test_the_same_clients_stay_in_their_zone_by_events(maps):
    finding, plans = proposed(maps, "flows")

    moved = [move for plan in plans for move in plan.spec.moves]
    assert all(move.target in ("n1", "n3") for move in moved)
    assert finding.stalled is None


def test_bytes_carry_the_client_that_hubble_saw_and_run_between_the_pods_that_were_told(maps):
    average = maps.of(Unit.BYTES).average

    ends = {(edge.client.name, edge.server.name) for edge in average.edges}
    assert ends == {("web", "store"), ("web", "cart")}
    assert {edge.sources for edge in average.edges} == {("bytes",)}
    assert {(pods.client.name, pods.server.name) for pods in average.pod_edges} == {
        (client, server) for client in ("web-1", "web-2") for server in ("store-1", "cart-1")
    }
