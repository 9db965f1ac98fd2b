"""Whole plans on random worlds: feasible, never worse, no idle move, and the same every time."""

from collections import Counter
from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shorthaul.cluster import checkers
from shorthaul.cluster.routings import RoutedEdge
from shorthaul.cluster.rules import Rules, WorkloadRules
from shorthaul.cluster.targets import LatencyTarget
from shorthaul.cluster.worlds import World
from shorthaul.errors import BadInput
from shorthaul.plan import manifests
from shorthaul.plan.planning import KNEE, Request, certified, make_plan
from shorthaul.plan.posing import pose
from shorthaul.plan.scores import score
from shorthaul.plan.vetoes import vet
from shorthaul.solve import bounds
from shorthaul.solve.searches import Search
from shorthaul.units import TIERS, Namespace, Objective, Routing, Tier, Unit
from solve import chance_worlds
from worlds import builders

NUMBERS = st.integers(0, 100_000)
QUICK = Search(turns_per_pod=2, least_turns=150)
SHAPE = chance_worlds.Shape(nodes=6, workloads=6, replicas=4, edges=10)


def planned(number, shape=SHAPE, **more):
    request = chance_worlds.request(number, shape, solver=QUICK, **more)
    return request, make_plan(request)


def waves_of(plan):
    return [
        [(move.pod, move.target) for move in moves]
        for _, moves in groupby(plan.moves, key=lambda move: move.wave)
    ]


def talking(rate=100.0, routing=Routing.UNIFORM):
    return RoutedEdge(
        builders.workload_reference("a"), builders.workload_reference("b"), rate, routing
    )


def request_for(*parts, edges=None, **more):
    snapshot = builders.cluster(*parts)
    distances = chance_worlds.distances_of(snapshot)
    return Request(snapshot, edges or (talking(),), Unit.BYTES, distances, **more)


@settings(deadline=None, max_examples=40)
@given(NUMBERS, st.sampled_from([105, 130, 200]))
def test_a_plan_never_breaks_what_the_reference_checker_asks(number, room):
    request, plan = planned(number, replace(SHAPE, room_percent=room))

    verdicts = checkers.check_moves(request.snapshot, waves_of(plan), request.rules, 0.0)
    assert verdicts == ()


@settings(deadline=None, max_examples=30)
@given(NUMBERS)
@example(376)  # two groups of one workload: the move of one only keeps the other's hosts apart
@example(580)  # a workload that lacks a host today, which a move without a gain would give it
def test_a_plan_never_costs_more_and_every_move_is_needed(number):
    request, plan = planned(number)
    moves = [(move.pod, move.target) for move in plan.moves]
    weight = sum(edge.rate for edge in request.edges) * 30

    assert plan.value.after <= plan.value.before
    assert plan.value.lower_bound <= plan.value.after
    for left_out, _ in moves:
        kept = [(ref, node) for ref, node in moves if ref != left_out]
        worse = score(request, kept).after > plan.value.after + 1e-12 * weight
        assert worse or not stands(request, kept)


@settings(deadline=None, max_examples=15)
@given(NUMBERS)
def test_a_plan_that_is_certified_later_is_the_plan_that_was_certified_at_once(number):
    request, plan = planned(number)
    bare = make_plan(replace(request, proof=None))

    assert bare.value.lower_bound == 0 or bare.value.after == 0
    assert bare.value.bound_method == bounds.NOTHING.method
    assert certified(bare, request) == plan


def stands(request, moves):
    """Whether these moves alone are allowed where they end, and leave nothing lacking behind."""
    world = World(request.snapshot, request.rules)
    pods = dict(request.snapshot.pods)
    for ref, node in moves:
        world.move(ref, node)
        pods[ref] = replace(pods[ref], node=node)
    return all(
        not checkers.check_target(world.pod(ref), world.nodes[node], world, request.rules)
        for ref, node in moves
    ) and lacking(request, pods) <= lacking(request, request.snapshot.pods)


def lacking(request, pods):
    verdicts = checkers.violations(replace(request.snapshot, pods=pods), request.rules)
    return {(ref, reason.code) for ref, reason in verdicts}


@settings(deadline=None, max_examples=30)
@given(NUMBERS)
@example(3567)  # two edges that are equal count as two
def test_a_move_tells_what_undoing_it_alone_would_cost(number):
    request, plan = planned(number)
    moves = [(move.pod, move.target) for move in plan.moves]

    for ref in dict(moves):
        kept = [(other, node) for other, node in moves if other != ref]
        undone = score(request, kept).after - plan.value.after
        hops = [move.gain for move in plan.moves if move.pod == ref]
        assert hops[:-1] == [0.0] * (len(hops) - 1)
        assert hops[-1] == pytest.approx(undone, rel=1e-6, abs=1e-6)


