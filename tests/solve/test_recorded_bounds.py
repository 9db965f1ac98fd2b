"""The bound of ByteDance's cluster M3: below it lie the placements that others published."""

import json

import numpy as np
import pytest

from shorthaul.solve import bounds
from shorthaul.solve.limits import Limits
from shorthaul.solve.pricings import UNITS, Pricing
from shorthaul.solve.problems import LARGEST_COST, Group, Link, Problem, Reach
from shorthaul.solve.sparse_counts import from_places
from shorthaul.units import (
    TIERS,
    Namespace,
    NodeName,
    Objective,
    PodRef,
    Routing,
    WorkloadRef,
)

pytestmark = pytest.mark.recordings

FINENESS = 10**15
RASA = 0.8495
BEST_KNOWN = 0.8762


def m3(told):
    """Only what stays on a machine counts: every other distance is 1."""
    services, machines = told["ServiceList"], told["MachineList"]
    traffic = told["TrafficList"]
    named = {one["Service"]: index for index, one in enumerate(services)}
    talking = sorted({named[one[end]] for one in traffic for end in ("Service1", "Service2")})
    vertices = {service: vertex for vertex, service in enumerate(talking)}
    places = {
        container: index
        for index, machine in enumerate(machines)
        for container in machine["InitialDeployingContainers"]
    }
    groups = tuple(
        Group(
            WorkloadRef(Namespace("m3"), "Deployment", one["Service"]),
            tuple(PodRef(Namespace("m3"), name) for name in one["ContainerList"]),
            (vertices[index],) if index in vertices else (),
        )
        for index, one in enumerate(services)
    )
    links = tuple(
        Link(
            vertices[named[one["Service1"]]],
            vertices[named[one["Service2"]]],
            one["Traffic"],
            Routing.LOCAL,
        )
        for one in traffic
    )
    return Problem(
        nodes=tuple(NodeName(one["MachineIP"]) for one in machines),
        tiers=np.zeros((3, len(machines)), dtype=np.int64),
        zoned=np.ones(len(machines), dtype=np.bool_),
        groups=groups,
        start=from_places(
            [[places[name] for name in one["ContainerList"]] for one in services], len(machines)
        ),
        allowed=Reach(
            np.zeros(len(groups), dtype=np.int64), np.ones((1, len(machines)), dtype=np.bool_)
        ),
        background=from_places([[] for _ in talking], len(machines)),
        links=links,
        resources=("cpu", "memory"),
        requests=integers([[one["RequestCPU"], one["RequestMem"]] for one in services]),
        room=integers([[one["TotalCPU"], one["TotalMem"]] for one in machines]).T.copy(),
        limits=Limits(),
        pricing=Pricing(
            Objective.BYTES,
            UNITS[Objective.BYTES],
            dict(zip(TIERS, (0.0, 1.0, 1.0, 1.0, 1.0), strict=True)),
        ),
        scale=LARGEST_COST / sum(link.weight for link in links),
    )


def integers(rows):
    return np.rint(np.array(rows) * FINENESS).astype(np.int64)


@pytest.fixture(scope="module")
def problem(recordings):
    return m3(json.loads((recordings / "bytedance-m3" / "M3.json").read_text()))


def affinity(problem, work):
    """The most of the traffic that any placement keeps on machines."""
    weight = sum(link.weight for link in problem.links)
    return 1 - bounds.lower_bound(problem, work).value / weight


def test_the_quick_bound_is_near_what_is_known_to_be_possible(problem):
    assert RASA < BEST_KNOWN < affinity(problem, bounds.QUICK) < 0.97


def test_whole_contents_bring_it_nearer_and_not_below(problem):
    quick = affinity(problem, bounds.QUICK)

    assert BEST_KNOWN < affinity(problem, bounds.Work(turns=2)) <= quick
