"""Each objective has the traffic of its own unit, or a reason; bytes that are old move nothing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shorthaul.cluster.reasons import Reason
from shorthaul.cluster.rules import Rules
from shorthaul.plan import modelled_travels, promises, traffic_maps
from shorthaul.plan.traffic_maps import Gathered, TrafficMaps, maps_of
from shorthaul.plan.views import View
from shorthaul.solve.pricings import price, unit_for
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.traffic.graphs import SourceState
from shorthaul.traffic.observations import ObserverSum
from shorthaul.traffic.pair_sums import PairSum, pair_sums
from shorthaul.traffic.volumes import Sent, Volume
from shorthaul.traffic.windows import Window, WindowRules
from shorthaul.units import Namespace, NodeName, Objective, PodRef, Unit, WorkloadRef
from worlds import builders

RULES = WindowRules(window_seconds=10, kept_windows=6, stale_windows=6)
NODES = builders.nodes(2, zones=2)
CLUSTER = builders.cluster(
    *NODES,
    builders.pod("shop/web-1", on="n1"),
    builders.pod("shop/db-1", on="n1"),
    builders.pod("shop/db-2", on="n2"),
)
WEB, DB = (WorkloadRef(Namespace("shop"), "Deployment", name) for name in ("web", "db"))
BOTH = frozenset((Unit.BYTES, Unit.FLOWS))


def volume(start, forward=1_000, complete=True):
    return Volume(start, RULES.window_seconds, {(WEB, DB): Sent(forward)}, complete=complete)


def window(start, events=40):
    web, db = (PodRef(Namespace("shop"), name) for name in ("web-1", "db-1"))
    seen = frozenset({NodeName("n1")})
    pairs = pair_sums([PairSum(web, db, events, events, seen, seen)])
    return Window(start, RULES.window_seconds, pairs, {NodeName("n1"): ObserverSum(80, 0)})


def traffic(now=1_000, units=frozenset({Unit.BYTES}), **found):
    return maps_of(Gathered(units, RULES, **found), CLUSTER, now).of(Unit.BYTES)


def view():
    labels = {name: node.labels for name, node in CLUSTER.nodes.items()}
    return View(datetime(2026, 1, 5, tzinfo=UTC), CLUSTER, measure(labels, DEFAULT_SCALE))


@pytest.mark.parametrize(
    ("unit", "source"), [(Unit.BYTES, "Prometheus"), (Unit.FLOWS, "HubbleRelay")]
)
def test_a_unit_that_no_source_gives_says_what_would_give_it(unit, source):
    found = TrafficMaps().of(unit)

    assert found.average is None
    assert found.hindrance.code == "UnitUnavailable"
    assert str(unit) in found.hindrance.message
    assert source in found.hindrance.message


def test_a_reason_that_holds_for_all_hinders_every_unit():
    maps = traffic_maps.hindered(Reason("NoFlowSource", "there is none"))

    assert {maps.of(unit).hindrance.code for unit in Unit} == {"NoFlowSource"}


def test_objectives_are_planned_on_the_unit_that_they_count():
    assert {each: unit_for(each) for each in Objective} == {
        Objective.BYTES: Unit.BYTES,
        Objective.COST: Unit.BYTES,
        Objective.FLOWS: Unit.FLOWS,
        Objective.LATENCY: Unit.FLOWS,
    }


def test_bytes_have_an_average_and_a_map_for_each_whole_window():
    told = [volume(970), volume(980, complete=False), volume(990, 3_000)]

    found = traffic(volumes={"one": told})

    assert found.average.unit is Unit.BYTES
    assert [graph.rate for graph in found.recent] == [pytest.approx(100), pytest.approx(300)]
    assert [graph.end_seconds for graph in found.recent] == [980, 1_000]


def test_before_any_whole_window_there_is_nothing_to_plan_on_and_nothing_wrong():
    found = traffic(volumes={"one": [volume(990, complete=False)]})

    assert (found.average, found.hindrance) == (None, None)


def test_bytes_wait_for_hubble_where_a_source_of_events_is_trusted_too():
    waiting = traffic(units=BOTH, volumes={"one": [volume(990)]})
    joined = traffic(units=BOTH, volumes={"one": [volume(990)]}, windows=[window(990)])

    assert (waiting.average, waiting.hindrance) == (None, None)
    assert joined.average.rate == pytest.approx(100)
    assert [edge.server.name for edge in joined.recent[0].pod_edges] == ["db-1"]


def test_a_source_that_counts_and_falls_silent_is_not_taken_for_less_traffic():
    whole = [volume(start, 9_000) for start in (960, 970, 980)]
    part = [volume(start, 10) for start in (960, 970, 980, 990)]

    found = traffic(volumes={"whole": whole, "part": part})

    assert [graph.rate for graph in found.recent] == [pytest.approx(900)] * 3


@pytest.mark.parametrize(("lag", "stale"), [(0.0, True), (50.0, False)])
def test_bytes_that_stopped_coming_stop_planning_after_their_lag(lag, stale):
    found = traffic(now=1_090, volumes={"one": [volume(990)]}, lag_seconds=lag)

    assert (found.hindrance is not None) is stale
    if stale:
        assert found.hindrance.code == "BytesStale"
        assert "one ended 90 s ago, more than 60 s" in found.hindrance.message


def test_bytes_that_stopped_coming_say_whom_the_newest_window_is_without():
    newest = replace(volume(1_000), complete=False, missing=("collector b (node n2)",))

    found = traffic(now=1_090, volumes={"one": [volume(990), newest]})

    assert "; the newest is without collector b (node n2); see" in found.hindrance.message


def test_where_no_pods_are_told_the_distance_is_modelled_as_the_plan_models_it():
    graph = traffic(volumes={"one": [volume(990)]}).average
    priced = price(Objective.BYTES, Unit.BYTES, DEFAULT_SCALE, None)

    found = promises.measured([graph, graph], view(), frozenset({WEB}), priced, Rules())

    assert (found.rate, found.mean) == (pytest.approx(100), pytest.approx(5))


def test_where_pods_are_told_nothing_is_modelled():
    graph = traffic(units=BOTH, volumes={"one": [volume(990)]}, windows=[window(990)]).average
    priced = price(Objective.BYTES, Unit.BYTES, DEFAULT_SCALE, None)

    assert modelled_travels.modelled(graph, view(), frozenset({WEB}), priced).rate == 0
    found = promises.measured([graph], view(), frozenset({WEB}), priced, Rules())
    assert (found.rate, found.mean) == (pytest.approx(100), 0)


def test_events_are_never_modelled():
    maps = maps_of(Gathered(BOTH, RULES, windows=[window(990)]), CLUSTER, 1_000)
    bare = replace(maps.of(Unit.FLOWS).average, pod_edges=())
    priced = price(Objective.FLOWS, Unit.FLOWS, DEFAULT_SCALE, None)

    assert promises.measured([bare], view(), frozenset({WEB}), priced, Rules()).rate == 0


def test_a_map_tells_how_each_source_of_its_unit_does():
    states = {
        Unit.BYTES: {
            "agents": SourceState(0.5, 0.1, newest_seconds=999.0),
            "mute": SourceState(newest_seconds=7.0),
        },
        Unit.FLOWS: {"relay": SourceState(1.0, 0.0, newest_seconds=998.0)},
    }
    volumes = {"agents": [volume(980), volume(990, complete=False)]}
    found = Gathered(BOTH, RULES, windows=[window(990)], volumes=volumes, sources=states)

    maps = maps_of(found, CLUSTER, 1_000)

    assert maps.of(Unit.FLOWS).average.sources == states[Unit.FLOWS]
    assert maps.of(Unit.BYTES).average.sources == {
        "agents": SourceState(0.5, 0.1, newest_seconds=990),
        "mute": SourceState(),
    }


def test_a_map_weighs_the_same_whatever_is_known_of_its_sources():
    volumes = {"agents": [volume(980), volume(990)]}
    sources = {Unit.BYTES: {"agents": SourceState(0.01, 0.99, newest_seconds=1.0)}}

    bare, told = traffic(volumes=volumes), traffic(volumes=volumes, sources=sources)

    assert replace(told.average, sources={}) == bare.average
    assert (told.recent, told.hindrance) == (bare.recent, bare.hindrance)