@settings(deadline=None, max_examples=20)
@given(NUMBERS)
def test_vetoed_pods_never_move_and_a_pod_moves_on_from_where_it_was_parked_only(number):
    request, plan = planned(number)
    movable = vet(request, World(request.snapshot, request.rules)).allowed

    where = {ref: pod.node for ref, pod in request.snapshot.pods.items()}
    for move in plan.moves:
        assert where[move.pod] == move.source
        where[move.pod] = move.target
    hops = Counter(move.pod for move in plan.moves)
    assert set(hops) <= set(movable)
    assert set(hops.values()) <= {1, 2}
    assert not set(hops) & {refusal.pod for refusal in plan.refusals}


@settings(deadline=None, max_examples=12)
@given(NUMBERS)
def test_the_order_of_the_input_does_not_matter(number):
    request, plan = planned(number)
    snapshot = replace(
        request.snapshot,
        nodes=dict(reversed(request.snapshot.nodes.items())),
        pods=dict(reversed(request.snapshot.pods.items())),
    )
    turned = replace(request, snapshot=snapshot, edges=tuple(reversed(request.edges)))

    assert manifests.manifest(plan) == manifests.manifest(make_plan(turned))


@settings(deadline=None, max_examples=10)
@given(NUMBERS)
def test_the_same_seed_gives_the_same_plan_byte_for_byte(number):
    assert manifests.digest(planned(number)[1]) == manifests.digest(planned(number)[1])


@settings(deadline=None, max_examples=15)
@given(NUMBERS, st.integers(0, 4))
def test_a_limit_of_moves_is_kept(number, most):
    _, plan = planned(number, max_moves=most)

    assert len(plan.moves) <= most


def test_a_percentage_is_of_the_pods_on_nodes():
    pods = [builders.replicas("a", *["n1"] * 10), builders.replicas("b", *["n2"] * 10)]
    request = request_for(builders.nodes(2, 2, cpu="40"), pods, max_moves_percent=10)

    assert request.limit == 2
    assert len(make_plan(request).moves) <= 2


def test_pods_that_talk_are_brought_together():
    request = request_for(
        builders.nodes(2, 2), builders.pod("a-0", "n1"), builders.pod("b-0", "n2")
    )
    plan = make_plan(request)

    assert len(plan.moves) == 1
    assert plan.value.after == 0
    assert plan.locality.after[Tier.HOST] == 1
    assert plan.moves[0].reason.startswith("on the host of shop/")


def test_a_price_above_the_gain_keeps_everything_where_it_is():
    pods = [builders.pod("a-0", "n1"), builders.pod("b-0", "n2")]
    cheap = make_plan(request_for(builders.nodes(2, 2), pods, move_price=999.0))
    dear = make_plan(request_for(builders.nodes(2, 2), pods, move_price=1001.0))

    assert len(cheap.moves) == 1
    assert dear.moves == ()
    assert {refusal.reason.code for refusal in dear.refusals} == {"NotWorthIt"}


def test_the_knee_takes_the_moves_that_pay_and_leaves_the_rest():
    pods = [
        builders.pod(f"{name}-0", on) for name, on in zip("abcdefgh", ["n1", "n2"] * 4, strict=True)
    ]
    edges = tuple(
        RoutedEdge(
            builders.workload_reference(one),
            builders.workload_reference(other),
            rate,
            Routing.UNIFORM,
        )
        for one, other, rate in (
            ("a", "b", 1000.0),
            ("c", "d", 2.0),
            ("e", "f", 1.0),
            ("g", "h", 1.0),
        )
    )
    request = request_for(builders.nodes(2, 2), pods, edges=edges, max_moves=KNEE)

    assert len(make_plan(request).moves) == 1


def test_a_pod_that_may_not_move_is_refused_with_its_reason():
    request = request_for(
        builders.nodes(2, 2),
        builders.pod("a-0", "n1", kind="StatefulSet", labels={"app": "a"}),
        builders.pod("b-0", "n2"),
        edges=(
            RoutedEdge(
                builders.workload_reference("a", "StatefulSet"),
                builders.workload_reference("b"),
                5.0,
                Routing.UNIFORM,
            ),
        ),
        rules=Rules(WorkloadRules(movable=False)),
    )
    plan = make_plan(request)

    assert plan.moves == ()
    assert [refusal.reason.code for refusal in plan.refusals] == ["NotSelected", "NotSelected"]


