"""Two problems differ only in places when all but where pods are, and their names, is the same."""

from dataclasses import replace

from shorthaul.plan.posing import pose
from shorthaul.solve.likenesses import only_places_differ
from solve import chance_worlds

SHAPE = chance_worlds.Shape(nodes=6, workloads=6, replicas=5, edges=10, constrained=50)


def with_first_group(problem, **change):
    first, *rest = problem.groups
    return replace(problem, groups=(replace(first, **change), *rest))


def test_which_pod_of_a_group_is_where_is_no_difference():
    problem = pose(chance_worlds.request(5, SHAPE))
    turned = tuple(reversed(problem.groups[0].pods))

    assert only_places_differ(problem, with_first_group(problem, pods=turned))
    assert only_places_differ(problem, pose(chance_worlds.request(5, SHAPE)))


def test_another_workload_node_resource_or_number_of_pods_is_one():
    problem = pose(chance_worlds.request(5, SHAPE))
    first = problem.groups[0]
    others = [
        with_first_group(problem, workload=replace(first.workload, name="another")),
        replace(problem, nodes=("another", *problem.nodes[1:])),
        replace(problem, resources=("another", *problem.resources[1:])),
        replace(problem, start=replace(problem.start, amounts=problem.start.amounts + 1)),
        replace(problem, vertices=tuple(reversed(problem.vertices))),
        replace(problem, links=problem.links[1:]),
    ]

    assert not any(only_places_differ(problem, other) for other in others)
