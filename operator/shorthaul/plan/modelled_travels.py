"""How far traffic travels that no pods are told of: as its Services route it, from where pods are.

Most sources of bytes tell workloads only. The bytes of such an edge are measured, what part of it
goes between which pods is modelled, by the same reference as plans are priced with: a verdict on it
tells whether the pods came to be where the plan wanted them while the traffic went on, not whether
the data plane routes as its Services say.
"""

from dataclasses import replace

from shorthaul.cluster.routings import route
from shorthaul.plan import scores
from shorthaul.plan.verification import Travel
from shorthaul.plan.views import View
from shorthaul.solve import costs as reference
from shorthaul.solve.pricings import Pricing
from shorthaul.traffic.graphs import Edge, TrafficGraph
from shorthaul.units import Unit, WorkloadRef


def modelled(
    graph: TrafficGraph, view: View, workloads: frozenset[WorkloadRef], priced: Pricing
) -> Travel:
    """Rate and cost of the edges in bytes that no pair of pods is known of; nothing for events."""
    if graph.unit is not Unit.BYTES:
        return Travel(0.0, 0.0)
    snapshot = view.snapshot
    known = {
        (snapshot.workload_of(edge.client), snapshot.workload_of(edge.server))
        for edge in graph.pod_edges
    }
    wanted = tuple(
        edge
        for edge in graph.edges
        if (ends := _ends(edge, view)) not in known and set(ends) & workloads
    )
    routed = route(replace(graph, edges=wanted), snapshot, None)
    there = reference.priced(routed, reference.places(snapshot))
    cost, _ = scores.costs(there, snapshot, (), view.distances, priced)
    return Travel(sum(edge.rate for edge in there), cost)


def _ends(edge: Edge, view: View) -> tuple[WorkloadRef | None, WorkloadRef | None]:
    snapshot = view.snapshot
    return snapshot.workload_of(edge.client), snapshot.workload_of(edge.server)