def test_workloads_that_were_not_selected_stay_and_are_not_spoken_of():
    parts = [builders.nodes(2, 2), builders.pod("a-0", "n1"), builders.pod("b-0", "n2")]
    chosen = frozenset({builders.workload_reference("a")})
    plan = make_plan(request_for(*parts, selected=chosen))

    assert [move.pod.name for move in plan.moves] == ["a-0"]
    assert plan.refusals == ()


def test_an_exchange_without_room_to_spare_is_refused_not_attempted():
    request = request_for(
        builders.nodes(2, 2, cpu="1"),
        builders.pod("a-0", "n1", cpu="1"),
        builders.pod("b-0", "n2", cpu="600m"),
        builders.pod("c-0", "n2", cpu="400m"),
    )
    plan = make_plan(request)

    assert plan.moves == ()
    assert {refusal.reason.code for refusal in plan.refusals} == {"NotEnoughCpu"}


def swapping(*more):
    """Two pairs that talk across two full nodes: all is well once a and d have changed places."""
    names = [("a-0", "n1"), ("b-0", "n2"), ("c-0", "n1"), ("d-0", "n2")]
    pods = [builders.pod(name, on, cpu="500m") for name, on in names]
    edges = tuple(
        RoutedEdge(
            builders.workload_reference(one),
            builders.workload_reference(other),
            rate,
            Routing.UNIFORM,
        )
        for one, other, rate in (("a", "b", 100.0), ("c", "d", 50.0))
    )
    return [builders.nodes(2, 2, cpu="1"), pods, *more], edges


def test_a_circle_is_opened_over_a_third_node_and_the_plan_says_so():
    parts, edges = swapping(builders.node("n3", "z1", cpu="500m"))
    plan = make_plan(request_for(*parts, edges=edges))

    assert plan.value.after == 0
    assert [len(wave) for wave in waves_of(plan)] == [1, 1, 1]
    assert plan.moves[0].pod == plan.moves[2].pod
    assert plan.moves[0].target == plan.moves[2].source == "n3"
    assert plan.moves[0].gain == 0.0
    assert plan.moves[0].reason == (
        f"makes room for a circle of moves; goes on to {plan.moves[2].target} in wave 3"
    )


@pytest.mark.parametrize("more", [{"parking": False}, {"max_moves": 2}, {"move_price": 7000.0}])
def test_a_circle_is_cut_where_the_hop_is_not_wanted_not_allowed_or_too_dear(more):
    parts, edges = swapping(builders.node("n3", "z1", cpu="500m"))
    plan = make_plan(request_for(*parts, edges=edges, **more))

    assert len(plan.moves) == len({move.pod for move in plan.moves})
    assert plan.value.after <= plan.value.before


def test_one_pod_of_a_workload_is_in_flight_at_a_time():
    pods = [builders.replicas("a", "n1", "n1", "n3", "n3"), builders.replicas("b", "n2", "n4")]
    plan = make_plan(request_for(builders.nodes(4, 4), pods))

    for wave in waves_of(plan):
        workloads = [ref.name.partition("-")[0] for ref, _ in wave]
        assert len(workloads) == len(set(workloads))
    assert len(plan.moves) > 1


def test_without_traffic_nothing_moves():
    plan = make_plan(replace(request_for(builders.nodes(2), builders.pod("a-0", "n1")), edges=()))

    assert plan.moves == ()
    assert plan.value.before == plan.value.after == plan.value.lower_bound == 0


def test_an_objective_that_the_flows_cannot_serve_is_bad_input():
    request = request_for(builders.nodes(2), builders.pod("a-0", "n1"), objective=Objective.FLOWS)

    with pytest.raises(BadInput, match="rates in flows/s"):
        make_plan(request)


def test_a_plan_that_was_cut_short_says_so():
    request = request_for(
        builders.nodes(2, 2),
        builders.pod("a-0", "n1"),
        builders.pod("b-0", "n2"),
        expired=lambda: True,
    )

    assert make_plan(request).time_limited


def test_requests_are_brought_together_by_latency_and_targets_are_told_to_the_solver():
    wish = LatencyTarget(
        frozenset({builders.workload_reference("a")}), Namespace("shop"), "", "b", 1.0, 10.0
    )
    request = replace(
        request_for(builders.nodes(2, 2), builders.pod("a-0", "n1"), builders.pod("b-0", "n2")),
        unit=Unit.FLOWS,
        objective=Objective.LATENCY,
        prices=dict(zip(TIERS, (0.0, 0.25, 0.5, 2.0, 40.0), strict=True)),
        targets=(wish,),
    )
    plan = make_plan(request)

    assert pose(request).links[0].prices == (0.0, 0.25, 0.5, 12.0, 430.0)
    assert plan.value.unit == "flows/s·ms"
    assert plan.value.before == 1200.0
    assert plan.value.after == 0.0
