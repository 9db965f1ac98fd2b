"""When a plan that is done is judged, and by which windows, also after the operator was away."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from plan.test_lifecycles import NOW, SHOP, THERE, plan, view
from shorthaul.api.objects import ObjectMeta
from shorthaul.api.placementplans import Baseline, PlacementPlanStatus, PlanPhase, Progress
from shorthaul.cluster.rules import Rules
from shorthaul.plan import promises, proposals
from shorthaul.plan.proposals import Means
from shorthaul.plan.traffic_maps import TrafficMaps
from shorthaul.plan.views import Terms, Traffic
from shorthaul.solve.pricings import price
from shorthaul.topology.distances import DEFAULT_SCALE
from shorthaul.traffic.graphs import PodEdge, TrafficGraph
from shorthaul.units import Objective, PodRef, Unit

TERMS = Terms(window_seconds=60.0, kept_windows=30, verification_windows=3)
MOST = promises.most_windows(TERMS)
UNSURE, BROKEN = (0.0, 2.0), (1.0, 1.0)
"""Mean distances of windows in turn; their mean is 1 either way."""


def done(name="plan-1", started=None, pod="cart-1"):
    status = PlacementPlanStatus(
        phase=PlanPhase.DONE,
        started_at=started,
        finished_at=NOW,
        progress=Progress(moves=1, landed=1),
        baseline=Baseline(rate=100.0, cost=150.0, windows=10, error=0.0),
    )
    made = plan((pod, 0), status=status)
    return msgspec.structs.replace(made, metadata=ObjectMeta(name=name, generation=1))


def window(start, distance):
    """A window of cart's traffic that travels so far on average."""
    share = distance / 30  # beyond everything: the nodes of this world have no labels
    ends = PodRef(SHOP, "cart-1"), PodRef(SHOP, "db-1"), PodRef(SHOP, "far-1")
    cart, near, far = ends
    edges = (PodEdge(cart, near, 100 * (1 - share), 0), PodEdge(cart, far, 100 * share, 0))
    return TrafficGraph(
        unit=Unit.FLOWS,
        edges=(),
        pod_edges=edges,
        seconds=60.0,
        end_seconds=NOW.timestamp() + start * 60 + 60,
    )


def world(after, *others):
    seen = view([done(), *others], pods=("cart-1", "db-1", "far-1"), now=NOW + after)
    pods = dict(seen.snapshot.pods)
    far = PodRef(SHOP, "far-1")
    pods[far] = replace(pods[far], node=THERE)
    return replace(seen, snapshot=replace(seen.snapshot, pods=pods))


def verdict(after, windows, *others, terms=TERMS):
    seen = world(after, *others)
    priced = price(Objective.FLOWS, Unit.FLOWS, DEFAULT_SCALE, None)
    return promises.verify(done(), seen, Traffic(None, tuple(windows)), terms, priced, Rules())


def turns(first, count, distances):
    return [window(first + n, distances[n % len(distances)]) for n in range(count)]


def test_it_is_patient_with_an_unsure_verdict_until_enough_windows_have_passed():
    assert verdict(timedelta(minutes=4), turns(0, 4, UNSURE)) is None
    assert verdict(timedelta(minutes=MOST), turns(0, MOST, UNSURE)) is not None


def test_an_operator_that_was_away_is_as_patient_as_one_that_was_not():
    hours = 5
    soon = timedelta(hours=hours, minutes=4)
    late = timedelta(hours=hours, minutes=MOST)

    assert verdict(soon, turns(hours * 60, 4, UNSURE)) is None
    assert verdict(late, turns(hours * 60, MOST, UNSURE)) is not None


def test_a_verdict_comes_however_few_windows_are_kept():
    few = replace(TERMS, kept_windows=4)

    found = verdict(timedelta(hours=5), turns(296, 4, BROKEN), terms=few)

    assert found is not None


def test_a_kept_promise_is_told_by_what_was_measured_before_the_operator_went_away():
    found = verdict(timedelta(hours=5), turns(296, 3, (1.0, 1.0, 1.0)))

    assert found is not None
    assert found.status.verification.ratio == pytest.approx(1.0)


def test_what_the_next_plan_does_is_not_credited_to_the_one_before():
    following = done("plan-2", started=NOW + timedelta(minutes=2), pod="db-1")
    windows = turns(0, 2, (1.5, 1.5)) + turns(2, MOST, (0.0, 0.0))

    assert verdict(timedelta(minutes=MOST + 2), windows, following) is None
    assert verdict(timedelta(minutes=MOST + 2), windows) is not None


def test_a_plan_whose_prices_nobody_knows_any_more_is_left_unverified():
    made = done()
    objective = msgspec.structs.replace(made.spec.objective, name=Objective.COST)
    priceless = msgspec.structs.replace(
        made, spec=msgspec.structs.replace(made.spec, objective=objective)
    )
    seen = replace(view([priceless], pods=("cart-1", "db-1")), policies=())
    graph = replace(window(0, 1.0), unit=Unit.BYTES)
    maps = TrafficMaps({Unit.BYTES: Traffic(graph, (graph,) * MOST)})

    found = proposals.propose(seen, maps, TERMS, Means({}.__getitem__, lambda: False))

    assert found.commands == ()
