"""What may not attract is in no promise, and so in no verdict.

Names asked for are most of what Hubble counts, and nobody consents to be moved beside who answers.
"""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from plan import test_proposals as proposals
from plan.test_lifecycles import NOW
from shorthaul.api import policies
from shorthaul.api.placementplans import PlanPhase, Progress
from shorthaul.plan.commands import CreatePlan, SetPlanStatus
from shorthaul.plan.proposals import Means, propose
from shorthaul.plan.traffic_maps import TrafficMaps
from shorthaul.plan.views import Traffic, View
from shorthaul.solve.choices import best_solver
from shorthaul.solve.solvers import never
from shorthaul.topology.distances import DEFAULT_SCALE, measure
from shorthaul.traffic.graphs import Edge, PodEdge
from shorthaul.traffic.pod_edges import pod_edges
from shorthaul.units import Unit
from worlds import builders

MEANS = Means(lambda _: best_solver(), never)
DNS_RATE = 300.0
"""Flows/s of cart with the names in a namespace that nobody consented to."""
LATER = timedelta(minutes=16)


def traffic(dns_rate, now, shape=tuple):
    """What cart does with db, mail and DNS, in windows until now."""
    graph = proposals.traffic({}).units[Unit.FLOWS].average
    cart, dns = builders.workload_reference("cart"), builders.workload_reference("kube-system/dns")
    pair = PodEdge(
        builders.reference("cart-1"), builders.reference("kube-system/dns-1"), dns_rate, 0.0
    )
    graph = replace(
        graph,
        edges=(*graph.edges, Edge(cart, dns, dns_rate, 0.0)),
        pod_edges=shape((*graph.pod_edges, pair)),
    )
    ends = [now.timestamp() - 60.0 * ago for ago in (2, 1, 0)]
    return TrafficMaps(
        {Unit.FLOWS: Traffic(graph, tuple(replace(graph, end_seconds=end) for end in ends))}
    )


def world(cart_on, dns_on, now=NOW, plans=()):
    """Three nodes of which two pods fill one, but for what answers for names."""
    places = {"cart": cart_on, "db": "n2", "mail": "n3"}
    pods = [builders.pod(f"{name}-1", on=node, cpu="400m") for name, node in places.items()]
    dns = builders.pod("kube-system/dns-1", on=dns_on, cpu="100m")
    snapshot = builders.cluster(builders.nodes(3, cpu="1"), [*pods, dns])
    policy = proposals.policy()
    return View(
        now=now,
        snapshot=snapshot,
        distances=measure({name: n.labels for name, n in snapshot.nodes.items()}, DEFAULT_SCALE),
        policies=(policy,),
        plans=plans,
        governance=policies.govern((policies.read(policy),), snapshot.workloads.values()),
    )


def commands(view, maps, kind):
    found = propose(view, maps, proposals.TERMS, MEANS).commands
    return [each for each in found if isinstance(each, kind)]


def planned(dns_rate, dns_on, shape=tuple):
    """The plan that brings cart to db."""
    [made] = commands(world("n1", dns_on), traffic(dns_rate, NOW, shape), CreatePlan)
    return made.plan


def done(plan):
    """A plan of which all came true at once."""
    status = msgspec.structs.replace(
        plan.status,
        phase=PlanPhase.DONE,
        started_at=NOW,
        finished_at=NOW,
        progress=Progress(moves=1, landed=1),
    )
    return msgspec.structs.replace(plan, status=status)


@pytest.mark.parametrize("shape", [tuple, pod_edges])
@pytest.mark.parametrize("dns_rate", [0.0, DNS_RATE])
@pytest.mark.parametrize("dns_on", ["n1", "n2"])
def test_a_verdict_is_on_the_traffic_that_the_promise_was_made_of(dns_on, dns_rate, shape):
    plan = done(planned(dns_rate, dns_on, shape))
    view, maps = world("n2", dns_on, NOW + LATER, (plan,)), traffic(dns_rate, NOW + LATER, shape)

    [told] = commands(view, maps, SetPlanStatus)

    assert told.status.verification.ratio == pytest.approx(1.0)


def test_a_baseline_is_of_the_traffic_that_the_promise_was_made_of():
    assert planned(DNS_RATE, "n1").status.baseline == planned(0.0, "n1").status.baseline
